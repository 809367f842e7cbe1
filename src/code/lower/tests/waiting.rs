//! `with`, threads, `await`, `select`.

use super::check;

#[test]
fn with_leaves_on_every_way_out() {
    check(
        r#"lock m
fn f(g) { with m { g() } }"#,
        r#"
  0 enter_fixed index:0  ; m
  1 move d:1 s:0
  2 call at:1 shape:0  ; (0)
  3 leave_fixed_to index:0 to:6  ; m
  4 leave_fixed index:0  ; m
  5 rethrow s:1
  6 return_nil
cleanup 1..3 -> 4 error:1
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
  6 leave_fixed_to index:0 to:9  ; m
  7 leave_fixed index:0  ; m
  8 rethrow s:1
  9 return_nil
cleanup 1..4 -> 7 error:1
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
  2 jump_unless a:2 to:7
  3 leave_to a:0 to:6
  4 leave a:0
  5 rethrow s:3
  6 jump to:9
  7 int d:3 value:1
  8 return s:3
  9 return_nil
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
