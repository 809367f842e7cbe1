//! Values: numbers, texts, lists, fields, and what is put together of them.

use super::check;

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
fn a_constant_is_put_in_an_element_without_a_register() {
    check(
        r#"fn f(x, i) { x[i] = false; x[i] = "a"; x[i] += 1 }"#,
        r#"
  0 set_index_constant object:0 index:1 constant:0  ; false
  1 set_index_constant object:0 index:1 constant:1  ; "a"
  2 get_index d:2 object:0 index:1
  3 add_int d:2 a:2 value:1
  4 set_index object:0 index:1 s:2
  5 return_nil
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
