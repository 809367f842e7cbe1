//! conc as a library: the interface of `conc::embed`, and its examples.

use conc::embed::{Cancel, Event, Happened, Host, HostError, Place, Run, Script, Severity, Value};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[path = "../examples/embedding/host_function.rs"]
#[allow(dead_code)]
mod host_function;
#[path = "../examples/embedding/lesson.rs"]
#[allow(dead_code)]
mod lesson;
#[path = "../examples/embedding/who_waited.rs"]
#[allow(dead_code)]
mod who_waited;

fn script(text: &str) -> Script {
    Script::new("test.conc", text).expect("it is understood")
}

#[test]
fn the_lesson_is_run() {
    let text = "print(\"hello,\", args[0])";
    let ended = lesson::run(text, "Ada").expect("it is understood");
    assert_eq!((&*ended.output, ended.status, &*ended.text), ("hello, Ada\n", 0, ""));
    let wrong = lesson::run("let x = 1\nprint(y)", "Ada").expect_err("y is not declared");
    assert_eq!((&*wrong[0].code, wrong[0].severity), ("E0201", Severity::Error));
    assert_eq!(wrong[0].place, Some(Place { line: 2, column: 7 }));
}

#[test]
fn the_host_function_is_called() {
    let ended = host_function::run();
    assert_eq!(ended.output, "Oslo 3.5\nRome 21.0\nAtlantis nobody measures in Atlantis\n", "{}", ended.text);
}

#[test]
fn who_waited_for_whom_is_collected() {
    let pairs = who_waited::run();
    assert_eq!(pairs.into_iter().collect::<Vec<_>>(), [("waiter-1".to_string(), "holder-1".to_string())]);
}

#[test]
fn errors_and_deadlocks_are_data() {
    let ended = script("let t = start { throw error(\"odd\", \"no\") }\nlock m\nm.acquire()\nm.acquire()")
        .run(&Run::new());
    assert_eq!(ended.status, 3);
    let [stuck] = &ended.deadlock[..] else { panic!("{:?}", ended.deadlock) };
    assert_eq!((&*stuck.thread, stuck.line, &stuck.holds[..]), ("main", 4, &[("m".to_string(), 3)][..]));
    assert!(ended.text.contains("deadlock: thread \"main\" waits for itself"), "{}", ended.text);
    let ended = script("let t = start { throw error(\"odd\", \"no\") }").run(&Run::new());
    let [error] = &ended.uncaught[..] else { panic!("{:?}", ended.uncaught) };
    assert_eq!(
        (&*error.message, error.thread.as_deref(), ended.status),
        ("no", Some("thread-1 (line 1)"), 1)
    );
    assert_eq!(error.place, Some(Place { line: 1, column: 17 }));
    assert_eq!(script("ensure 1 == 2").run(&Run::new()).unmet.len(), 1);
    assert_eq!(script("exit(7)").run(&Run::new()).status, 7);
}

#[test]
fn limits_hold() {
    let began = Instant::now();
    let ended =
        script("let t = start { loop { } }\nsleep 60min").run(&Run::new().time(Duration::from_millis(100)));
    assert_eq!((ended.status, ended.stopped.len()), (124, 2));
    assert!(began.elapsed() < Duration::from_secs(30));
    let ended = script("let ts = [start { sleep 10s } for i in 0..5]")
        .run(&Run::new().threads(3).time(Duration::from_secs(5)));
    assert!(ended.uncaught[0].message.contains("3 threads live already"), "{ended:?}");
    let ended = script("try { loop { print(\"12345\") } } catch e { exit(9) }").run(&Run::new().output(100));
    assert_eq!((ended.status, ended.output.len()), (9, 96));
    let ended = script("loop { print(\"12345\") }").run(&Run::new().output(100));
    assert_eq!(ended.uncaught[0].hints, ["write less, or allow more"]);
}

#[test]
fn values_go_out_and_come_back() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let to = seen.clone();
    let host = Host::new().function("echo", 1, move |arguments| {
        to.lock().expect("unharmed").push(arguments[0].clone());
        Ok(arguments[0].clone())
    });
    let text = "let xs = [nil, true, 3, 2.5, \"余额\", 250ms, [1, [2]], {\"a\": 1, 2: []}, set([1, 2])]
for x in xs { assert echo(x) == x }
lock m
print(echo(m), echo(echo))
let cycle = []
cycle.push(cycle)
try { echo(cycle) } catch \"value\" e { print(e.message) }
try { echo() } catch \"type\" e { print(e.message) }";
    let ended = Script::with_host("echo.conc", text, host).expect("it is understood").run(&Run::new());
    assert_eq!(ended.status, 0, "{}", ended.text);
    assert!(
        ended.output.contains("contains itself") && ended.output.contains("echo takes 1 argument, not 0")
    );
    let seen = seen.lock().expect("unharmed");
    assert_eq!(seen[4], Value::from("余额"));
    assert_eq!(seen[6], Value::List(vec![Value::Int(1), Value::List(vec![Value::Int(2)])]));
    assert_eq!(seen[7], Value::Map(vec![("a".into(), Value::Int(1)), (Value::Int(2), Value::List(vec![]))]));
    assert!(matches!(seen[9], Value::Other(_)), "a lock has no form outside");
}

#[test]
fn host_functions_are_called_from_all_threads_and_their_errors_are_the_scripts() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let host = Host::new()
        .function("tick", 0, move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Value::Nil)
        })
        .function("wait", 0, |_| {
            std::thread::sleep(Duration::from_millis(50));
            Ok(Value::Nil)
        })
        .function("panics", 0, |_| panic!("in the host"))
        .function("list_as_key", 0, |_| Ok(Value::Map(vec![(Value::List(vec![]), Value::Nil)])))
        .function("refuses", 0, |_| Err(HostError::new("refused", "not today")));
    // `atomically` is not held up by those who wait in the host.
    let text = "var n = 0
parallel for i in 0..8 { repeat 100 { tick() } }
let t = start { wait() }
repeat 100 { atomically { n += 1 } }
join t
fn caught(f) { try { f() } catch e { return e.kind } }
let tick2 = tick
tick2()
print(caught(panics), caught(list_as_key), caught(refuses), n, tick2)
let tick = 5
print(tick)";
    let text = text.replace("let tick = 5\nprint(tick)", "fn own(tick) => tick\nprint(own(5))");
    let ended = Script::with_host("host.conc", &text, host).expect("it is understood").run(&Run::new());
    assert_eq!(ended.output, "state type refused 100 <fn tick>\n5\n", "{}", ended.text);
    assert_eq!(calls.load(Ordering::SeqCst), 801);
}

#[test]
fn a_script_may_declare_the_hosts_names_for_itself() {
    let host = Host::new().function("now_here", 0, |_| Ok(Value::Int(1)));
    let script = Script::with_host("own.conc", "fn now_here() => 2\nprint(now_here())", host);
    assert_eq!(script.expect("it is understood").run(&Run::new()).output, "2\n");
}

#[test]
fn a_run_can_be_cancelled_from_outside() {
    let cancel = Cancel::new();
    let run = Run::new().cancelled_by(&cancel);
    let endless = script("queue q\ndaemon thread d { loop { } }\nstart d\nloop { sleep 1ms }");
    let other = std::thread::spawn(move || endless.run(&run));
    std::thread::sleep(Duration::from_millis(50));
    cancel.cancel();
    assert_eq!(other.join().expect("it ends").status, 130);
    // One that begins later does not begin.
    let late = script("loop { }").run(&Run::new().cancelled_by(&cancel));
    assert_eq!(late.status, 130);
}

#[test]
fn events_tell_what_threads_do() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let to = events.clone();
    let run = Run::new().on_event(move |event: &Event| to.lock().expect("unharmed").push(event.clone()));
    script("event e\nlet t = start { e.wait() }\nsleep 30ms\ne.set()\njoin t\nlet u = start { throw \"x\" }")
        .run(&run);
    let events = events.lock().expect("unharmed");
    let of = |thread: &str| -> Vec<Happened> {
        events.iter().filter(|event| &*event.thread == thread).map(|event| event.happened.clone()).collect()
    };
    let first = of("thread-1 (line 2)");
    assert_eq!(first.first(), Some(&Happened::Started));
    assert_eq!(first.last(), Some(&Happened::Ended { failed: false }));
    assert!(
        first.iter().any(|happened| matches!(happened, Happened::Waits { what, .. } if what.contains('e')))
    );
    assert!(
        first
            .iter()
            .any(|happened| matches!(happened, Happened::GoesOn { waited } if *waited > Duration::ZERO))
    );
    assert_eq!(of("thread-2 (line 6)").last(), Some(&Happened::Ended { failed: true }));
}

#[test]
fn a_listener_that_panics_holds_nothing_up() {
    let run = Run::new().on_event(|event| assert_eq!(&*event.thread, "nobody")).time(Duration::from_secs(20));
    let ended = script("join start { sleep 1ms }\nprint(2)").run(&run);
    assert_eq!((&*ended.output, ended.status), ("2\n", 0), "{}", ended.text);
}

#[test]
fn scripts_run_at_once_and_again() {
    let shared = script(
        "var n = 0\nlock m\nparallel for i in 0..4 { repeat 100 { with m { n += 1 } } }\nprint(n, input())",
    );
    let runs: Vec<_> = (0..4)
        .map(|i| {
            let script = shared.clone();
            std::thread::spawn(move || script.run(&Run::new().input(format!("{i}\n"))).output)
        })
        .collect();
    for (i, run) in runs.into_iter().enumerate() {
        assert_eq!(run.join().expect("it ends"), format!("400 {i}\n"));
    }
}
