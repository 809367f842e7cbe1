//! What constructs become: the listing of the function `f` of each script.

use crate::code::listing::listing;
use crate::source::Source;
use std::sync::Arc;

fn of_f(text: &str) -> String {
    let source = Arc::new(Source::new("test", text));
    let (script, errors) = crate::syntax::parse(&source);
    assert!(errors.is_empty(), "{text}: {errors:?}");
    let (resolution, _) = crate::resolve::resolve(&script, &source);
    let program = super::lower(&source, &script, &resolution).expect("it is small");
    let function = program.functions.iter().find(|function| &*function.name == "f").expect("a function f");
    listing(&program, function)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let found = of_f(text);
    assert_eq!(found.trim_end(), expected.trim_matches('\n'), "\n{text}\n{found}");
}

#[test]
fn parameters_and_arithmetic() {
    check(
        r#"fn f(a, b) { return a + b * 2 - 1 }"#,
        r#"
  0 multiply_int d:4 a:1 value:2
  1 add d:3 a:0 b:4
  2 add_int d:2 a:3 value:-1
  3 return s:2
  4 return_nil
"#,
    );
}

#[test]
fn a_literal_is_an_operand_or_a_constant() {
    check(
        r#"fn f() { return [1, 2.5, "text", nil, true] }"#,
        r#"
  0 int d:1 value:1
  1 constant d:2 index:0  ; 2.5
  2 constant d:3 index:1  ; "text"
  3 nil d:4
  4 bool d:5 value:true
  5 list d:0 at:1 count:5
  6 return s:0
  7 return_nil
"#,
    );
}

#[test]
fn a_default_is_made_when_the_argument_is_missing() {
    check(
        r#"fn f(a, b = 2) { return b }"#,
        r#"
  0 jump_set a:1 to:2
  1 int d:1 value:2
  2 return s:1
  3 return_nil
"#,
    );
}

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
fn a_global_that_changes_is_a_cell() {
    check(
        r#"var count = 0
fn f() { count += 1 }"#,
        r#"
  0 load_global d:0 index:0  ; count
  1 add_int d:0 a:0 value:1
  2 store_global s:0 index:0  ; count
  3 return_nil
"#,
    );
}

#[test]
fn a_global_written_once_is_fixed() {
    check(
        r#"lock m
fn f() { m.acquire() }"#,
        r#"
  0 call_method_fixed at:0 shape:0 index:0  ; acquire(0), m
  1 return_nil
"#,
    );
}

#[test]
fn a_constant_stands_for_its_name() {
    check(
        r#"let limit = 10
fn f() { return limit }"#,
        r#"
  0 int d:0 value:10
  1 return s:0
  2 return_nil
"#,
    );
}

#[test]
fn what_a_closure_changes_is_kept_in_a_cell() {
    check(
        r#"fn f() { var n = 0; let up = fn() { n += 1 }; up(); return n }"#,
        r#"
  0 int d:0 value:0
  1 new_cell d:0
  2 closure d:1 site:0  ; fn captures [0]
  3 move d:2 s:1
  4 call at:2 shape:0  ; (0)
  5 load_cell d:2 cell:0
  6 return s:2
  7 return_nil
"#,
    );
}

#[test]
fn calls_of_what_is_known() {
    check(
        r#"fn g(a, b) { }
fn f() { g(1, b: 2); print(3, end: "") }"#,
        r#"
  0 int d:0 value:1
  1 int d:1 value:2
  2 call_function at:0 function:1  ; g
  3 int d:3 value:3
  4 constant d:1 index:0  ; ""
  5 unset d:0
  6 unset d:2
  7 call_builtin at:0 count:4 row:0  ; print
  8 return_nil
"#,
    );
}

#[test]
fn calls_of_what_is_not() {
    check(
        r#"fn f(g, x) { g(1, k: 2); x.go(1) }"#,
        r#"
  0 move d:2 s:0
  1 int d:3 value:1
  2 int d:4 value:2
  3 call at:2 shape:0  ; (2, k)
  4 int d:3 value:1
  5 call_method_of at:2 shape:1 object:1  ; go(1)
  6 return_nil
"#,
    );
}

#[test]
fn fields_elements_and_slices() {
    check(
        r#"fn f(x) { x.a = x.b; x[0] = x[1]; return x[1..] }"#,
        r#"
  0 get_field d:1 object:0 name:1  ; b
  1 set_field object:0 name:0 s:1  ; a
  2 int d:1 value:0
  3 int d:3 value:1
  4 get_index d:2 object:0 index:3
  5 set_index object:0 index:1 s:2
  6 int d:2 value:1
  7 nil d:3
  8 slice d:1 object:0 at:2
  9 return s:1
 10 return_nil
"#,
    );
}

#[test]
fn texts_are_put_together() {
    check(
        r#"fn f(a) { return "<{a}|{a:3}>" }"#,
        r#"
  0 constant d:2 index:0  ; "<"
  1 move d:3 s:0
  2 constant d:4 index:1  ; "|"
  3 move d:5 s:0
  4 format d:5 s:5 format:0  ; 3
  5 constant d:6 index:2  ; ">"
  6 text d:2 at:2 count:5
  7 move d:1 s:2
  8 return s:1
  9 return_nil
"#,
    );
}

#[test]
fn taking_a_list_apart() {
    check(
        r#"fn f(xs) { let [a, b] = xs; return b }"#,
        r#"
  0 unpack s:0 at:3 count:2
  1 move d:1 s:3
  2 move d:2 s:4
  3 return s:2
  4 return_nil
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
  7 jump to:14
  8 int d:5 value:1
  9 unset d:2
 10 unset d:3
 11 unset d:4
 12 call_builtin at:2 count:4 row:0  ; print
 13 rethrow s:1
 14 return_nil
cleanup 0..2 -> 8 error:1
"#,
    );
}

#[test]
fn with_leaves_on_every_way_out() {
    check(
        r#"lock m
fn f(g) { with m { g() } }"#,
        r#"
  0 enter_fixed index:0  ; m
  1 move d:1 s:0
  2 call at:1 shape:0  ; (0)
  3 leave_fixed index:0  ; m
  4 jump to:7
  5 leave_fixed index:0  ; m
  6 rethrow s:1
  7 return_nil
cleanup 1..3 -> 5 error:1
"#,
    );
}

#[test]
fn return_out_of_with() {
    check(
        r#"lock m
fn f(g) { with m { return g() } }"#,
        r#"
  0 enter_fixed index:0  ; m
  1 move d:2 s:0
  2 call at:2 shape:0  ; (0)
  3 move d:1 s:2
  4 leave_fixed index:0  ; m
  5 return s:1
  6 leave_fixed index:0  ; m
  7 jump to:10
  8 leave_fixed index:0  ; m
  9 rethrow s:1
 10 return_nil
cleanup 1..4 -> 8 error:1
"#,
    );
}

#[test]
fn with_a_timeout() {
    check(
        r#"fn f(m) { with m timeout 1s { } else { return 1 } }"#,
        r#"
  0 constant d:1 index:0  ; 1s
  1 enter_timed d:2 a:0 timeout:1
  2 jump_unless a:2 to:8
  3 leave a:0
  4 jump to:7
  5 leave a:0
  6 rethrow s:3
  7 jump to:10
  8 int d:3 value:1
  9 return s:3
 10 return_nil
"#,
    );
}

#[test]
fn starting_a_call_and_a_block() {
    check(
        r#"fn f(g) { start g(1); start { } }"#,
        r#"
  0 move d:2 s:0
  1 int d:3 value:1
  2 prepare at:2 shape:0  ; (1)
  3 start a:2
  4 move d:1 s:2
  5 constant d:2 index:0  ; <fn>
  6 prepare at:2 shape:1  ; (0)
  7 start a:2
  8 move d:1 s:2
  9 return_nil
"#,
    );
}

#[test]
fn join_of_several() {
    check(
        r#"fn f(t, u) { join t, u }"#,
        r#"
  0 list d:3 at:2 count:0
  1 push list:3 s:0
  2 push list:3 s:1
  3 constant d:2 index:0  ; <fn __join>
  4 call at:2 shape:0  ; (1)
  5 return_nil
"#,
    );
}

#[test]
fn await_evaluates_again_after_a_change() {
    check(
        r#"var turn = 0
fn f() { await turn == 1 }"#,
        r#"
  0 await_begin
  1 load_fixed d:1 index:0  ; turn
  2 int d:3 value:1
  3 compare operator:Equal d:2 a:1 b:3
  4 move d:0 s:2
  5 jump_if a:0 to:7
  6 await_wait
  7 await_end
  8 jump to:11
  9 await_end
 10 rethrow s:1
 11 jump_if a:0 to:13
 12 loop to:0
 13 return_nil
cleanup 1..7 -> 9 error:1
"#,
    );
}

#[test]
fn atomically_holds_the_others() {
    check(
        r#"fn f(g) { atomically { g() } }"#,
        r#"
  0 hold_others
  1 move d:1 s:0
  2 call at:1 shape:0  ; (0)
  3 resume_others
  4 jump to:7
  5 resume_others
  6 rethrow s:1
  7 return_nil
cleanup 1..3 -> 5 error:1
"#,
    );
}

#[test]
fn select_makes_its_arms_first() {
    check(
        r#"fn f(q, t) { select { let x = q.get() => { return x }
 join t => { }
 after 1s => { } } }"#,
        r#"
  0 move d:2 s:0
  1 move d:5 s:1
  2 constant d:4 index:0  ; <fn __joined>
  3 call at:4 shape:1  ; (1)
  4 move d:3 s:4
  5 constant d:4 index:1  ; 1s
  6 arm at:2 shape:0  ; get(0)
  7 arm at:3 shape:2  ; join(0)
  8 select d:5 limit:4
  9 unless_equal_int a:5 value:0 to:13
 10 move d:7 s:6
 11 return s:7
 12 jump to:15
 13 unless_equal_int a:5 value:1 to:15
 14 jump to:15
 15 return_nil
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

#[test]
fn a_comprehension_pushes() {
    check(
        r#"fn f(xs) { return [x * x for x in xs if x > 1] }"#,
        r#"
  0 list d:2 at:2 count:0
  1 move d:3 s:0
  2 iterate at:3
  3 jump to:7
  4 unless_greater_int a:5 value:1 to:7
  5 multiply d:6 a:5 b:5
  6 push list:2 s:6
  7 loop_items at:3 to:4
  8 move d:1 s:2
  9 return s:1
 10 return_nil
"#,
    );
}

#[test]
fn and_or_and_conditional_values() {
    check(
        r#"fn f(a, b) { return a and b or (1 if a else 2) }"#,
        r#"
  0 move d:4 s:0
  1 jump_unless a:4 to:3
  2 move d:4 s:1
  3 move d:3 s:4
  4 jump_if a:3 to:9
  5 jump_unless a:0 to:8
  6 int d:3 value:1
  7 jump to:9
  8 int d:3 value:2
  9 move d:2 s:3
 10 return s:2
 11 return_nil
"#,
    );
}
