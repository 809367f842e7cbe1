//! Where processes of the simulated world meet: servers of this host, each at its place, and those who connect to them.
//! Other hosts are no part of it.

use super::step::Stepper;
use crate::sync::outside::Way;
use crate::sync::outside::server::in_use;
use crate::sync::outside::simulated::{Answer, Door, Wire};
use crate::sync::outside::system::{Address, Dialling, Listener, Local};
use crate::value::error::Error;
use crate::world::{World, sealed};
use std::sync::Arc;

/// The first of the ports that the system gives away by itself.
const FIRST_FREE: u16 = 49_152;
/// What a script may also call the host's own address.
const LOCALHOST: &str = "localhost";
const LOOPBACK: &str = "127.0.0.1";

/// What a place is known by: `127.0.0.1:49152`, a path, a name.
fn place(at: &Address, port: u16) -> String {
    match &at.local {
        Some(local) => local.text().to_string(),
        None if at.host == LOCALHOST => format!("{LOOPBACK}:{port}"),
        None => format!("{}:{port}", at.host),
    }
}

impl Stepper<'_> {
    pub(super) fn listen_at(&mut self, at: &Address) -> Result<(Arc<dyn Listener>, u16), Error> {
        if !at.is_loopback() {
            return Err(sealed::nothing_outside(Way::Host(&at.host)));
        }
        // Those that were closed in this step are still known.
        self.universe.servers.retain(|(_, server)| !server.is_closed_port());
        let servers = &self.universe.servers;
        let known = |port: u16| servers.binary_search_by_key(&place(at, port), |(place, _)| place.clone());
        let port = match (&at.local, at.port) {
            (None, 0) => (FIRST_FREE..=u16::MAX).find(|port| known(*port).is_err()).unwrap_or_default(),
            (_, port) => port,
        };
        let Err(index) = known(port) else { return Err(in_use(at)) };
        let wire = Arc::new(Wire::port());
        let door = Arc::new(Door::new(wire.clone()));
        self.universe.servers.insert(index, (place(at, port), wire));
        Ok((door, port))
    }

    /// A connection is there at once, whether or not anybody accepts it, or is refused.
    pub(super) fn connect_to(&mut self, to: &Address) -> Result<Box<dyn Dialling>, Error> {
        let (id, caller) = (self.next_id(), self.caller(to)?);
        let place = place(to, to.port);
        let found =
            self.universe.servers.iter().find(|(known, server)| *known == place && !server.is_closed_port());
        Ok(Box::new(match found {
            Some((_, server)) => server.connect(id, to.local.is_some(), caller),
            None => Answer::nobody(matches!(to.local, Some(Local::Path(_)))),
        }))
    }

    /// Who connects, to whoever accepts it. Ports of those who connect have no numbers, so that equal ones stay equal.
    fn caller(&self, to: &Address) -> Result<String, Error> {
        if to.local.is_none() {
            return Ok(LOOPBACK.to_string());
        }
        Ok(if self.rules.pids { format!("process {}", self.pids()?.pid) } else { "a process".into() })
    }
}
