//! Runs a job: `conc` in a process of its own, so that whatever a script does ends with it.

use super::super::Failure;
use conc::lesson::job::Job;
use conc::lesson::judge::Gave;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A run that was told to end has so long to do it, and to say where everybody stood.
const GRACE: Duration = Duration::from_secs(3);
/// The most that is read of what a block prints; a page cannot show more.
const MOST_OUTPUT: u64 = 1 << 20;
/// How wide reports are.
const COLUMNS: &str = "100";

/// Runs the job in the lesson's folder.
///
/// # Errors
/// When `conc` cannot be started.
pub fn execute(job: &Job, folder: &Path) -> Result<Gave, Failure> {
    let unable = |error| Failure::new(format!("conc cannot start itself: {error}"));
    let own = std::env::current_exe().map_err(unable)?;
    let picture = job.picture.then(Picture::new).transpose()?;
    let drawn = picture.iter().flat_map(|picture| ["--trace".as_ref(), picture.0.as_os_str()]);
    let mut child = Command::new(own)
        .args(&job.words[..1])
        .args(drawn)
        .args(&job.words[1..])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        // What a page shows is the same on every machine.
        .env("CONC_LANG", job.language.tag())
        .env("COLUMNS", COLUMNS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(unable)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(move || {
            // A run may end before it has read everything.
            let _ = stdin.map(|mut stdin| stdin.write_all(job.script.as_bytes()));
        });
        let (out, err) = (scope.spawn(move || collect(stdout)), scope.spawn(move || collect(stderr)));
        let status = wait(&mut child, job.timeout + GRACE);
        let text = |reader: thread::ScopedJoinHandle<'_, String>| reader.join().unwrap_or_default();
        let code = status.map_err(unable)?.and_then(|status| status.code());
        let (stdout, stderr) = (text(out), text(err));
        Ok(Gave { status: code, stdout, stderr, picture: picture.and_then(Picture::read) })
    })
}

/// A file for a picture, which is gone with this.
struct Picture(PathBuf);

impl Picture {
    /// Made here, so that it is not somebody else's of the same name that is written into.
    fn new() -> Result<Picture, Failure> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("conc-picture-{}-{number}.svg", std::process::id()));
            match File::create_new(&path) {
                Ok(_) => return Ok(Picture(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(Failure::new(format!(
                        "cannot draw a picture in {}: {error}",
                        path.display()
                    )));
                }
            }
        }
    }

    /// None when nothing was drawn.
    fn read(self) -> Option<String> {
        std::fs::read_to_string(&self.0).ok().filter(|picture| !picture.is_empty())
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0); // a run that draws nothing may have done so
    }
}

/// What a stream brings, up to a limit. The rest is read too, so that nobody waits.
fn collect(stream: Option<impl Read>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut bytes = Vec::new();
    let whole = stream.by_ref().take(MOST_OUTPUT).read_to_end(&mut bytes);
    let rest = whole.and_then(|_| std::io::copy(&mut stream, &mut std::io::sink()));
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if let Ok(rest @ 1..) = rest {
        text += &format!("\n({rest} more bytes are not looked at)\n");
    }
    text
}

/// Waits for the end of the child, and kills it when the time is over: then None.
fn wait(child: &mut Child, most: Duration) -> std::io::Result<Option<ExitStatus>> {
    let pid = Pid::from_child(child);
    let (ended, end) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let killer = scope.spawn(move || match end.recv_timeout(most) {
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let _ = kill_process(pid, Signal::KILL); // it may have ended

                true
            }
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => false,
        });
        // Looked at, not waited for: its number stays its own until nobody can send it anything any more.
        let looking = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), looking), Err(Errno::INTR)) {}
        drop(ended);
        let killed = killer.join().unwrap_or(false);
        child.wait().map(|status| (!killed).then_some(status))
    })
}
