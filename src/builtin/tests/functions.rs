//! What functions do: arguments and what comes of them.

use super::*;
use crate::builtin::test_world::{TestWorld, account};
use crate::value::error::Kind;

#[test]
fn functions_give_what_they_should() {
    let pairs = |pairs: &[(i64, &str)]| {
        list(&pairs.iter().map(|(n, s)| list(&[int(*n), text(s)])).collect::<Vec<_>>())
    };
    let cases: Vec<(&str, Vec<Value>, Value)> = vec![
        ("str", vec![], text("")),
        ("str", vec![float(2.0)], text("2.0")),
        ("str", vec![list(&[text("a"), int(1)])], text("[\"a\", 1]")),
        ("int", vec![text(" 42 ")], int(42)),
        ("int", vec![float(-2.9)], int(-2)),
        ("int", vec![Value::Bool(true)], int(1)),
        ("int", vec![text("ff"), int(16)], int(255)),
        ("float", vec![text("1e3")], float(1000.0)),
        ("bool", vec![list(&[])], Value::Bool(false)),
        ("list", vec![text("ab")], texts(&["a", "b"])),
        ("list", vec![Value::range(0, 3)], ints(&[0, 1, 2])),
        ("list", vec![map(&[("a", int(1))])], texts(&["a"])),
        ("set", vec![ints(&[2, 1, 2])], set(&[1, 2])),
        ("type", vec![int(1)], text("int")),
        ("type", vec![account(text("ann"), int(0))], text("Account")),
        ("len", vec![text("余额")], int(2)),
        ("len", vec![Value::range(2, 10)], int(8)),
        ("same", vec![int(1), int(1)], Value::Bool(true)),
        ("same", vec![ints(&[]), ints(&[])], Value::Bool(false)),
        ("same", vec![int(1), float(1.0)], Value::Bool(false)),
        ("min", vec![int(3), int(1), float(0.5)], float(0.5)),
        ("max", vec![ints(&[3, 9, 4])], int(9)),
        ("sum", vec![ints(&[1, 2, 3])], int(6)),
        ("sum", vec![ints(&[])], int(0)),
        ("sum", vec![ints(&[1]), int(10)], int(11)),
        ("sum", vec![list(&[Value::Duration(1), Value::Duration(2)])], Value::Duration(3)),
        ("any", vec![ints(&[0, 2])], Value::Bool(true)),
        ("all", vec![ints(&[0, 2])], Value::Bool(false)),
        ("all", vec![ints(&[])], Value::Bool(true)),
        ("sorted", vec![texts(&["b", "a"])], texts(&["a", "b"])),
        ("reversed", vec![Value::range(0, 3)], ints(&[2, 1, 0])),
        ("enumerate", vec![texts(&["a", "b"]), int(1)], pairs(&[(1, "a"), (2, "b")])),
        ("zip", vec![ints(&[1, 2, 3]), text("ab")], pairs(&[(1, "a"), (2, "b")])),
        ("zip", vec![], list(&[])),
        ("range", vec![int(3)], Value::range(0, 3)),
        ("range", vec![int(10), int(0), int(-4)], ints(&[10, 6, 2])),
        ("range", vec![int(0), int(5), int(2)], ints(&[0, 2, 4])),
        ("range", vec![int(5), int(0), int(2)], ints(&[])),
        ("abs", vec![int(-3)], int(3)),
        ("abs", vec![Value::Duration(-3)], Value::Duration(3)),
        ("round", vec![float(2.5)], int(2)),
        ("round", vec![float(3.5)], int(4)),
        ("round", vec![float(2.675), int(2)], float(2.67)),
        ("round", vec![float(1234.5), int(-2)], float(1200.0)),
        ("round", vec![int(25), int(-1)], int(20)),
        ("round", vec![int(35), int(-1)], int(40)),
        ("round", vec![int(-25), int(-1)], int(-20)),
        ("round", vec![int(7), int(-30)], int(0)),
        ("floor", vec![float(-1.5)], int(-2)),
        ("ceil", vec![float(1.2)], int(2)),
        ("sqrt", vec![int(9)], float(3.0)),
        ("log", vec![int(8), int(2)], float(3.0)),
        ("atan2", vec![int(0), int(1)], float(0.0)),
        ("exp", vec![int(0)], float(1.0)),
        ("bin", vec![int(-5)], text("-0b101")),
        ("hex", vec![int(255)], text("0xff")),
        ("chr", vec![int(0x4f59)], text("余")),
        ("ord", vec![text("A")], int(65)),
        ("now", vec![], Value::Duration(1_500_000_000)),
        ("clock", vec![], text("14:03:59.250")),
        ("env", vec![text("HOME")], text("/home/ann")),
        ("env", vec![text("NONE"), int(1)], int(1)),
        ("cpu_count", vec![], int(2)),
        ("args", vec![], texts(&["one", "two"])),
        ("pi", vec![], float(std::f64::consts::PI)),
        (
            "json",
            vec![map(&[("a", list(&[int(1), float(2.0), Value::Nil, text("x\"\n")]))])],
            text("{\"a\": [1, 2.0, null, \"x\\\"\\n\"]}"),
        ),
        (
            "parse_json",
            vec![text("{\"b\": [1, 2.5, true, null], \"a\": {}}")],
            map(&[("b", list(&[int(1), float(2.5), Value::Bool(true), Value::Nil])), ("a", map(&[]))]),
        ),
        ("__sort_keys", vec![texts(&["x", "y"]), ints(&[2, 1]), Value::Bool(false)], texts(&["y", "x"])),
        (
            "__extreme_keys",
            vec![texts(&["x", "y", "z"]), ints(&[1, 2, 2]), list(&[]), Value::Bool(true)],
            text("y"),
        ),
        ("__extreme_keys", vec![list(&[]), list(&[]), ints(&[7]), Value::Bool(true)], int(7)),
    ];
    for (name, args, wanted) in cases {
        let shown = format!("{name}({args:?})");
        assert_eq!(TestWorld::new().call(name, &args).expect(&shown), wanted, "{shown}");
    }
}

#[test]
fn functions_say_what_is_wrong() {
    let cases: Vec<(&str, Vec<Value>, Kind, &str)> = vec![
        ("sqrt", vec![text("x")], Kind::Type, "sqrt(x) takes a number, not a str"),
        ("sqrt", vec![int(-1)], Kind::Value, "sqrt(-1.0) is not a real number"),
        ("randint", vec![int(1), text("6")], Kind::Type, "randint(a, b) takes an int as b, not a str"),
        ("randint", vec![int(2), int(1)], Kind::Value, "randint(2, 1): there is no int from 2 to 1"),
        ("int", vec![text("4x")], Kind::Value, "\"4x\" is not an int"),
        ("int", vec![text("2.5")], Kind::Value, "\"2.5\" is not an int"),
        ("int", vec![Value::Nil], Kind::Type, "int(x) takes a number, bool or str, not nil"),
        ("int", vec![text("z"), int(16)], Kind::Value, "\"z\" is not an int in base 16"),
        ("len", vec![int(5)], Kind::Type, "len(x) takes a str, list, map, set or range, not an int"),
        ("min", vec![list(&[])], Kind::Value, "min(xs): there are no elements"),
        ("max", vec![], Kind::Type, "max(xs) takes a list or at least two values, and got none"),
        ("max", vec![int(1), text("a")], Kind::Type, "cannot use < between str and int"),
        ("sum", vec![texts(&["a"])], Kind::Type, "sum(xs) does not add up texts"),
        ("sum", vec![list(&[Value::Nil])], Kind::Type, "cannot use + between int and nil"),
        ("sorted", vec![list(&[int(1), Value::Nil])], Kind::Type, "cannot use < between int and nil"),
        (
            "range",
            vec![int(0), int(5), int(0)],
            Kind::Value,
            "range(0, 5, 0) would never end: a step is not 0",
        ),
        (
            "range",
            vec![int(0), int(i64::MAX), int(2)],
            Kind::Memory,
            "a list of 4611686018427387904 elements would take more than 1 GB",
        ),
        ("set", vec![list(&[list(&[])])], Kind::Type, "a list cannot be a key of a map or a member of a set"),
        ("round", vec![float(f64::NAN)], Kind::Value, "round(nan) is no int"),
        ("chr", vec![int(-1)], Kind::Value, "-1 is not the Unicode number of a character"),
        ("ord", vec![text("ab")], Kind::Value, "ord(c) takes a str of one character, not of 2"),
        ("log", vec![int(0)], Kind::Value, "0.0 has no logarithm: it is not above zero"),
        ("choose", vec![list(&[])], Kind::Value, "choose(xs): there is nothing to choose from"),
        ("sample", vec![ints(&[1]), int(2)], Kind::Value, "sample(xs, 2): cannot take 2 of 1 elements"),
        ("shuffle", vec![text("x")], Kind::Type, "shuffle(xs) takes a list, not a str"),
        ("exit", vec![int(256)], Kind::Value, "exit(256): a status is 0 to 255"),
        ("input", vec![], Kind::Closed, "standard input has ended: there is no line to read"),
        ("read", vec![text("/etc/passwd")], Kind::Refused, "not allowed: /etc/passwd"),
        ("json", vec![Value::Duration(1)], Kind::Type, "JSON has no form for a duration"),
        ("json", vec![float(f64::NAN)], Kind::Value, "json(x): nan is no number of JSON"),
        ("open", vec![text("x"), text("rw")], Kind::Value, "\"rw\" is not a mode of open"),
    ];
    for (name, args, kind, message) in cases {
        let error = TestWorld::new().call(name, &args).expect_err(message);
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
    }
    let error = TestWorld::new().call("parse_json", &[text("[1, ")]).unwrap_err();
    assert!(error.kind == Kind::Value && error.message.starts_with("this is not JSON"));
    let deep = "[".repeat(100_000);
    assert_eq!(TestWorld::new().call("parse_json", &[text(&deep)]).unwrap_err().kind, Kind::Value);
}

#[test]
fn print_writes_one_piece() {
    let mut world = TestWorld::new();
    world.call("print", &[text("a"), int(1), list(&[text("b")])]).unwrap();
    world.call_named("print", &[int(1), int(2)], &[("sep", text("-")), ("end", text("!"))]).unwrap();
    world.call_named("print", &[text("oops")], &[("err", Value::Bool(true))]).unwrap();
    assert_eq!((world.out.as_str(), world.err.as_str()), ("a 1 [\"b\"]\n1-2!", "oops\n"));
    world.lines = vec!["hello".into()];
    assert_eq!(world.call("input", &[text("? ")]).unwrap(), text("hello"));
    assert!(world.out.ends_with("? "));
}

#[test]
fn exit_ends_the_program() {
    let mut world = TestWorld::new();
    assert!(matches!(world.outcome("exit", &[]), Ok(Outcome::Exit(0))));
    assert!(matches!(world.outcome("exit", &[int(7)]), Ok(Outcome::Exit(7))));
    assert!(matches!(world.outcome("exit", &[text("no")]), Ok(Outcome::Exit(1))));
    assert_eq!(world.err, "no\n");
}

#[test]
fn chance_is_fair_and_repeats_with_a_seed() {
    let mut world = TestWorld::new();
    let mut counts = [0; 6];
    for _ in 0..6000 {
        let Value::Int(face) = world.call("randint", &[int(1), int(6)]).unwrap() else { panic!("no int") };
        counts[face as usize - 1] += 1;
    }
    assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    let draw = |world: &mut TestWorld| {
        world.call("seed", &[int(7)]).unwrap();
        let xs = ints(&[1, 2, 3, 4, 5, 6, 7, 8]);
        world.call("shuffle", std::slice::from_ref(&xs)).unwrap();
        let sample = world.call("sample", &[xs.clone(), int(3)]).unwrap();
        list(&[xs, sample, world.call("random", &[]).unwrap()])
    };
    let first = draw(&mut world);
    assert_eq!(first, draw(&mut world));
    for _ in 0..100 {
        let Value::Float(x) = world.call("random", &[]).unwrap() else { panic!("no float") };
        assert!((0.0..1.0).contains(&x));
        assert!(world.call("randint", &[int(i64::MIN), int(i64::MAX)]).is_ok());
        let chosen = world.call("choose", &[Value::range(5, 8)]).unwrap();
        assert!([5, 6, 7].map(Value::Int).contains(&chosen));
    }
}

#[test]
fn files_are_read_and_written() {
    let directory = std::env::temp_dir().join(format!("conc-file-test-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let mut world = TestWorld::new();
    world.directory = Some(directory.to_string_lossy().into_owned());
    let path = text(&directory.join("notes.txt").to_string_lossy());
    world.call("write", &[path.clone(), text("one\ntwo\n")]).unwrap();
    world.call("append", &[path.clone(), text("three")]).unwrap();
    assert_eq!(world.call("read", std::slice::from_ref(&path)).unwrap(), text("one\ntwo\nthree"));
    assert_eq!(world.call("exists", std::slice::from_ref(&path)).unwrap(), Value::Bool(true));
    let listed = world.call("list_dir", &[text(&directory.to_string_lossy())]).unwrap();
    assert_eq!(listed, texts(&["notes.txt"]));

    let file = world.call("open", std::slice::from_ref(&path)).unwrap();
    assert_eq!(world.method(&file, "read_line", &[]).unwrap(), text("one"));
    assert_eq!(world.method(&file, "write", &[text("x")]).unwrap_err().kind, Kind::State);
    assert_eq!(world.call("list", std::slice::from_ref(&file)).unwrap(), texts(&["two", "three"]));
    assert_eq!(world.method(&file, "read_line", &[]).unwrap(), Value::Nil);
    world.method(&file, "close", &[]).unwrap();
    assert_eq!(world.method(&file, "read", &[]).unwrap_err().kind, Kind::Closed);
    assert_eq!(world.property(&file, "closed"), Value::Bool(true));

    let file = world.call("open", &[path.clone(), text("w")]).unwrap();
    world.method(&file, "write", &[text("new")]).unwrap();
    world.method(&file, "close", &[]).unwrap();
    world.method(&file, "close", &[]).unwrap();
    assert_eq!(world.call("read", std::slice::from_ref(&path)).unwrap(), text("new"));

    world.call("remove", std::slice::from_ref(&path)).unwrap();
    let error = world.call("read", std::slice::from_ref(&path)).unwrap_err();
    assert!(error.kind == Kind::NotFound && error.message.ends_with("there is no such file or directory"));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn json_writes_any_depth_and_refuses_rings() {
    let mut deep = list(&[]);
    for _ in 0..200_000 {
        deep = list(&[deep]);
    }
    let Ok(written) = TestWorld::new().call("json", &[deep]) else { panic!("no json") };
    assert_eq!(written.as_text().unwrap().len(), 400_002);
    let ring = ints(&[1]);
    TestWorld::new().method(&ring, "push", std::slice::from_ref(&ring)).unwrap();
    assert_eq!(TestWorld::new().call("json", std::slice::from_ref(&ring)).unwrap_err().kind, Kind::Value);
    TestWorld::new().method(&ring, "clear", &[]).unwrap();
}
