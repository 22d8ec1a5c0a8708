//! Two-phase borrows.

use super::{accepted, refused};

/// Invariant: AUTH-27
#[test]
fn no_jump_leaves_a_two_phase_borrow() {
    for between in [
        "w = a.insert(JUMP)",
        "a.b.c(1, JUMP)",
        "a.b(c(JUMP)).d()",
        "a.b(c.d(JUMP))",
        "f(a, JUMP)",
        "f(1, 2, S { x: JUMP })",
        "T::f(a, JUMP)",
        "S(a, JUMP)",
        "(s.f)(a, JUMP)",
        "a += JUMP",
        "a <<= JUMP",
        "a.b(match c { 0 => JUMP, _ => 1 })",
        "a.b(if let Some(x) = c { x } else { JUMP })",
        "a.b({ let Some(x) = c else { JUMP }; x })",
        "a.b(loop { break JUMP; })",
        "a.b(JUMP + 1)",
        "a.b(c[JUMP])",
        "a.b(loop { while c {} JUMP; })",
        "a.b('inner: { JUMP })",
        "a.b({ for x in JUMP {} })",
        "a.b(format_args!(\"{0}\", JUMP))",
        "'here: { a.b('here: { JUMP }) }",
        "a.b('out: { JUMP })",
        "'here: { a.b('out: loop { JUMP }) }",
    ] {
        for jump in ["break 'out", "continue 'out", "break 'out 1"] {
            let code = between.replace("JUMP", &format!("({jump})"));
            let word = jump.split(' ').next().expect("a word");
            let says = format!("`{word}` leaves ");
            let code = format!("fn f() {{ 'out: loop {{ {code}; }} }}");
            refused(&[(&code, &says), (&code, "two phases")]);
        }
    }
    refused(&[
        ("fn f() { loop { a.b(break); } }", "`break` leaves"),
        ("fn f() { loop { a.b(continue); } }", "`continue` leaves"),
        ("fn f() { while c { f(a, break); } }", "`break` leaves"),
        ("fn f() { for x in y { a += break; } }", "`break` leaves"),
        (
            "fn f() { loop { a.b({ for x in (break) {} }); } }",
            "`break` leaves",
        ),
        ("fn f() { || loop { a.b(break); }; }", "`break` leaves"),
        (
            "fn f() { async { loop { a.b(break); } }; }",
            "`break` leaves",
        ),
        ("const C: u8 = loop { a.b(break 1); };", "`break` leaves"),
        (
            "impl S { fn f() { loop { a.b(break); } } }",
            "`break` leaves",
        ),
        (
            "trait T { fn f() { loop { a.b(break); } } }",
            "`break` leaves",
        ),
    ]);
}

/// Invariant: AUTH-27
#[test]
fn harmless_jumps_pass() {
    accepted(&[
        "fn f() { a.b(return); a.b(c?); f(a, c?); a += c?; a.b(panic()); }",
        "fn f() { loop { a.b(match c { 0 => return, x => x }); } }",
        "fn f() { loop { f(break); } loop { Some(match c { 0 => continue, x => x }); } }",
        "fn f() { loop { (match c { 0 => break, x => x }).b(1).c(2); } }",
        "fn f() { loop { a.b(loop { break 1 }); a.b('x: { break 'x 1 }); } }",
        "fn f() { loop { a.b({ for x in y { if x { continue; } break; } 1 }); } }",
        "fn f() { loop { a.b(|| loop { break; }); a.b(async { while c { continue; } }); } }",
        "fn f() { 'x: loop { a.b(|| 'x: { break 'x 1 }); a.b(async { 'x: { break 'x 1 } }); } }",
        "fn f() { 'x: loop { a.b({ fn g() { 'x: loop { break 'x; } } 1 }); } }",
        "fn f() { loop { break a.b(1); } 'x: { break 'x f(1, 2); } }",
        "fn f() { loop { let x = match c { 0 => break, x => x }; a.b(x); a += x; } }",
        "fn f() { loop { a = match c { 0 => break, x => x }; a && break; } }",
    ]);
}
