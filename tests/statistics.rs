//! `--stats=json`: what is counted of threads, of things to wait for, and of processes, also of those that are killed.

mod common;
#[path = "common/directory.rs"]
mod directory;

use directory::{directory, run};
use serde_json::Value;

/// What each process of a script has told; the first one comes last.
fn told(name: &str, script: &str, wanted: Option<i32>) -> Vec<Value> {
    let place = directory(name, script);
    let (status, _, err) = run(&place, &["--stats=json", "@a.conc"]);
    assert_eq!(status, wanted, "{err}");
    err.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn threads_locks_and_queues_are_told() {
    let script = "
lock m
queue q(1)
thread work { with m { sleep(5ms) } q.put(1) }
let both = [start work(), start work()]
q.get()
q.get()
join both
";
    let all = told("stats", script, Some(0));
    assert_eq!(all.len(), 1, "one line of JSON");
    let threads = all[0]["threads"].as_array().expect("a list");
    let slept = |thread: &Value| number(&thread["slept_ns"]);
    assert_eq!(threads.len(), 3);
    assert!(threads[0]["name"] == "main" && slept(&threads[0]) == 0);
    assert!(threads[1..].iter().all(|thread| slept(thread) >= 5_000_000));
    assert_eq!((&all[0]["locks"][0]["label"], &all[0]["locks"][0]["acquired"]), (&"m".into(), &2.into()));
    assert_eq!((&all[0]["queues"][0]["put"], &all[0]["queues"][0]["got"]), (&2.into(), &2.into()));
    assert_eq!((&all[0]["rows_lost"], &all[0]["names_lost"]), (&0.into(), &0.into()));
}

/// What a thread has done with its time is no more than its time.
#[test]
fn times_add_up() {
    let script = "
lock m
queue q(3)
fn burn(time) { let over = now() + time; while now() < over { } }
thread work { repeat 5 { with m { burn(2ms) } sleep 3ms } }
thread puts { for i in 0..20 { q.put(i) } q.close() }
thread takes { for x in q { sleep 1ms } }
join [start work() for i in 0..3], start puts(), start takes(), start takes()
";
    let told = told("times", script, Some(0));
    let (whole, most) = (number(&told[0]["wall_ns"]), 50_000_000);
    let threads = told[0]["threads"].as_array().expect("a list");
    assert_eq!(threads.len(), 7);
    for thread in threads {
        let [wall, cpu, waited, slept] =
            ["wall_ns", "cpu_ns", "waited_ns", "slept_ns"].map(|what| number(&thread[what]));
        assert!(wall <= whole && waited + slept <= wall, "{thread}");
        // A thread that goes to wait, and looks once more before it does, is on a processor meanwhile.
        assert!(cpu > 0 && cpu + waited + slept <= wall + most, "{thread}");
    }
    let fill = &told[0]["queues"][0]["fill"];
    let [time, empty, full] = ["time_ns", "empty_ns", "full_ns"].map(|what| number(&fill[what]));
    assert!(empty + full <= time && time <= whole, "{fill}");
}

/// Also of a thread that is over before the system has looked at what it uses.
#[test]
fn a_short_thread_has_used_a_processor() {
    let script = "
thread add { var sum = 0; for i in 0..1_000 { sum += i } }
join [start add() for i in 0..5]
";
    let all = told("short", script, Some(0));
    let threads = all[0]["threads"].as_array().expect("a list");
    assert_eq!(threads.len(), 6);
    assert!(threads.iter().all(|thread| number(&thread["cpu_ns"]) > 0), "{threads:?}");
}

/// One thread at a time holds the interpreter, so all together hold it for no longer than the run takes.
#[test]
fn no_moment_with_the_gil_is_told_of_two() {
    let script = "
fn compute(n) { var t = 0; for i in 0..n { t += i * i % 7 } return t }
thread work { compute(200_000) }
join [start work() for i in 0..4]
";
    let place = directory("gil-times", script);
    let began = std::time::Instant::now();
    let (status, _, err) = run(&place, &["--gil=100us", "@a.conc"]);
    let whole = began.elapsed().as_secs_f64();
    assert_eq!(status, Some(0), "{err}");
    let seconds = |number: &str, unit: &str| {
        let of_unit = [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];
        let unit = of_unit.into_iter().find_map(|(name, seconds)| (name == unit).then_some(seconds));
        number.parse::<f64>().expect("a number") * unit.expect("a unit of time")
    };
    let lines = err.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let of_thread =
        lines.filter(|words| words.len() == 7 && (words[0] == "main" || words[0].starts_with("work-")));
    let held: Vec<f64> = of_thread.map(|words| seconds(words[1], words[2])).collect();
    assert_eq!(held.len(), 5, "{err}");
    // Each is told with three digits.
    assert!(held.iter().sum::<f64>() <= whole * 1.005, "{whole} s in all\n{err}");
}

#[test]
fn every_line_where_threads_waited_is_told() {
    let script = "
lock m
event go
semaphore s(1)
thread first { go.wait(); with m { } with s { } }
thread second { go.wait(); with m { } }
with s {
    with m {
        let both = [start first(), start second()]
        await both[0].state == \"blocked\" and both[1].state == \"blocked\"
        go.set()
        sleep 5ms
        await both[0].waiting_on == m and both[1].waiting_on == m
        sleep 5ms
    }
    sleep 20ms
}
";
    let told = told("lines", script, Some(0));
    let lines = |thing: &Value| -> Vec<(u64, u64)> {
        let waits = thing["waits_at"].as_array().expect("a list");
        waits.iter().map(|at| (number(&at["line"]), number(&at["times"]))).collect()
    };
    let mut of_m = lines(&told[0]["locks"][0]);
    of_m.sort_unstable();
    assert_eq!(of_m, [(5, 1), (6, 1)], "{}", told[0]);
    assert_eq!(lines(&told[0]["semaphores"][0]), [(5, 1)]);
    assert!(number(&told[0]["semaphores"][0]["waits_at"][0]["longest_ns"]) >= 1_000_000);
    assert_eq!(told[0]["semaphores"][0]["fewest_left"], 0);
    let event = &told[0]["meetings"][0];
    assert_eq!(
        (&event["kind"], &event["label"], &event["waits"]),
        (&"event".into(), &"go".into(), &2.into())
    );
}

#[test]
fn the_line_that_cost_most_is_first() {
    let script = "
lock m
fn short() { with m { } }
fn long() { with m { } }
m.acquire()
let a = start long()
await a.state == \"blocked\"
sleep 30ms
m.release()
join a
m.acquire()
let b = start short()
await b.state == \"blocked\"
m.release()
";
    let told = told("order", script, Some(0));
    let waits = told[0]["locks"][0]["waits_at"].as_array().expect("a list").clone();
    assert_eq!(waits.len(), 2);
    assert!(waits[0]["line"] == 4 && number(&waits[0]["total_ns"]) >= 30_000_000, "{waits:?}");
}

#[test]
fn a_queue_tells_how_full_it_was_over_time() {
    let script = "
queue q(4)
sleep 20ms
for i in 0..4 { q.put(i) }
sleep 40ms
for i in 0..4 { q.get() }
sleep 20ms
";
    let told = told("fill", script, Some(0));
    let queue = &told[0]["queues"][0];
    let fill = &queue["fill"];
    assert_eq!((&queue["capacity"], &queue["most_held"]), (&4.into(), &4.into()));
    assert!(number(&fill["empty_ns"]) >= 40_000_000 && number(&fill["full_ns"]) >= 40_000_000, "{fill}");
    assert!(number(&fill["empty_ns"]) + number(&fill["full_ns"]) <= number(&fill["time_ns"]));
    let values = fill["samples"]["values"].as_array().expect("samples");
    assert!((32..=65).contains(&values.len()), "{}", values.len());
    let means: Vec<f64> = values.iter().map(|value| value["mean"].as_f64().expect("a mean")).collect();
    assert!(means[0] == 0.0 && means[means.len() / 2] > 3.0 && *means.last().unwrap() == 0.0, "{means:?}");
    // What the samples tell is what the whole tells.
    let each = fill["samples"]["each_ns"].as_f64().unwrap();
    let area = means.iter().sum::<f64>() * each;
    let whole = fill["mean"].as_f64().unwrap() * fill["time_ns"].as_f64().unwrap();
    assert!((area / whole - 1.0).abs() < 0.1, "{area} {whole}");
}

#[test]
fn processes_are_told_with_their_threads_and_what_went_through_channels() {
    let script = "
shared queue jobs
pipe p
process worker(e) {
    thread helper { }
    join [start helper(), start helper()]
    for i in 0..10 { jobs.put(\"a text of more than seven letters\") }
    e.send(\"x\" * 1000)
    process deep { var n = 0; for i in 0..1000 { n += 1 } }
    join start deep()
}
process victim(e) { e.send(\"y\" * 100_000); sleep 1min }
let [a, b] = p.ends
pipe q
let [c, d] = q.ends
let w = start worker(b)
let v = start victim(d)
a.recv()
c.recv()
for i in 0..10 { jobs.get() }
join w
v.kill()
try { join v } catch { }
";
    let told = told("tree", script, Some(0));
    assert!(
        told[..told.len() - 1]
            .iter()
            .all(|child| child["process"].is_string() && child["processes"].is_null())
    );
    let all = told.last().expect("the first process")["processes"].as_array().expect("a list").clone();
    let named = |name: &str| {
        all.iter().find(|process| process["name"] == name).unwrap_or_else(|| panic!("{name} in {all:?}"))
    };
    let [main, worker, deep, victim] = ["main", "worker-1", "deep-1", "victim-1"].map(named);
    assert_eq!(all.len(), 4);
    assert_eq!(
        (&worker["parent"], &deep["parent"], &main["parent"]),
        (&main["pid"], &worker["pid"], &Value::Null)
    );
    assert_eq!((&worker["exit"], &deep["exit"], &victim["exit"]), (&0.into(), &0.into(), &(-9).into()));
    let threads = |process: &Value| process["threads"].as_array().expect("a list").len();
    assert_eq!((threads(worker), threads(main), threads(victim)), (3, 1, 1));
    assert!([main, worker, deep].iter().all(|process| number(&process["cpu_ns"]) > 0));
    assert!(number(&victim["ended_ns"]) > number(&victim["began_ns"]));

    let channel = |process: &Value, label: &str, way: &str| {
        let channels = process["channels"].as_array().expect("a list");
        let found = channels.iter().find(|channel| channel["label"] == label);
        let amount = &found.unwrap_or_else(|| panic!("{label} in {process}"))[way];
        (number(&amount["times"]), number(&amount["bytes"]))
    };
    let (put, bytes) = channel(worker, "jobs", "sent");
    assert!(put == 10 && (330..500).contains(&bytes), "{bytes}");
    assert_eq!(channel(main, "jobs", "received"), (10, bytes));
    let sent = channel(worker, "p.ends[1]", "sent");
    assert!(sent.0 == 1 && (1000..1100).contains(&sent.1), "{sent:?}");
    assert_eq!(channel(main, "p.ends[0]", "received"), sent);
    // It was killed, and what it did is known.
    let sent = channel(victim, "q.ends[1]", "sent");
    assert!(sent.0 == 1 && sent.1 >= 100_000, "{sent:?}");
    assert_eq!(channel(main, "q.ends[0]", "received"), sent);
}

#[test]
fn connections_tell_their_bytes() {
    let script = "
let server = listen(0)
let t = start {
    let c = server.accept()
    c.write(c.read_line() + \"!\")
    c.close()
}
let c = connect(server.port)
c.write(\"hello\\n\")
print(c.read())
join t
";
    let told = told("sockets", script, Some(0));
    let channels = told[0]["processes"][0]["channels"].as_array().expect("a list").clone();
    let mut amounts: Vec<(u64, u64)> = channels
        .iter()
        .map(|channel| (number(&channel["sent"]["bytes"]), number(&channel["received"]["bytes"])))
        .collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [(6, 6), (6, 6)], "{channels:?}");
}

#[test]
fn without_a_queue_or_a_lock_there_is_no_table_of_them() {
    let place = directory("bare", "print(1)");
    let (status, _, err) = run(&place, &["--stats", "@a.conc"]);
    assert_eq!(status, Some(0));
    for word in ["queue", "lock", "semaphore", "process", "channel", "waited for"] {
        assert!(!err.contains(word), "{word} in {err}");
    }
}

/// What a condition looks with, and what it enters and leaves again, is no change that would wake who looks.
#[test]
fn who_awaits_something_does_not_keep_a_processor_busy() {
    for condition in [
        "len(xs) == 1",
        "xs.count(1) > 0 and len(xs) == 1",
        "now() > until",
        "sum([x for x in xs]) == 1",
        "door.is_open()",
        "is_open()",
    ] {
        let script = format!(
            "let xs = []\nlet until = now() + 300ms\nlock guard\n\
             monitor Door {{ fn is_open() => len(xs) == 1 }}\nlet door = Door()\n\
             fn is_open() {{ with guard {{ return len(xs) == 1 }} }}\n\
             thread late {{ sleep 300ms; xs.push(1) }}\nstart late\nawait {condition}"
        );
        let [process] = &told("awaiting", &script, Some(0))[..] else { panic!("one process") };
        let main = &process["threads"][0];
        let [wall, cpu] = ["wall_ns", "cpu_ns"].map(|what| number(&main[what]));
        assert!(cpu < wall / 3, "{condition}: {main}");
    }
}
