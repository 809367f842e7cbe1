//! Where variables are kept.

use super::check;

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
  5 load_cell d:2 cell:0 name:0  ; n
  6 return s:2
  7 return_nil
"#,
    );
}
