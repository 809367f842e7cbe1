//! What methods and properties do: receivers, arguments and what comes of them.

use super::*;
use crate::builtin::test_world::TestWorld;
use crate::value::error::Kind;

#[test]
fn methods_give_what_they_should() {
    let cases: Vec<(Value, &str, Vec<Value>, Value)> = vec![
        (text("Ab"), "upper", vec![], text("AB")),
        (text("AB"), "lower", vec![], text("ab")),
        (text("hELLO"), "capitalize", vec![], text("Hello")),
        (text("  a b "), "strip", vec![], text("a b")),
        (text("xxaxx"), "strip", vec![text("x")], text("a")),
        (text(" a "), "rstrip", vec![], text(" a")),
        (text(" a  b "), "split", vec![], texts(&["a", "b"])),
        (text("a b c d"), "split", vec![Value::Nil, int(2)], texts(&["a", "b", "c d"])),
        (text("a,b,,c"), "split", vec![text(",")], texts(&["a", "b", "", "c"])),
        (text("a,b,c"), "split", vec![text(","), int(1)], texts(&["a", "b,c"])),
        (text(""), "split", vec![], list(&[])),
        (text("a\nb\r\n"), "lines", vec![], texts(&["a", "b"])),
        (text("-"), "join", vec![texts(&["a", "b"])], text("a-b")),
        (text("aaa"), "replace", vec![text("a"), text("b")], text("bbb")),
        (text("aaa"), "replace", vec![text("a"), text("b"), int(2)], text("bba")),
        (text("余额余额"), "find", vec![text("额")], int(1)),
        (text("余额余额"), "find", vec![text("额"), int(2)], int(3)),
        (text("余额余额"), "rfind", vec![text("额")], int(3)),
        (text("abc"), "find", vec![text("x")], int(-1)),
        (text("abc"), "find", vec![text(""), int(9)], int(-1)),
        (text("aaaa"), "count", vec![text("aa")], int(2)),
        (text("abc"), "startswith", vec![text("ab")], Value::Bool(true)),
        (text("abc"), "endswith", vec![text("ab")], Value::Bool(false)),
        (text("42"), "isdigit", vec![], Value::Bool(true)),
        (text(""), "isdigit", vec![], Value::Bool(false)),
        (text("ab"), "ljust", vec![int(4)], text("ab  ")),
        (text("ab"), "rjust", vec![int(4), text("*")], text("**ab")),
        (text("ab"), "center", vec![int(5)], text("  ab ")),
        (text("-4"), "zfill", vec![int(4)], text("-004")),
        (ints(&[1, 2]), "pop", vec![], int(2)),
        (ints(&[1, 2]), "pop", vec![int(0)], int(1)),
        (ints(&[1, 2, 1]), "index", vec![float(2.0)], int(1)),
        (ints(&[1, 2, 1]), "count", vec![int(1)], int(2)),
        (list(&[ints(&[1])]), "index", vec![ints(&[1])], int(0)),
        (map(&[("a", int(1))]), "get", vec![text("a")], int(1)),
        (map(&[("a", int(1))]), "get", vec![text("b")], Value::Nil),
        (map(&[("a", int(1))]), "get", vec![text("b"), int(2)], int(2)),
        (map(&[("a", int(1))]), "keys", vec![], texts(&["a"])),
        (map(&[("a", int(1))]), "values", vec![], ints(&[1])),
        (map(&[("a", int(1))]), "items", vec![], list(&[list(&[text("a"), int(1)])])),
        (map(&[("a", int(1))]), "pop", vec![text("a")], int(1)),
        (map(&[]), "pop", vec![text("a"), int(5)], int(5)),
        (map(&[]), "setdefault", vec![text("a"), int(5)], int(5)),
        (set(&[1, 2]), "union", vec![ints(&[3])], set(&[1, 2, 3])),
        (set(&[1, 2]), "intersection", vec![set(&[2, 3])], set(&[2])),
        (set(&[1, 2]), "difference", vec![set(&[2, 3])], set(&[1])),
    ];
    for (receiver, name, args, wanted) in cases {
        let shown = format!("{receiver:?}.{name}({args:?})");
        assert_eq!(TestWorld::new().method(&receiver, name, &args).expect(&shown), wanted, "{shown}");
    }
}

#[test]
fn methods_change_their_receiver() {
    let cases: Vec<(Value, &str, Vec<Value>, Value)> = vec![
        (ints(&[1]), "push", vec![int(2)], ints(&[1, 2])),
        (ints(&[1, 2]), "insert", vec![int(-1), int(9)], ints(&[1, 9, 2])),
        (ints(&[1, 2]), "insert", vec![int(99), int(9)], ints(&[1, 2, 9])),
        (ints(&[1, 2, 1]), "remove", vec![int(1)], ints(&[2, 1])),
        (list(&[ints(&[1]), int(2)]), "remove", vec![ints(&[1])], ints(&[2])),
        (ints(&[1]), "extend", vec![Value::range(2, 4)], ints(&[1, 2, 3])),
        (ints(&[1]), "clear", vec![], ints(&[])),
        (ints(&[3, 1, 2]), "sort", vec![], ints(&[1, 2, 3])),
        (list(&[ints(&[2]), ints(&[1])]), "sort", vec![], list(&[ints(&[1]), ints(&[2])])),
        (ints(&[1, 2]), "reverse", vec![], ints(&[2, 1])),
        (map(&[("a", int(1))]), "update", vec![map(&[("b", int(2))])], map(&[("a", int(1)), ("b", int(2))])),
        (map(&[]), "update", vec![list(&[list(&[text("b"), int(2)])])], map(&[("b", int(2))])),
        (map(&[("a", int(1))]), "clear", vec![], map(&[])),
        (set(&[1]), "add", vec![int(2)], set(&[1, 2])),
        (set(&[1, 2]), "remove", vec![int(1)], set(&[2])),
        (set(&[1]), "discard", vec![int(5)], set(&[1])),
        (set(&[1]), "update", vec![ints(&[2, 3])], set(&[1, 2, 3])),
    ];
    for (receiver, name, args, wanted) in cases {
        TestWorld::new().method(&receiver, name, &args).expect(name);
        assert_eq!(receiver, wanted, "{name}");
    }
    let itself = ints(&[1, 2]);
    TestWorld::new().method(&itself, "extend", std::slice::from_ref(&itself)).unwrap();
    assert_eq!(itself, ints(&[1, 2, 1, 2]));
}

#[test]
fn methods_say_what_is_wrong() {
    let cases: Vec<(Value, &str, Vec<Value>, Kind, &str)> = vec![
        (ints(&[]), "pop", vec![], Kind::Index, "pop from an empty list"),
        (
            ints(&[1]),
            "pop",
            vec![int(3)],
            Kind::Index,
            "pop(3): the index is outside the list, which has 1 element",
        ),
        (ints(&[1]), "remove", vec![int(3)], Kind::Value, "xs.remove(3): it is not in the list"),
        (
            ints(&[1]),
            "extend",
            vec![int(3)],
            Kind::Type,
            "xs.extend(xs) takes a list, map, set, str or range, not an int",
        ),
        (list(&[int(1), text("a")]), "sort", vec![], Kind::Type, "cannot use < between int and str"),
        (map(&[]), "pop", vec![text("a")], Kind::Key, "m.pop(\"a\"): the map has no such key"),
        (
            map(&[]),
            "get",
            vec![list(&[])],
            Kind::Type,
            "a list cannot be a key of a map or a member of a set",
        ),
        (
            map(&[]),
            "update",
            vec![ints(&[1])],
            Kind::Type,
            "m.update(other) takes a map or a list of [key, value], not an int",
        ),
        (set(&[]), "remove", vec![int(1)], Kind::Key, "s.remove(1): it is not in the set"),
        (set(&[]), "pop", vec![], Kind::Key, "pop from an empty set"),
        (
            text("a"),
            "join",
            vec![ints(&[1])],
            Kind::Type,
            "text.join(xs) takes texts, not an int (element 0)",
        ),
        (text("a"), "split", vec![text("")], Kind::Value, "text.split(sep): the separator is empty"),
        (
            text("a"),
            "ljust",
            vec![int(i64::MAX)],
            Kind::Memory,
            "a str of 9223372036854775807 bytes would take more than 1 GB",
        ),
        (
            text("a"),
            "rjust",
            vec![int(3), text("xy")],
            Kind::Value,
            "text.rjust(width, fill) takes one character as fill, not 2",
        ),
    ];
    for (receiver, name, args, kind, message) in cases {
        let error = TestWorld::new().method(&receiver, name, &args).expect_err(message);
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
    }
}

#[test]
fn a_key_is_called_by_the_machine() {
    let key = Value::Function(0);
    let mut world = TestWorld::new();
    for name in ["sorted", "min", "max"] {
        let outcome = world.call_named(name, &[ints(&[2, 1])], &[("key", key.clone())]).unwrap();
        let Outcome::Call(Value::Builtin(row), args) = outcome else {
            panic!("{name} gave {outcome:?}");
        };
        assert!(matches!(row.body, Body::Script(_)) && row.parameters.len() == args.len(), "{name}");
    }
    // The list was changed between asking for the keys and setting it: nothing is lost.
    let changed = ints(&[3, 1, 2]);
    let args = [changed.clone(), ints(&[3, 1]), ints(&[3, 1]), Value::Bool(false)];
    assert_eq!(world.call("__set_sorted", &args).unwrap_err().kind, Kind::State);
    let args = [changed.clone(), ints(&[3, 1, 2]), ints(&[-3, -1, -2]), Value::Bool(false)];
    world.call("__set_sorted", &args).unwrap();
    assert_eq!(changed, ints(&[3, 2, 1]));
}

#[test]
fn properties_tell() {
    let mut world = TestWorld::new();
    assert_eq!(world.property(&text("余额"), "len"), int(2));
    assert_eq!(world.property(&set(&[1]), "len"), int(1));
    assert_eq!(world.property(&Value::Duration(1_500_000_000), "seconds"), float(1.5));
    assert_eq!(world.property(&Value::Duration(1_500_000), "us"), float(1500.0));
    let error = Value::error(Error::new(Kind::Timeout, "late").hint("wait"));
    assert_eq!(world.property(&error, "kind"), text("timeout"));
    assert_eq!(world.property(&error, "message"), text("late"));
    assert_eq!(world.property(&error, "line"), Value::Nil);
    assert_eq!(world.property(&error, "hints"), texts(&["wait"]));
    assert_eq!(world.property(&Value::Function(0), "name"), text("area"));
}
