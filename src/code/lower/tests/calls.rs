//! Calls, of what is known and of what is not.

use super::check;

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
