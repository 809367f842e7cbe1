//! What holds for values of every type: tables of operations, laws tried on random values, and great depths.

use super::error::Kind;
use super::object::Closure;
use super::*;
use crate::builtin::test_world::{account, program, thread};
use crate::syntax::tree::{BinaryOperator, CompareOperator, UnaryOperator};
use compare::{contains, equal, order};
use proptest::prelude::*;
use std::hash::{BuildHasher, RandomState};

const SECOND: i64 = duration::SECOND;

fn int(n: i64) -> Value {
    Value::Int(n)
}

fn float(x: f64) -> Value {
    Value::Float(x)
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn span(ns: i64) -> Value {
    Value::Duration(ns)
}

fn ints(values: &[i64]) -> Value {
    Value::list(values.iter().copied().map(Value::Int).collect())
}

fn set(values: &[i64]) -> Value {
    Value::set(values.iter().copied().map(Value::Int).collect())
}

fn map(entries: &[(Value, Value)]) -> Value {
    Value::map(entries.iter().cloned().collect())
}

fn operator(sign: &str) -> BinaryOperator {
    match sign {
        "+" => BinaryOperator::Add,
        "-" => BinaryOperator::Subtract,
        "*" => BinaryOperator::Multiply,
        "/" => BinaryOperator::Divide,
        "//" => BinaryOperator::FloorDivide,
        "%" => BinaryOperator::Modulo,
        "**" => BinaryOperator::Power,
        "&" => BinaryOperator::And,
        "|" => BinaryOperator::Or,
        "^" => BinaryOperator::Xor,
        "<<" => BinaryOperator::ShiftLeft,
        ">>" => BinaryOperator::ShiftRight,
        other => panic!("{other}"),
    }
}

#[test]
fn operators_give_what_they_should() {
    let cases = vec![
        (int(2), "+", int(3), int(5)),
        (int(7), "/", int(2), float(3.5)),
        (int(-7), "//", int(2), int(-4)),
        (int(7), "//", int(-2), int(-4)),
        (int(-7), "%", int(2), int(1)),
        (int(7), "%", int(-2), int(-1)),
        (int(i64::MIN), "%", int(-1), int(0)),
        (float(-7.5), "//", int(2), float(-4.0)),
        (float(-7.5), "%", int(2), float(0.5)),
        (int(2), "**", int(10), int(1024)),
        (int(2), "**", int(-1), float(0.5)),
        (int(-1), "**", int(i64::MAX), int(-1)),
        (int(0), "**", int(0), int(1)),
        (float(2.0), "**", int(3), float(8.0)),
        (int(1), "+", float(0.5), float(1.5)),
        (int(6), "&", int(3), int(2)),
        (int(6), "|", int(3), int(7)),
        (int(6), "^", int(3), int(5)),
        (int(1), "<<", int(62), int(1 << 62)),
        (int(0), "<<", int(1000), int(0)),
        (int(-1), "<<", int(63), int(i64::MIN)),
        (int(-8), ">>", int(1), int(-4)),
        (int(-8), ">>", int(1000), int(-1)),
        (int(8), ">>", int(64), int(0)),
        (Value::Bool(true), "&", Value::Bool(false), Value::Bool(false)),
        (Value::Bool(true), "|", Value::Bool(false), Value::Bool(true)),
        (text("ab"), "+", text("cd"), text("abcd")),
        (text("a longer text "), "+", text("than 14 bytes"), text("a longer text than 14 bytes")),
        (text("ab"), "*", int(3), text("ababab")),
        (int(2), "*", text("ab"), text("abab")),
        (text("ab"), "*", int(-1), text("")),
        (ints(&[1]), "+", ints(&[2]), ints(&[1, 2])),
        (ints(&[1, 2]), "*", int(2), ints(&[1, 2, 1, 2])),
        (ints(&[]), "*", int(i64::MAX), ints(&[])),
        (set(&[1, 2]), "|", set(&[2, 3]), set(&[1, 2, 3])),
        (set(&[1, 2]), "&", set(&[2, 3]), set(&[2])),
        (set(&[1, 2]), "-", set(&[2, 3]), set(&[1])),
        (set(&[1, 2]), "^", set(&[2, 3]), set(&[1, 3])),
        (int(2), "*", span(SECOND), span(2 * SECOND)),
        (span(SECOND), "*", float(0.5), span(SECOND / 2)),
        (span(SECOND), "+", span(SECOND / 2), span(3 * SECOND / 2)),
        (span(SECOND), "-", span(2 * SECOND), span(-SECOND)),
        (span(SECOND), "/", int(4), span(SECOND / 4)),
        (span(SECOND), "/", span(2 * SECOND), float(0.5)),
        (span(5), "//", span(2), int(2)),
        (span(-5), "//", span(2), int(-3)),
        (span(5), "//", int(2), span(2)),
        (span(-5), "%", span(3), span(1)),
    ];
    for (left, sign, right, wanted) in cases {
        let shown = format!("{left:?} {sign} {right:?}");
        let value = operate::binary(operator(sign), &left, &right).expect(&shown);
        assert_eq!(value, wanted, "{shown}");
        assert_eq!(value.kind(), wanted.kind(), "{shown}");
    }
    let itself = ints(&[1]);
    assert_eq!(operate::binary(BinaryOperator::Add, &itself, &itself).unwrap(), ints(&[1, 1]));
    let itself = set(&[1]);
    assert_eq!(operate::binary(BinaryOperator::And, &itself, &itself).unwrap(), set(&[1]));
}

#[test]
fn operators_say_what_is_wrong() {
    let cases = vec![
        (int(i64::MAX), "+", int(1), Kind::Overflow, "9223372036854775807 + 1 does not fit in 64 bits"),
        (int(i64::MIN), "//", int(-1), Kind::Overflow, "-9223372036854775808 // -1 does not fit in 64 bits"),
        (int(3), "**", int(99), Kind::Overflow, "3 ** 99 does not fit in 64 bits"),
        (int(1), "<<", int(63), Kind::Overflow, "1 << 63 does not fit in 64 bits"),
        (int(1), "<<", int(-1), Kind::Value, "1 << -1: cannot shift by a negative count"),
        (int(1), "/", int(0), Kind::Zero, "1 / 0 divides by zero"),
        (float(1.0), "%", int(0), Kind::Zero, "1.0 % 0 divides by zero"),
        (int(0), "**", int(-1), Kind::Zero, "0 ** -1 divides by zero"),
        (span(SECOND), "//", int(0), Kind::Zero, "1s // 0 divides by zero"),
        (float(-8.0), "**", float(0.5), Kind::Value, "-8.0 ** 0.5 is not a real number"),
        (text("n is "), "+", int(3), Kind::Type, "cannot use + between str and int"),
        (Value::Bool(true), "+", int(1), Kind::Type, "cannot use + between bool and int"),
        (span(SECOND), "+", int(1), Kind::Type, "cannot use + between duration and int"),
        (int(1), "/", span(SECOND), Kind::Type, "cannot use / between int and duration"),
        (float(1.0), "&", int(1), Kind::Type, "cannot use & between float and int"),
        (
            span(i64::MAX),
            "*",
            int(2),
            Kind::Overflow,
            "9223372036.854775807s * 2 is too long: a duration has at most 292 years",
        ),
        (
            text("ab"),
            "*",
            int(1 << 40),
            Kind::Memory,
            "a str of 2199023255552 bytes would take more than 1 GB",
        ),
        (
            ints(&[1]),
            "*",
            int(1 << 40),
            Kind::Memory,
            "a list of 1099511627776 elements would take more than 1 GB",
        ),
        (text("abc"), "*", int(i64::MAX), Kind::Memory, "a str would take more than 1 GB"),
    ];
    for (left, sign, right, kind, message) in cases {
        let error = operate::binary(operator(sign), &left, &right).expect_err(message);
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
    }
    let error = operate::binary(BinaryOperator::Add, &text("n is "), &int(3)).unwrap_err();
    assert_eq!(error.hints, ["to join texts, use \"{x}\" or str(x): here x is 3"]);
    let error = operate::unary(UnaryOperator::Negate, &int(i64::MIN)).unwrap_err();
    assert_eq!(error.message, "-(-9223372036854775808) does not fit in 64 bits");
    assert_eq!(operate::unary(UnaryOperator::Negate, &text("a")).unwrap_err().kind, Kind::Type);
    assert_eq!(operate::unary(UnaryOperator::Invert, &int(5)).unwrap(), int(-6));
    assert_eq!(operate::unary(UnaryOperator::Not, &text("")).unwrap(), Value::Bool(true));
}

#[test]
fn values_compare_as_they_should() {
    let less = |a: &Value, b: &Value| compare::compare(CompareOperator::Less, a, b);
    let cases = [
        (int(1), float(1.5), true),
        (text("Z"), text("a"), true),
        (ints(&[1, 2]), ints(&[1, 3]), true),
        (ints(&[1]), ints(&[1, 0]), true),
        (span(1), span(2), true),
        (Value::Bool(false), Value::Bool(true), true),
        (set(&[1]), set(&[1, 2]), true),
        (set(&[1]), set(&[1]), false),
        (set(&[1]), set(&[2, 3]), false),
        (float(f64::NAN), int(1), false),
        (Value::list(vec![Value::Nil, int(1)]), Value::list(vec![Value::Nil, int(2)]), true),
    ];
    for (a, b, wanted) in cases {
        assert_eq!(less(&a, &b).unwrap(), wanted, "{a:?} < {b:?}");
    }
    for operator in [CompareOperator::Less, CompareOperator::GreaterEqual, CompareOperator::Equal] {
        assert!(!compare::compare(operator, &float(f64::NAN), &float(f64::NAN)).unwrap());
    }
    let error = less(&text("a"), &int(1)).unwrap_err();
    assert_eq!(error.message, "cannot use < between str and int");
    assert!(less(&Value::Nil, &Value::Nil).is_err());
    assert!(!equal(&Value::Bool(true), &int(1)));
    assert!(equal(&int(1), &float(1.0)));
    assert!(equal(
        &map(&[(int(1), ints(&[2])), (text("b"), int(3))]),
        &map(&[(text("b"), int(3)), (float(1.0), ints(&[2]))])
    ));
    assert!(!equal(&map(&[(int(1), ints(&[2]))]), &map(&[(int(1), ints(&[3]))])));
    assert!(!equal(&account(Value::Nil, Value::Nil), &account(Value::Nil, Value::Nil)));
}

#[test]
fn membership_is_found() {
    let cases = [
        (ints(&[1, 2]), float(2.0), true),
        (Value::list(vec![ints(&[1])]), ints(&[1]), true),
        (map(&[(int(1), Value::Nil)]), float(1.0), true),
        (set(&[1]), int(2), false),
        (text("hello"), text("ell"), true),
        (Value::range(0, 5), int(5), false),
        (Value::range(0, 5), float(4.0), true),
        (Value::range(0, 5), text("1"), false),
    ];
    for (container, item, wanted) in cases {
        assert_eq!(contains(&container, &item).unwrap(), wanted, "{item:?} in {container:?}");
    }
    assert_eq!(contains(&int(1), &int(1)).unwrap_err().kind, Kind::Type);
    assert_eq!(contains(&text("1"), &int(1)).unwrap_err().kind, Kind::Type);
    assert_eq!(contains(&set(&[1]), &ints(&[1])).unwrap_err().kind, Kind::Type);
}

#[test]
fn elements_are_read_and_written() {
    let unicode = text("余额abc余额abc余额abc");
    let cases = [
        (ints(&[1, 2, 3]), int(-1), int(3)),
        (text("abc"), int(1), text("b")),
        (unicode.clone(), int(1), text("额")),
        (unicode.clone(), int(-1), text("c")),
        (map(&[(text("a"), int(1))]), text("a"), int(1)),
        (Value::range(5, 8), int(-1), int(7)),
        (ints(&[1, 2, 3]), Value::range(-3, -1), ints(&[1, 2])),
        (unicode.clone(), Value::range(4, 7), text("c余额")),
        (text("abc"), Value::range(2, 99), text("c")),
        (Value::range(0, 10), Value::range(2, -3), Value::range(2, 7)),
    ];
    for (object, at, wanted) in cases {
        assert_eq!(index::get(&object, &at).unwrap(), wanted, "{object:?}[{at:?}]");
    }
    let cases = [
        (ints(&[1]), int(1), Kind::Index, "index 1 is outside the list, which has 1 element"),
        (text("a"), int(-2), Kind::Index, "index -2 is outside the str, which has 1 character"),
        (
            ints(&[1]),
            int(i64::MIN),
            Kind::Index,
            "index -9223372036854775808 is outside the list, which has 1 element",
        ),
        (ints(&[1]), text("a"), Kind::Type, "the index of a list is an int, not str"),
        (int(1), int(1), Kind::Type, "an int has no elements to index"),
        (map(&[(text("owner"), int(1))]), text("Owner"), Kind::Key, "the map has no key \"Owner\""),
    ];
    for (object, at, kind, message) in cases {
        let error = index::get(&object, &at).expect_err(message);
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
    }
    let error = index::get(&map(&[(text("owner"), int(1))]), &text("Owner")).unwrap_err();
    assert_eq!(error.hints[0], "did you mean \"owner\"?");
    let xs = ints(&[1, 2]);
    index::set(&xs, &int(-1), int(9)).unwrap();
    assert_eq!(xs, ints(&[1, 9]));
    assert_eq!(index::set(&xs, &int(2), int(9)).unwrap_err().kind, Kind::Index);
    assert_eq!(index::set(&text("a"), &int(0), text("b")).unwrap_err().kind, Kind::Type);
    assert_eq!(index::set(&map(&[]), &xs, int(0)).unwrap_err().kind, Kind::Type);
}

#[test]
fn values_are_shown() {
    let ring = ints(&[1]);
    let Value::List(inner) = &ring else { panic!("no list") };
    inner.lock().push(ring.clone());
    let cases = [
        (Value::Nil, "nil"),
        (Value::Bool(true), "true"),
        (float(2.0), "2.0"),
        (span(250_000_000), "250ms"),
        (Value::range(0, 5), "0..5"),
        (text("a\"b"), "a\"b"),
        (Value::list(vec![text("a\"{\n"), Value::Nil]), "[\"a\\\"\\{\\n\", nil]"),
        (map(&[(text("a"), int(1)), (int(2), ints(&[]))]), "{\"a\": 1, 2: []}"),
        (map(&[]), "{}"),
        (set(&[1, 2]), "set([1, 2])"),
        (ring.clone(), "[1, [...]]"),
        (Value::Function(0), "<fn area>"),
        (account(text("ann"), ints(&[1])), "<Account owner=\"ann\" balance=[1]>"),
        (account(account(Value::Nil, Value::Nil), int(0)), "<Account owner=<Account> balance=0>"),
        (Value::error(Error::new(Kind::Timeout, "late")), "late"),
        (
            Value::list(vec![Value::error(Error::new(Kind::Timeout, "late"))]),
            "[error(\"timeout\", \"late\")]",
        ),
        (Value::Thread(thread("teller-1")), "<thread teller-1 running>"),
    ];
    for (value, shown) in cases {
        assert_eq!(show::display(&value, &program()), shown);
    }
    let shared = ints(&[]);
    assert_eq!(show::repr(&Value::list(vec![shared.clone(), shared]), &program()), "[[], []]");
    inner.lock().clear();
}

#[test]
fn copies_keep_sharing_and_rings() {
    let shared = ints(&[1]);
    let ring = Value::list(vec![shared.clone(), shared.clone()]);
    let Value::List(inner) = &ring else { panic!("no list") };
    inner.lock().push(ring.clone());
    let copied = copy::deep(&ring).unwrap();
    let Value::List(copy) = &copied else { panic!("no list") };
    let parts = copy.snapshot();
    assert!(compare::same(&parts[0], &parts[1]) && !compare::same(&parts[0], &shared));
    assert!(compare::same(&parts[2], &copied));
    inner.lock().clear();
    copy.lock().clear();

    let cell = Arc::new(Cell::new(int(5)));
    let closure =
        Value::Closure(Arc::new(Closure { function: 0, captured: [Value::Cell(cell.clone())].into() }));
    let both = Value::list(vec![closure.clone(), account(closure, int(1)), Value::Thread(thread("t"))]);
    let Value::List(copy) = copy::deep(&both).unwrap() else { panic!("no list") };
    let parts = copy.snapshot();
    let (Value::Closure(copied), Value::Object(object)) = (&parts[0], &parts[1]) else { panic!("{parts:?}") };
    assert!(compare::same(&object.fields[0].get(), &parts[0]));
    let Value::Cell(copied) = &copied.captured[0] else { panic!("no cell") };
    copied.set(int(6));
    assert_eq!(cell.get(), int(5));
    assert!(compare::same(&parts[2], &index::get(&both, &int(2)).unwrap()));
}

/// A list nested a million deep, and a chain of objects and closures.
#[test]
fn depth_needs_no_stack() {
    const DEPTH: usize = 1_000_000;
    let nest = |wrap: fn(Value) -> Value| (0..DEPTH).fold(int(0), |value, _| wrap(value));
    let deep = nest(|value| Value::list(vec![value]));
    assert_eq!(show::display(&deep, &program()).len(), 2 * DEPTH + 1);
    let copied = copy::deep(&deep).unwrap();
    assert!(equal(&deep, &copied));
    assert_eq!(order(&deep, &copied).unwrap(), std::cmp::Ordering::Equal);
    drop((deep, copied));
    drop(nest(|value| map(&[(int(1), value)])));
    drop(nest(|value| account(value, Value::Nil)));
    let closures = nest(|value| Value::Closure(Arc::new(Closure { function: 0, captured: [value].into() })));
    drop(copy::deep(&closures).unwrap());
    drop(closures);
    drop(nest(|value| Value::Cell(Arc::new(Cell::new(value)))));
    drop(nest(|value| Value::set([account(Value::Nil, value)].into_iter().collect())));
}

/// Two rings of different length that look alike for ever are equal, and comparing them ends.
#[test]
fn rings_compare() {
    let ring = |length: usize| {
        let first = ints(&[]);
        let last = (1..length).fold(first.clone(), |value, _| Value::list(vec![value]));
        let Value::List(inner) = &first else { panic!("no list") };
        inner.lock().push(last);
        first
    };
    let (a, b) = (ring(2), ring(3));
    assert!(equal(&a, &b));
    assert_eq!(order(&a, &b).unwrap(), std::cmp::Ordering::Equal);
    for value in [a, b] {
        let Value::List(list) = value else { panic!("no list") };
        list.lock().clear();
    }
}

/// Two threads that look into the same containers from both ends, and change them, never wait for each other.
#[test]
fn containers_never_deadlock() {
    let (a, b) = (ints(&[1, 2]), ints(&[1, 2]));
    let work = |one: Value, other: Value| {
        move || {
            for n in 0..2000 {
                let (Value::List(list), Value::List(_)) = (&one, &other) else { panic!("no lists") };
                list.replace(vec![other.clone(), int(n % 3), one.clone()]);
                equal(&one, &other);
                let _ = order(&one, &other);
                let _ = contains(&one, &other);
                let _ = operate::binary(BinaryOperator::Add, &one, &other);
                let _ = copy::deep(&one);
                show::display(&one, &program());
                let _ = sort::sorted(vec![one.clone(), other.clone(), one.clone()], false);
            }
        }
    };
    let threads =
        [std::thread::spawn(work(a.clone(), b.clone())), std::thread::spawn(work(b.clone(), a.clone()))];
    for thread in threads {
        thread.join().unwrap();
    }
    for value in [a, b] {
        let Value::List(list) = value else { panic!("no list") };
        list.replace(Vec::new());
    }
}

fn plain_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-3i64..4).prop_map(Value::Int),
        (-3i64..4).prop_map(|n| Value::Float(n as f64)),
        any::<f64>().prop_map(Value::Float),
        any::<i64>().prop_map(Value::Duration),
        "[ab]{0,3}".prop_map(|text| Value::text(&text)),
        ".{0,20}".prop_map(|text| Value::text(&text)),
        (-4i64..4, -4i64..4).prop_map(|(start, end)| Value::range(start, end)),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    plain_value().prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::list),
            prop::collection::vec((plain_value(), inner), 0..4).prop_map(|entries| map(&entries)),
            prop::collection::vec(plain_value(), 0..4)
                .prop_map(|members| Value::set(members.into_iter().collect())),
        ]
    })
}

const OPERATORS: [&str; 12] = ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>"];

proptest! {
    #[test]
    fn equal_values_hash_alike(a in plain_value(), b in plain_value()) {
        let state = RandomState::new();
        if a == b {
            prop_assert_eq!(state.hash_one(&a), state.hash_one(&b));
        }
        prop_assert!(a == a.clone());
        prop_assert_eq!(a == b, b == a);
    }

    #[test]
    fn order_is_antisymmetric(a in any_value(), b in any_value()) {
        match (order(&a, &b), order(&b, &a)) {
            (Ok(one), Ok(other)) => prop_assert_eq!(one, other.reverse()),
            (Err(_), Err(_)) => {}
            (one, other) => prop_assert!(false, "{:?} {:?}", one, other),
        }
    }

    #[test]
    fn order_is_transitive(mut values in prop::collection::vec(prop_oneof![any::<f64>().prop_map(Value::Float), any::<i64>().prop_map(Value::Int), (-3i64..4).prop_map(Value::Int)], 3)) {
        values.sort_by(|a, b| order(a, b).unwrap());
        prop_assert!(order(&values[0], &values[2]).unwrap().is_le());
    }

    #[test]
    fn floor_division_and_modulo_belong_together(a in any::<i64>(), b in any::<i64>()) {
        if b != 0 && !(a == i64::MIN && b == -1) {
            let quotient = number::floor_quotient(a, b).unwrap();
            let remainder = number::floor_remainder(a, b);
            prop_assert_eq!(i128::from(quotient) * i128::from(b) + i128::from(remainder), i128::from(a));
            prop_assert!(remainder == 0 || (remainder < 0) == (b < 0));
            prop_assert!(remainder.unsigned_abs() < b.unsigned_abs());
        }
    }

    #[test]
    fn operators_never_panic(a in any_value(), b in any_value(), sign in 0usize..12) {
        let repeats = matches!((&a, &b), (Value::Int(n), _) | (_, Value::Int(n)) if *n > 1000);
        if !(repeats && OPERATORS[sign] == "*") {
            let _ = operate::binary(operator(OPERATORS[sign]), &a, &b);
        }
        for operator in [UnaryOperator::Not, UnaryOperator::Negate, UnaryOperator::Plus, UnaryOperator::Invert] {
            let _ = operate::unary(operator, &a);
        }
    }

    #[test]
    fn indexing_never_panics(object in any_value(), at in any_value(), start in any::<Option<i64>>(), end in any::<Option<i64>>(), near in -6i64..6) {
        let _ = index::get(&object, &at);
        let _ = index::get(&object, &Value::Int(near));
        let _ = index::slice(&object, start, end);
        let _ = index::slice(&object, Some(near), end);
        let _ = contains(&object, &at);
        let _ = index::set(&object, &at, Value::Nil);
    }

    #[test]
    fn slices_are_those_of_python(values in prop::collection::vec(any::<u8>(), 0..8), start in -10i64..10, end in -10i64..10) {
        let value = Value::list(values.iter().map(|n| Value::Int(i64::from(*n))).collect());
        let length = values.len() as i64;
        let place = |at: i64| (if at < 0 { at + length } else { at }).clamp(0, length);
        let wanted: Vec<Value> = (place(start)..place(end)).map(|at| Value::Int(i64::from(values[at as usize]))).collect();
        prop_assert_eq!(index::slice(&value, Some(start), Some(end)).unwrap(), Value::list(wanted));
    }

    #[test]
    fn formats_never_panic(value in any_value(), spec in ".{0,8}", likely in "[*0]?[<>^=]?[+ -]?0?[0-9]{0,2},?(\\.[0-9]{1,3})?[dfexXbo%s]?") {
        let _ = format::format(&value, &spec, &program());
        let _ = format::format(&value, &likely, &program());
    }

    #[test]
    fn copies_are_equal_and_shown_alike(value in any_value()) {
        let copied = copy::deep(&value).unwrap();
        let shown = show::repr(&value, &program());
        prop_assert_eq!(&shown, &show::repr(&copied, &program()));
        if !shown.contains("nan") {
            prop_assert!(equal(&value, &copied));
        }
    }

    #[test]
    fn floats_and_durations_read_back(x in any::<f64>(), ns in any::<i64>()) {
        let shown = number::float_text(x);
        prop_assert!(x.is_nan() || shown.parse::<f64>().unwrap().to_bits() == x.to_bits());
        let shown = duration::text(ns);
        let digits = shown.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &shown[digits.len()..] { "s" => 9, "ms" => 6, "us" => 3, other => panic!("{other}") };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let read: i128 = format!("{whole}{fraction:0<unit$}").parse().unwrap();
        prop_assert_eq!(read, i128::from(ns));
    }
}
