//! `--trace FILE`: what is in it, held against the rules of the Trace Event Format, however the run ends.

mod common;
#[path = "common/directory.rs"]
mod directory;

use directory::{directory, run};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

/// The events of a file, after it was held against the format's rules.
fn events(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("it was written");
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    let events = whole["traceEvents"].as_array().expect("a list of events").clone();
    let mut flows: HashMap<u64, Vec<(String, f64)>> = HashMap::new();
    let mut slices: HashMap<(u64, u64), Vec<(f64, f64)>> = HashMap::new();
    for event in &events {
        let phase = event["ph"].as_str().expect("a phase");
        assert!(event["pid"].is_u64(), "{event}");
        assert!(phase == "C" || event["tid"].is_u64(), "{event}");
        assert!(event["name"].as_str().is_some_and(|name| !name.is_empty()), "{event}");
        let time = event["ts"].as_f64();
        assert!(phase == "M" || time.is_some_and(|time| time >= 0.0), "{event}");
        let time = time.unwrap_or_default();
        match phase {
            "M" => assert!(event["args"]["name"].is_string(), "{event}"),
            "C" => assert!(event["args"]["n"].is_u64(), "{event}"),
            "i" => {}
            "X" => {
                let lasts = event["dur"].as_f64().expect("a duration");
                assert!(lasts >= 0.0, "{event}");
                let track = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
                slices.entry(track).or_default().push((time, time + lasts));
            }
            "s" | "f" => {
                assert!(event["cat"].is_string(), "{event}");
                let number = event["id"].as_u64().expect("an id");
                flows.entry(number).or_default().push((phase.into(), time));
            }
            other => panic!("{other} is no phase that is written: {event}"),
        }
    }
    for ends in flows.values() {
        assert!(matches!(&ends[..], [(s, from), (f, to)] if s == "s" && f == "f" && from <= to), "{ends:?}");
    }
    // On one track, slices lie side by side or one within the other.
    for slices in slices.values_mut() {
        slices.sort_by(|a, b| (a.0, b.1).partial_cmp(&(b.0, a.1)).expect("numbers"));
        let mut open: Vec<f64> = Vec::new();
        for (from, to) in slices {
            while open.last().is_some_and(|end| *end <= *from + 1e-6) {
                open.pop();
            }
            assert!(
                open.last().is_none_or(|end| *to <= *end + 1e-6),
                "{from}..{to} crosses the end of another"
            );
            open.push(*to);
        }
    }
    events
}

fn named<'e>(events: &'e [Value], phase: &'e str, name: &'e str) -> impl Iterator<Item = &'e Value> {
    events.iter().filter(move |event| event["ph"] == phase && event["name"].as_str() == Some(name))
}

fn traced(name: &str, script: &str, flags: &[&str]) -> (Option<i32>, String, Vec<Value>) {
    let place = directory(name, script);
    let words: Vec<&str> = flags.iter().copied().chain(["--trace", "@t.json", "@a.conc"]).collect();
    let (status, _, err) = run(&place, &words);
    (status, err, events(&place.join("t.json")))
}

const TWO: &str = "
lock m
queue q(1)
thread work { with m { sleep(5ms) } q.put(1) }
let both = [start work(), start work()]
q.get()
q.get()
join both
";

#[test]
fn what_threads_do_is_in_it() {
    let (status, err, events) = traced("two", TWO, &[]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    for thread in ["main", "work-1", "work-2"] {
        let named = named(&events, "M", "thread_name").any(|event| event["args"]["name"] == thread);
        assert!(named, "{thread}");
    }
    assert_eq!(named(&events, "X", "sleeps").count(), 2);
    assert!(named(&events, "X", "waits for m").all(|event| event["args"]["line"] == 4));
    assert_eq!(named(&events, "i", "put queue q").count(), 2);
    assert_eq!(named(&events, "i", "get queue q").count(), 2);
    assert_eq!(named(&events, "s", "start").count(), 2);
    assert_eq!(named(&events, "f", "join").count(), 2);
    let track = named(&events, "M", "thread_name").find(|event| event["args"]["name"] == "lock m");
    let track = &track.expect("a track for the lock")["tid"];
    let held = events.iter().filter(|event| event["ph"] == "X" && event["tid"] == *track);
    assert_eq!(held.count(), 2);
}

/// Who waits for a value is led to by whoever puts it, also from another process.
#[test]
fn values_that_were_waited_for_have_arrows() {
    for (name, words) in
        [("values", "queue q\nthread work"), ("shared-values", "shared queue q\nprocess work")]
    {
        let script = format!(
            "{words} {{ for i in 0..50 {{ sleep(1ms); q.put(i) }} }}\nstart work()\nrepeat 50 {{ q.get() }}"
        );
        let (status, err, events) = traced(name, &script, &[]);
        assert_eq!((status, err.as_str()), (Some(0), ""));
        assert_eq!(named(&events, "i", "get queue q").count(), 50);
        let (ways, waits) =
            (named(&events, "f", "put → get").count(), named(&events, "X", "waits in q.get()").count());
        assert!(0 < ways && ways <= waits, "{name}: {ways} arrows, {waits} waits");
    }
}

#[test]
fn it_is_written_however_the_run_ends() {
    let deadlock = "lock m\nwith m { m.acquire() }";
    let (status, err, events) = traced("deadlock", deadlock, &[]);
    assert_eq!(status, Some(3), "{err}");
    assert_eq!(named(&events, "X", "waits for m").count(), 1);
    let (status, _, events) = traced("error", "start { sleep(1ms) }\nnil + 1", &[]);
    assert_eq!(status, Some(1));
    assert!(named(&events, "X", "main").any(|event| event["args"]["ended"] == "with an error"));
    let (status, _, events) = traced("timeout", "sleep(1min)", &["--timeout", "100ms"]);
    assert_eq!(status, Some(124));
    assert_eq!(named(&events, "X", "sleeps").count(), 1);
    let (status, _, events) = traced("exit", "start { sleep(1ms) }\nexit(7)", &[]);
    assert_eq!(status, Some(7));
    assert_eq!(named(&events, "X", "main").count(), 1);
}

#[test]
fn processes_are_in_the_same_file_also_those_that_are_killed() {
    let script = "
shared lock m
process worker { with m { sleep(5ms) } }
process victim { with m { } sleep(1min) }
let workers = [start worker(), start worker()]
let v = start victim()
join workers
sleep(50ms)
v.kill()
try { join v } catch { }
";
    let (status, err, events) = traced("processes", script, &[]);
    assert_eq!(status, Some(0), "{err}");
    let names: HashSet<String> = named(&events, "M", "process_name")
        .map(|event| event["args"]["name"].as_str().unwrap().split(" (").next().unwrap().to_string())
        .collect();
    let wanted = ["main", "worker-1", "worker-2", "victim-1"].map(String::from);
    assert_eq!(names, HashSet::from(wanted));
    let tracks = named(&events, "M", "thread_name").filter(|event| event["args"]["name"] == "lock m");
    assert_eq!(tracks.count(), 1, "one lock for all of them");
    assert_eq!(named(&events, "X", "sleeps").count(), 4);
}

#[test]
fn what_is_shared_is_one_thing_in_all_processes() {
    let script = "
shared lock first
shared lock second
process one { with first { sleep 1ms } }
process two { with second { sleep 1ms } }
process both { with second { with first { sleep 1ms } } }
join start one
join start two
join start both
";
    let (status, err, events) = traced("shared", script, &[]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let tracks = events.iter().filter(|event| event["name"] == "thread_name");
    let mut locks: Vec<(&str, u64)> = tracks
        .map(|event| (event["args"]["name"].as_str().unwrap(), event["tid"].as_u64().unwrap()))
        .filter(|(name, _)| name.starts_with("lock "))
        .collect();
    locks.sort_unstable();
    locks.dedup();
    let names: Vec<&str> = locks.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["lock first", "lock second"], "{locks:?}");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run() {
    let place = directory("unwritable", "print(\"it ran\")");
    for (file, part) in [
        ("@no/such/t.json", "cannot be written"),
        ("@t.txt", "does not tell what to write"),
        ("@json", "does not tell what to write"),
    ] {
        let (status, out, err) = run(&place, &["--trace", file, "@a.conc"]);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains("--trace") && err.contains(part), "{err}");
    }
}

#[test]
fn a_picture_shows_who_waits_for_ever() {
    let script = "
lock 左
lock 右
thread one { with 左 { sleep(10ms); with 右 { } } }
thread two { with 右 { sleep(10ms); with 左 { } } }
join [start one(), start two()]
";
    let place = directory("picture", script);
    let (status, _, err) = run(&place, &["--trace", "@t.svg", "@a.conc"]);
    assert_eq!(status, Some(3), "{err}");
    let picture = fs::read_to_string(place.join("t.svg")).expect("it was written");
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    let words =
        ["one-1", "two-1", "waits for 左 (of one-1)", "waits for 右 (of two-1)", "lock 左", "the run ends"];
    for words in words.iter().chain(&["still waits at the end", "start"]) {
        assert!(picture.contains(&format!(">{words}</text>")), "{words}");
    }
}

/// In some orders the two wait for each other.
const RING: &str = "
lock left
lock right
thread one { with left { with right { } } }
thread two { with right { with left { } } }
join [start one(), start two()]
";

#[test]
fn counterexamples_and_simulated_runs_are_drawn() {
    let place = directory("steps", RING);
    let (status, _, err) = run(&place, &["check", "--trace", "@t.svg", "@a.conc"]);
    assert_eq!((status, err.as_str()), (Some(3), ""));
    let picture = fs::read_to_string(place.join("t.svg")).expect("it was written");
    for words in
        ["takes left", "takes right", "lock left", "waits for right (of two-1)", "still waits at the end"]
    {
        assert!(picture.contains(&format!(">{words}</text>")), "{words}");
    }
    for seed in 0..20 {
        let words = ["sim", "--seed", &seed.to_string(), "--trace", "@t.json", "@a.conc"];
        let (status, _, _) = run(&place, &words);
        let waits = events(&place.join("t.json"));
        let waits = waits
            .iter()
            .filter(|event| event["name"].as_str().is_some_and(|name| name.starts_with("waits for")));
        match status {
            Some(0) => assert!(waits.count() <= 1),
            Some(3) => assert_eq!(waits.count(), 2),
            other => panic!("{other:?}"),
        }
    }
    let (status, _, err) = run(&place, &["check", "--trace", "@t.html", "@a.conc"]);
    assert_eq!((status, err.as_str()), (Some(3), ""));
    let page = fs::read_to_string(place.join("t.html")).expect("it was written");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains(&picture), "the same picture");
    let (status, _, err) = run(&place, &["check", "--trace", "@t.svg", "-e", "print(1)"]);
    assert_eq!((status, err.as_str()), (Some(0), "nothing was drawn: no counterexample was found\n"));
    assert!(!place.join("t.svg").exists());
}

/// What leads from one thread to another: `put → get`, from which thread to which. (Threads by the numbers they have there.)
fn arrows(path: &Path) -> Vec<(String, u64, u64)> {
    let events = events(path);
    let ends = |phase: &str, id: &Value| {
        let it = events.iter().find(|event| event["ph"] == phase && event["id"] == *id);
        it.and_then(|event| event["tid"].as_u64()).expect("both ends are there")
    };
    let begun = events.iter().filter(|event| event["ph"] == "s");
    let arrow = |event: &Value| {
        let name = event["name"].as_str().expect("it has a name").to_string();
        (name, ends("s", &event["id"]), ends("f", &event["id"]))
    };
    begun.map(arrow).collect()
}

/// The child waits until it has been told, and main until the child has answered: what is waited for is drawn in both worlds,
/// also where it goes from one process to another.
#[test]
fn arrows_lead_from_what_was_done_to_whom_it_released() {
    let threads = "
event told
lock m
semaphore s(0)
queue q
pipe p
let [near, far] = p.ends
thread child(end) {
    told.wait()
    with m { sleep(30ms); s.release() }
    sleep(30ms)
    q.put(1)
    sleep(30ms)
    end.send(2)
    sleep(30ms)
}
let c = start child(far)
sleep(30ms)
told.set()
s.acquire()
with m { }
print(q.get(), near.recv())
join c
";
    let all = ["start", "notify", "release → acquire", "put → get", "put → get", "join"];
    let processes = threads
        .replace("thread child", "process child")
        .replace("event told", "shared event told")
        .replace("lock m", "shared lock m")
        .replace("semaphore s(0)", "shared semaphore s(0)")
        .replace("queue q", "shared queue q");
    for script in [threads, &processes] {
        let place = directory("arrows", script);
        for world in ["run", "sim"] {
            // Who comes late to a wait does not wait; and what nobody waited for is not drawn. Some run has each.
            let mut missing: Vec<&str> = all.to_vec();
            for seed in 0..50 {
                let seed = format!("--seed={seed}");
                let mut flags = vec![world, "--trace", "@t.json", "@a.conc"];
                if world == "sim" {
                    flags.insert(1, &seed);
                }
                let (status, out, err) = run(&place, &flags);
                assert_eq!((status, out.as_str(), err.as_str()), (Some(0), "1 2\n", ""), "{world}");
                let drawn = arrows(&place.join("t.json"));
                let (main, child) = (drawn[0].1, drawn[0].2);
                missing.retain(|kind| {
                    let from = if ["start", "notify"].contains(kind) { (main, child) } else { (child, main) };
                    let count = all.iter().filter(|known| *known == kind).count();
                    drawn.iter().filter(|(name, a, b)| name == kind && (*a, *b) == from).count() < count
                });
                if missing.is_empty() {
                    break;
                }
            }
            assert!(missing.is_empty(), "{world}: {missing:?}\n{script}");
        }
    }
}

#[test]
fn recorded_runs_are_drawn() {
    let place = directory("recorded", RING);
    let (status, _, _) = run(&place, &["check", "--save", "@s.schedule", "@a.conc"]);
    assert_eq!(status, Some(3));
    let steps = ["takes left", "takes right", "waits for right (of two-1)", "still waits at the end"];
    let threads =
        ["waits for left (of one-1)", "waits for right (of two-1)", "lock left", "still waits at the end"];
    let replay = &["replay", "--trace", "@t.svg", "@s.schedule"][..];
    let forced = &["run", "--trace", "@t.svg", "--schedule", "@s.schedule"][..];
    for (words, shown) in [(replay, steps), (forced, threads)] {
        let (status, _, err) = run(&place, words);
        assert_eq!(status, Some(3), "{err}");
        let picture = fs::read_to_string(place.join("t.svg")).expect("it was written");
        for text in shown {
            assert!(picture.contains(&format!(">{text}</text>")), "{words:?}: {text}");
        }
        fs::remove_file(place.join("t.svg")).expect("it was there");
    }
    let (status, _, err) = run(&place, &["replay", "--trace", "@t.txt", "@s.schedule"]);
    assert!(status == Some(2) && err.contains("does not tell what to write"), "{err}");
}

#[test]
fn what_is_not_kept_is_said() {
    let script = "
queue q
fn fill() { for i in 0..140_000 { q.put(i); q.get() } }
fill()
lock m
with m { sleep(1ms) }
";
    let (status, err, events) = traced("long", script, &[]);
    assert_eq!(status, Some(0));
    assert!(err.contains("events between") && err.contains("are not in it"), "{err}");
    assert_eq!(named(&events, "X", "sleeps").count(), 1, "its end is kept");
    let instants = events.iter().filter(|event| event["ph"] == "i").count();
    assert!((200_000..280_000).contains(&instants), "{instants}");
}

/// Who gives a pool a task tells it.
#[test]
fn tasks_that_are_given_are_in_it() {
    let script = "
let p = pool(1)
fn task() { sleep(1ms) }
repeat 3 { p.submit(task).result; sleep(20ms) }
p.close()
";
    let (status, err, events) = traced("tasks", script, &[]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let main = named(&events, "X", "main").next().expect("its life")["tid"].clone();
    let given = named(&events, "i", "tells pool p").filter(|event| event["tid"] == main);
    assert_eq!(given.count(), 3);
}

/// Each put of many, one after the other, is in it, in order, with how much the queue holds; and so is each get.
#[test]
fn values_put_one_after_the_other_are_all_there() {
    let script = "
queue q(2_000)
for i in 0..1_500 { q.put(i) }
sleep 1ms
repeat 500 { q.get() }
for i in 0..1_000 { q.put(i) }
repeat 2_000 { q.get() }
";
    let (status, err, events) = traced("again", script, &[]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let held = named(&events, "C", "queue q").map(|event| event["args"]["n"].as_u64().expect("a number"));
    assert!(held.eq((1..=1_500).chain(1_001..=2_000)));
    assert_eq!(named(&events, "i", "get queue q").count(), 2_500);
    for name in ["put queue q", "get queue q"] {
        let times: Vec<f64> = named(&events, "i", name).filter_map(|event| event["ts"].as_f64()).collect();
        assert!(times.is_sorted(), "{name}");
        // Those before and after the sleep lie apart.
        let apart = times.windows(2).filter(|two| two[1] - two[0] >= 900.0).count();
        assert!(name.starts_with("get") || apart >= 1, "{name}");
    }
}

/// Of values put in one breath the clock tells one: where the thread does something else in between, it is told when.
#[test]
fn what_is_done_between_two_puts_lies_between_them() {
    let script = "
queue q(64)
fn busy() { let until = now() + 5ms; while now() < until { } }
for round in 0..3 {
    for i in 0..6 { q.put(i) }
    busy()
    for i in 0..7 { q.put(i) }
    let until = now() + 5ms
    while now() < until { }
}
";
    let (status, err, events) = traced("breath", script, &[]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let times: Vec<f64> =
        named(&events, "i", "put queue q").filter_map(|event| event["ts"].as_f64()).collect();
    assert_eq!(times.len(), 3 * 13);
    let apart = |first: usize| times[first] - times[first - 1] >= 5_000.0;
    // After 6, after 7 more, and so on.
    let after: Vec<usize> = (0..3).flat_map(|round| [13 * round, 13 * round + 6]).skip(1).collect();
    for first in after {
        assert!(apart(first), "{first}: {times:?}");
    }
}

#[test]
fn locks_taken_again_and_again_are_counted() {
    let script = "lock m\nvar n = 0\nfor i in 0..20_000 { with m { n += 1 } }\nprint(n)";
    for flags in [&[][..], &["--race"], &["--stats=json"]] {
        let (status, err, events) = traced("again", script, flags);
        assert_eq!(status, Some(0), "{err}");
        let times: u64 = events.iter().filter_map(|event| event["args"]["times"].as_u64()).sum();
        let track = named(&events, "M", "thread_name").find(|event| event["args"]["name"] == "lock m");
        let track = &track.expect("a track for the lock")["tid"];
        let held = || events.iter().filter(|event| event["ph"] == "X" && event["tid"] == *track);
        let told_singly = held().filter(|event| event["args"]["times"].is_null()).count() as u64;
        assert_eq!(times + told_singly, 20_000, "{flags:?}");
        assert!(held().count() < 10_000, "{flags:?}");
        // What is held has tracks of its own.
        assert!(named(&events, "X", "main").any(|life| life["tid"] != *track));
        if flags.contains(&"--stats=json") {
            assert!(err.contains("\"acquired\":20000"), "each time is counted as well: {err}");
        }
    }
}
