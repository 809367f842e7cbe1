//! Branches, loops, errors.

use super::check;

#[test]
fn if_jumps_over_what_is_not_done() {
    check(
        r#"fn f(a, b) { if a < b { return a } else { return b } }"#,
        r#"
  0 unless_less a:0 b:1 to:3
  1 return s:0
  2 jump to:4
  3 return s:1
  4 return_nil
"#,
    );
}

#[test]
fn a_condition_is_tested_where_it_jumps() {
    check(
        r#"fn f(a, b) { if a > 3 and not (b or a == 1) { return 1 } }"#,
        r#"
  0 unless_greater_int a:0 value:3 to:7
  1 jump_unless a:1 to:3
  2 jump to:4
  3 unless_equal_int a:0 value:1 to:5
  4 jump to:7
  5 int d:2 value:1
  6 return s:2
  7 return_nil
"#,
    );
}

#[test]
fn while_tests_at_its_end() {
    check(
        r#"fn f(n) { while n > 0 { n -= 1 } }"#,
        r#"
  0 unless_greater_int a:0 value:0 to:5
  1 add_int d:0 a:0 value:-1
  2 int d:1 value:0
  3 compare operator:Greater d:2 a:0 b:1
  4 loop_if a:2 to:1
  5 return_nil
"#,
    );
}

#[test]
fn break_and_continue() {
    check(
        r#"fn f(n) { loop { if n == 1 { break }; if n == 2 { continue }; n += 1 } }"#,
        r#"
  0 unless_equal_int a:0 value:1 to:2
  1 jump to:6
  2 unless_equal_int a:0 value:2 to:4
  3 jump to:5
  4 add_int d:0 a:0 value:1
  5 loop to:0
  6 return_nil
"#,
    );
}

#[test]
fn repeat_counts_down() {
    check(
        r#"fn f(n) { repeat 3 { n += 1 } }"#,
        r#"
  0 int d:1 value:3
  1 count_check a:1
  2 jump to:4
  3 add_int d:0 a:0 value:1
  4 loop_count a:1 to:3
  5 return_nil
"#,
    );
}

#[test]
fn a_loop_that_only_joins_waits_for_all_at_once() {
    check(
        r#"fn f(ts) { for t in ts { join t } }"#,
        r#"
  0 move d:2 s:0
  1 iterate at:2
  2 constant d:1 index:0  ; <fn __join_each>
  3 call at:1 shape:0  ; (1)
  4 bool d:2 value:true
  5 compare operator:Equal d:2 a:1 b:2
  6 jump_if a:2 to:13
  7 iterate at:1
  8 jump to:12
  9 move d:5 s:3
 10 constant d:4 index:1  ; <fn __join>
 11 call at:4 shape:0  ; (1)
 12 loop_items at:1 to:9
 13 return_nil
"#,
    );
}

#[test]
fn for_over_a_range_and_over_items() {
    check(
        r#"fn f(xs) { for i in 0..10 { }; for x in xs { } }"#,
        r#"
  0 int d:1 value:0
  1 int d:2 value:10
  2 range_check at:1 inclusive:false
  3 jump to:4
  4 loop_range at:1 to:4
  5 move d:1 s:0
  6 iterate at:1
  7 jump to:8
  8 loop_items at:1 to:8
  9 return_nil
"#,
    );
}

#[test]
fn try_catches_by_kind() {
    check(
        r#"fn f(g) { try { g() } catch "closed" e { return e } }"#,
        r#"
  0 move d:1 s:0
  1 call at:1 shape:0  ; (0)
  2 jump to:10
  3 is_kind d:2 s:1 kind:0  ; closed
  4 jump_if a:2 to:6
  5 jump to:9
  6 move d:3 s:1
  7 return s:3
  8 jump to:10
  9 rethrow s:1
 10 return_nil
catch 0..2 -> 3 error:1
"#,
    );
}

#[test]
fn finally_is_done_on_every_way_out() {
    check(
        r#"fn f(g) { try { g() } finally { print(1) } }"#,
        r#"
  0 move d:1 s:0
  1 call at:1 shape:0  ; (0)
  2 int d:4 value:1
  3 unset d:1
  4 unset d:2
  5 unset d:3
  6 call_builtin at:1 count:4 row:0  ; print
  7 jump to:15
  8 int d:5 value:1
  9 unset d:2
 10 unset d:3
 11 unset d:4
 12 call_builtin at:2 count:4 row:0  ; print
 13 rethrow s:1
 14 supersede s:2 earlier:1
 15 return_nil
cleanup 0..2 -> 8 error:1
cleanup 8..13 -> 14 error:2
"#,
    );
}

#[test]
fn assert_tells_both_operands() {
    check(
        r#"fn f(a) { assert a == 1, "one" }"#,
        r#"
  0 move d:1 s:0
  1 int d:2 value:1
  2 compare operator:Equal d:3 a:1 b:2
  3 jump_if a:3 to:6
  4 constant d:3 index:0  ; "one"
  5 assert_compared message:3 at:1
  6 return_nil
"#,
    );
}
