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

/// Each task of a pool is counted as seldom as can be.
#[test]
fn what_a_worker_has_stays_where_it_is() {
    let found = super::of("__worker", "pool p(2)\np.submit(print, 1)");
    let expected = r#"
  0 call_builtin_on count:1 at:1 first:0 row:1  ; __task
  1 jump_unless a:1 to:3
  2 jump to:4
  3 jump to:14
  4 call_builtin_on count:1 at:2 first:1 row:16  ; __call
  5 call_builtin_on count:3 at:3 first:0 row:6  ; __done
  6 jump to:13
  7 move d:3 s:2
  8 move d:4 s:0
  9 move d:5 s:1
 10 move d:6 s:3
 11 call_builtin at:4 count:3 row:8  ; __failed
 12 jump to:13
 13 loop to:0
 14 return_nil
catch 4..6 -> 7 error:2
"#;
    assert_eq!(found.trim_end(), expected.trim_matches('\n'), "\n{found}");
}
