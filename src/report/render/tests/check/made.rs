//! Findings made by hand, and the scripts that they are about.

use super::*;

pub(super) const BANK: &str = "var balance = 100
thread teller() {
  let seen = balance
  balance = seen + 1
}
let a = start teller(), b = start teller()
join a, b
ensure balance == 102
";

pub(super) fn lost_update() -> Vec<Moment> {
    vec![
        does(0, 6, "starts teller"),
        does(0, 6, "starts teller/2"),
        Moment::default(),
        does(1, 3, "reads balance = 100").next("is about to store balance = 101"),
        Moment { thread: 2, preempts: true, ..Moment::default() },
        does(2, 3, "reads balance = 100"),
        does(2, 4, "stores balance = 101").changes("balance", "101"),
        does(1, 4, "stores balance = 101").changes("balance", "101"),
        does(0, 7, "joins teller"),
        does(0, 7, "joins teller/2"),
        does(0, 8, "ends").prints("done\n"),
    ]
}

pub(super) fn bank() -> (Source, Findings) {
    let source = src(BANK);
    let threads = ["main", "teller", "teller"];
    let ensure = Failure {
        place: Some(find(&source, "ensure balance == 102")),
        ..failure(Property::Ensure, "balance is 101 at the end", &threads, lost_update())
    };
    let access = |thread: &str, part: &str, line, write| Access {
        thread: thread.into(),
        line,
        span: find(&source, part),
        write,
        holds: Vec::new(),
    };
    let accesses =
        [access("teller", "balance = seen + 1", 4, true), access("teller", "balance\n  balance", 3, false)];
    let race = Failure {
        race: Some(Race { cell: "balance".into(), shared: false, accesses }),
        ..failure(Property::Race, "data race on balance", &threads, lost_update()[..4].to_vec())
    };
    (source, findings(vec![ensure, race]))
}

pub(super) fn two_locks() -> (Source, Findings) {
    let source = src("lock left, right\nthread first() {\n  with left {\n    with right { }\n  }\n}\n\
                      thread second() {\n  with right {\n    with left { }\n  }\n}\n\
                      start first()\nstart second()\n");
    let stuck = |name: &str, label: &str, held, waits: &str, line| Stuck {
        thread: name.into(),
        holds: vec![(label.into(), held)],
        waits: waits.into(),
        line,
    };
    let deadlock = Deadlock {
        threads: vec![
            stuck("first", "left", 3, "waits for right", 4),
            stuck("second", "right", 8, "waits for left", 9),
        ],
        cycle: true,
        notes: Vec::new(),
    };
    let moments = vec![
        does(0, 12, "starts first"),
        does(0, 13, "starts second"),
        does(1, 3, "acquires left").next("is about to acquire right"),
        does(2, 8, "acquires right").preempts(),
        does(2, 9, "waits for left"),
        does(1, 4, "waits for right"),
    ];
    let failure = Failure {
        deadlock: Some(deadlock),
        ..failure(Property::Deadlock, "2 threads wait for each other", &["main", "first", "second"], moments)
    };
    (source, findings(vec![failure]))
}

pub(super) fn philosophers(prefix: &str) -> (Source, Findings) {
    let source = src("lock fork[5]\n# …\n");
    let names: Vec<String> =
        ["main".to_string()].into_iter().chain((0..5).map(|i| format!("{prefix}{i}"))).collect();
    let mut moments: Vec<Moment> =
        names[1..].iter().map(|name| does(0, 9, &format!("starts {name}"))).collect();
    for i in 0..5 {
        let next = format!("is about to acquire fork[{}]", (i + 1) % 5);
        let moment = does(i + 1, 4, &format!("acquires fork[{i}]")).next(&next);
        moments.push(if i > 0 { moment.preempts() } else { moment });
    }
    for i in 0..5 {
        moments.push(does(i + 1, 5, &format!("waits for fork[{}]", (i + 1) % 5)));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let failure = failure(Property::Deadlock, "5 threads wait for each other", &names, moments);
    (source, findings(vec![failure]))
}

pub(super) fn race_on_a_list() -> (Source, Findings) {
    let source =
        src("let xs = [1, 2]\nlock guard\nparallel {\n  with guard { xs[0] = 5 }\n  print(xs[0])\n}\n");
    let access = |thread: &str, part: &str, line, write, holds: &[&str]| Access {
        thread: thread.into(),
        line,
        span: find(&source, part),
        write,
        holds: holds.iter().map(|label| label.to_string()).collect(),
    };
    let accesses = [
        access("parallel-1", "xs[0] = 5", 4, true, &["guard"]),
        access("parallel-2", "xs[0])", 5, false, &[]),
    ];
    let moments = vec![
        does(0, 3, "starts parallel-1"),
        does(0, 3, "starts parallel-2"),
        does(1, 4, "acquires guard").next("is about to write element 0 of xs"),
    ];
    let threads = ["main", "parallel-1", "parallel-2"];
    let mut failure = Failure {
        race: Some(Race { cell: "element 0 of xs".into(), shared: false, accesses }),
        ..failure(Property::Race, "data race on element 0 of xs", &threads, moments)
    };
    let ahead = |thread, line, does: &str| Ahead { thread, line, does: does.into() };
    failure.story.ahead = vec![
        ahead(1, 4, "is about to write element 0 of xs"),
        ahead(2, 5, "is about to read element 0 of xs"),
    ];
    (source, findings(vec![failure]))
}

pub(super) fn livelock() -> (Source, Findings) {
    let source = src("# polite\n");
    let moments = vec![
        does(0, 8, "starts left"),
        does(0, 9, "starts right"),
        does(1, 3, "stores busy[0] = true").changes("busy[0]", "true"),
        does(2, 3, "stores busy[1] = true").changes("busy[1]", "true").preempts(),
        does(1, 4, "reads busy[1] = true").preempts(),
        does(1, 4, "stores busy[0] = false").changes("busy[0]", "false"),
        does(1, 5, "stores busy[0] = true").changes("busy[0]", "true"),
        does(2, 4, "reads busy[0] = true"),
    ];
    let failure = Failure {
        loop_from: Some(4),
        ..failure(
            Property::Livelock,
            "left and right step aside for ever",
            &["main", "left", "right"],
            moments,
        )
    };
    (source, findings(vec![failure]))
}

pub(super) fn chinese() -> (Source, Findings) {
    let source = src("var 余额 = 100\n");
    let moments = vec![
        does(0, 7, "starts 柜员甲"),
        does(1, 4, "reads 余额 = 100").next("is about to store 余额 = 101"),
        does(2, 4, "reads 余额 = 100").preempts(),
        does(2, 5, "stores 余额 = 101").changes("余额", "101").prints("存入一元\n"),
    ];
    let threads = ["main", "柜员甲", "柜员乙"];
    let failure = Failure {
        error: Some(Uncaught {
            process: None,
            thread: "柜员乙".into(),
            error: Arc::new(uncaught_error(Span::new(0, 3))),
            holds: vec![("锁".into(), 3)],
        }),
        ..failure(Property::Assertion, "余额 is 101", &threads, moments)
    };
    (source, findings(vec![failure]))
}

pub(super) fn uncaught_error(span: Span) -> Error {
    let error = Error::new(Kind::Assertion, "assertion failed: 余额 == 102");
    let place = Place { thread: "柜员乙".into(), span, line: 1, calls: Vec::new(), left_out: 0 };
    error.place.set(place).expect("it is set once");
    error
}
