//! Laws, tried on random values.

use super::*;
use crate::builtin::test_world::program;
use crate::syntax::tree::UnaryOperator;
use crate::value::compare::{contains, equal, order};
use proptest::prelude::*;
use std::hash::{BuildHasher, RandomState};

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
