//! What processes of a run tell each other when nobody seems to go on (`family`): notes, each a line of JSON.

use super::super::sides::{Listening, Open};
use super::view::{Key, Reach, View, Waiting};
use super::ways::Ways;
use crate::report::runtime::Stuck;
use crate::sync::outside::system::{Ends, Line};
use serde_json::{Value as Json, json};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

/// Ids of threads, each of which waits for the next, the last for the first.
pub(super) type Ring = Vec<u32>;

pub(super) enum Note {
    /// It seems to be still, with all below it.
    SeemsStill,
    /// A thread has waited for a while for what processes share.
    Waits,
    Suspect(Ring),
    Ask(u64, About),
    Answer(u64, Option<Stillness>),
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum About {
    /// Whether all are still.
    All,
    /// Whether those in the ring are.
    Ring(Ring),
    /// Who waits, and what the others can come to.
    Knots,
}

/// That of a process with all below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Stillness {
    /// How often threads have come to rest.
    pub rests: u64,
    /// By their ids.
    pub threads: Vec<(u32, Stuck)>,
    pub notes: Vec<String>,
    /// Of each process, where it is about knots.
    pub views: Vec<View>,
}

pub(super) fn tell(mut line: &UnixStream, note: &Note) -> io::Result<()> {
    let json = match note {
        Note::SeemsStill => json!({"note": "seems still"}),
        Note::Waits => json!({"note": "waits"}),
        Note::Suspect(ring) => json!({"note": "suspect", "ring": ring}),
        Note::Ask(number, about) => match about {
            About::All => json!({"note": "ask", "number": number, "about": "all"}),
            About::Ring(ring) => json!({"note": "ask", "number": number, "ring": ring}),
            About::Knots => json!({"note": "ask", "number": number, "about": "knots"}),
        },
        Note::Answer(number, stillness) => json!({
            "note": "answer", "number": number, "still": stillness.as_ref().map(Stillness::to_json),
        }),
    };
    let text = json.to_string();
    let mut bytes = (text.len() as u32).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    line.write_all(&bytes)
}

pub(super) fn hear(mut line: &UnixStream) -> io::Result<Note> {
    let mut length = [0; 4];
    line.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    line.read_exact(&mut bytes)?;
    let json: Json = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
    let number = json["number"].as_u64().unwrap_or_default();
    let ring = json["ring"].as_array().map(|_| numbers(&json["ring"]));
    Ok(match (json["note"].as_str(), ring) {
        (Some("suspect"), ring) => Note::Suspect(ring.unwrap_or_default()),
        (Some("ask"), Some(ring)) => Note::Ask(number, About::Ring(ring)),
        (Some("ask"), None) if json["about"] == "knots" => Note::Ask(number, About::Knots),
        (Some("ask"), None) => Note::Ask(number, About::All),
        (Some("answer"), _) => Note::Answer(number, Stillness::from_json(&json["still"])),
        (Some("waits"), _) => Note::Waits,
        _ => Note::SeemsStill,
    })
}

impl Stillness {
    fn to_json(&self) -> Json {
        let threads: Vec<Json> =
            self.threads.iter().map(|(id, stuck)| json!([id, stuck_to_json(stuck)])).collect();
        let views: Vec<Json> = self.views.iter().map(View::to_json).collect();
        json!({"rests": self.rests, "threads": threads, "notes": self.notes, "views": views})
    }

    fn from_json(json: &Json) -> Option<Stillness> {
        let stuck = |json: &Json| (number(&json[0]) as u32, stuck_from_json(&json[1]));
        Some(Stillness {
            rests: json["rests"].as_u64()?,
            threads: json["threads"].as_array()?.iter().map(stuck).collect(),
            notes: texts(&json["notes"]),
            views: json["views"].as_array()?.iter().map(View::from_json).collect(),
        })
    }
}

impl View {
    fn to_json(&self) -> Json {
        let waiting: Vec<Json> = self.waiting.iter().map(Waiting::to_json).collect();
        let side = |side: &Open| json!([side.ends.own, side.ends.peer, side.sent, side.quiet]);
        let sides: Vec<Json> = self.sides.iter().map(side).collect();
        let doors: Vec<Json> = self.doors.iter().map(|door| json!([door.place, door.since])).collect();
        let pipes: Vec<u64> = self.pipes.iter().map(|key| key.0).collect();
        json!({
            "process": self.process, "free": self.free.to_json(), "waiting": waiting, "sides": sides, "doors": doors,
            "keeps": self.keeps, "daemon": self.daemon, "pipes": pipes,
        })
    }

    fn from_json(json: &Json) -> View {
        // By their numbers they are known in their own process alone.
        let side = |json: &Json| Open {
            id: 0,
            ends: ends_from_json(json),
            sent: number(&json[2]),
            quiet: number(&json[3]),
        };
        let door = |json: &Json| Listening { id: 0, place: number(&json[0]), since: number(&json[1]) };
        View {
            process: number(&json["process"]) as usize,
            free: Reach::from_json(&json["free"]),
            waiting: list(&json["waiting"]).iter().map(Waiting::from_json).collect(),
            sides: list(&json["sides"]).iter().map(side).collect(),
            doors: list(&json["doors"]).iter().map(door).collect(),
            keeps: numbers(&json["keeps"]),
            daemon: json["daemon"] == true,
            pipes: keys(&json["pipes"]),
        }
    }
}

impl Waiting {
    fn to_json(&self) -> Json {
        json!({
            "id": self.id, "rests": self.rests, "minded": self.minded, "afar": self.afar, "mortal": self.mortal, "idle": self.idle,
            "looked": self.looked, "ways": self.ways.to_json(), "reach": self.reach.to_json(), "stuck": stuck_to_json(&self.stuck), "notes": self.notes,
        })
    }

    fn from_json(json: &Json) -> Waiting {
        Waiting {
            id: number(&json["id"]) as u32,
            rests: number(&json["rests"]),
            minded: json["minded"] == true,
            afar: json["afar"] == true,
            mortal: json["mortal"] == true,
            idle: json["idle"] == true,
            looked: json["looked"].as_u64(),
            ways: Ways::from_json(&json["ways"]),
            reach: Reach::from_json(&json["reach"]),
            stuck: stuck_from_json(&json["stuck"]),
            notes: texts(&json["notes"]),
        }
    }
}

impl Ways {
    fn to_json(&self) -> Json {
        match self {
            Ways::All(threads, processes) => json!({"all": threads, "processes": processes}),
            Ways::Anyone(things) => json!({"anyone": things.iter().map(|key| key.0).collect::<Vec<u64>>()}),
            Ways::Either(ways) => json!({"either": ways.iter().map(Ways::to_json).collect::<Vec<Json>>()}),
            Ways::Line(line) => json!({
                "line": [line.ends.own, line.ends.peer], "begun": line.begun, "server": line.server, "taken": line.taken,
                "sends": line.sends, "settled": line.settled,
            }),
            Ways::Outside => Json::Null,
        }
    }

    fn from_json(json: &Json) -> Ways {
        if json["all"].is_array() {
            let processes = list(&json["processes"]).iter().map(|process| number(process) as usize);
            Ways::All(numbers(&json["all"]), processes.collect())
        } else if json["anyone"].is_array() {
            Ways::Anyone(keys(&json["anyone"]))
        } else if json["either"].is_array() {
            Ways::Either(list(&json["either"]).iter().map(Ways::from_json).collect())
        } else if json["line"].is_array() {
            Ways::Line(Line {
                ends: ends_from_json(&json["line"]),
                begun: json["begun"].as_u64(),
                server: json["server"].as_i64().map(|server| server as i32),
                taken: number(&json["taken"]),
                sends: json["sends"].as_u64(),
                settled: json["settled"] == true,
            })
        } else {
            Ways::Outside
        }
    }
}

impl Reach {
    fn to_json(&self) -> Json {
        let things: Vec<u64> = self.things.iter().map(|key| key.0).collect();
        json!({"things": things, "exits": self.exits, "signals": self.signals, "any": self.any})
    }

    fn from_json(json: &Json) -> Reach {
        let pid = |json: &Json| json.as_i64().unwrap_or_default() as i32;
        Reach {
            things: keys(&json["things"]),
            exits: json["exits"] == true,
            signals: list(&json["signals"]).iter().map(pid).collect(),
            any: json["any"] == true,
        }
    }
}

fn ends_from_json(json: &Json) -> Ends {
    Ends { own: number(&json[0]), peer: number(&json[1]) }
}

fn stuck_to_json(stuck: &Stuck) -> Json {
    json!({"thread": &*stuck.thread, "holds": stuck.holds, "waits": stuck.waits, "line": stuck.line})
}

fn stuck_from_json(json: &Json) -> Stuck {
    let holds = list(&json["holds"]).iter().map(|one| (text(&one[0]), number(&one[1]) as u32));
    Stuck {
        thread: text(&json["thread"]).into(),
        holds: holds.collect(),
        waits: text(&json["waits"]),
        line: number(&json["line"]) as u32,
    }
}

// Processes of one run trust each other: what is missing is nothing.

fn list(json: &Json) -> &[Json] {
    json.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn number(json: &Json) -> u64 {
    json.as_u64().unwrap_or_default()
}

fn numbers(json: &Json) -> Vec<u32> {
    list(json).iter().map(|json| number(json) as u32).collect()
}

fn keys(json: &Json) -> Vec<Key> {
    list(json).iter().map(|json| Key(number(json))).collect()
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_string()
}

fn texts(json: &Json) -> Vec<String> {
    list(json).iter().map(text).collect()
}
