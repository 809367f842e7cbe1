//! Tables of operations, and what comes of them.

use super::*;
use crate::builtin::test_world::{account, program, thread};
use crate::syntax::tree::{BinaryOperator, CompareOperator, UnaryOperator};
use crate::value::compare::{contains, equal};
use crate::value::error::Kind;

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
        (ints(&[1]), text("a"), Kind::Type, "the index of a list is an int, not a str"),
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
