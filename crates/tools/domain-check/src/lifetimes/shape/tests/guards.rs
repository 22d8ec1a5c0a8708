//! Guards and indexes.

use super::{accepted, findings, refused};

/// Invariant: AUTH-23
#[test]
fn a_guard_does_not_change_the_matched_value() {
    for (guard, says) in [
        ("{ false }", "a block"),
        ("{ it = x; false }", "a block"),
        ("() == (it = x)", "assigns"),
        ("() == (it.0 += 1)", "assigns"),
        ("f(&mut x)", "borrows for writing"),
        ("f(&raw mut x)", "borrows for writing"),
        ("panic!()", "a macro"),
        ("let Some(_) = x", "a `let`"),
        ("return", "more than comparisons"),
        ("if x { true } else { false }", "more than comparisons"),
        ("loop {}", "more than comparisons"),
        ("(move || it.0 == 1)()", "more than comparisons"),
        ("match x { _ => it.set() }", "a match with a body"),
        ("it.set()", "hands `it`"),
        ("it.0.set()", "hands `it`"),
        ("it[x].set()", "hands `it`"),
        ("(*it.0).set()", "hands `it`"),
        ("set(it)", "hands `it`"),
        ("set((it.0, 1))", "hands `it`"),
        ("set(S { x: it })", "hands `it`"),
        ("S { x: it.0 } + 1", "hands `it`"),
        ("a.b(|x| it.set(x))", "hands `it`"),
        ("(it.0)(1)", "hands `it`"),
        ("!it.0.pop().is_none()", "hands `it`"),
        (
            "matches(x) && match it.1 { A if it.set() => true, _ => false }",
            "hands `it`",
        ),
        ("x == i.next()", "hands `i`"),
        // An operator's operands may be reborrowed.
        ("!(it as &mut S)", "hands `it`"),
        ("(it.0 as &mut S) + 1", "hands `it`"),
        ("set(it as &mut S)", "hands `it`"),
        ("[x, it] + y", "hands `it`"),
        ("-(x..it)", "hands `it`"),
        ("((x, it)) + y", "hands `it`"),
        // The domain's own `len` takes `&mut self`, so it may write.
        ("it.len() == 0", "hands `it`"),
    ] {
        let source = format!(
            "impl S {{ fn len(&mut self) -> usize {{ 0 }} }} fn f() {{ match it.0[i] {{ A if {guard} => 0, _ => 1 }} }}"
        );
        // A macro that remains after expansion counts too.
        let found = findings(&source);
        let says = format!(
            "a match guard {}",
            if says.starts_with("hands") || says == "assigns" || says.starts_with("borrows") {
                says.to_owned()
            } else {
                format!("has {says}")
            }
        );
        assert!(
            found.contains(&says),
            "{source}: {says:?} is not said: {found}"
        );
    }
    for guard in [
        "x",
        "it.0 == 1 && !it.1 || it.2[3] > 4",
        "it.0.len() == 1 && it.1.is_empty()",
        "x.set() && set(&it.0, it.1 == 2) && x.is_some_and(|y| y.z(&it))",
        "(1..=it.0).contains(&x) && it.0 as u8 == -1",
        "match it.0 { A | B if it.1 => true, _ => false }",
        "match it.0 { A(ref x) | B { x: ref x, .. } if *x == 1 => true, C(1..=2, _) | x => false }",
        "match &it.0 { A(x) if *x == 1 => true, _ => false }",
        "!*it && -it.0 < 0 && it.0 + 1 > (it.1 as u8) + 2 && !(it.0 == 1) && !(*it.0)",
    ] {
        accepted(&[&format!(
            "fn f() {{ match it.0 {{ A(x) if {guard} => 0, _ => 1 }} }}"
        )]);
    }
}

/// Invariant: AUTH-24
#[test]
fn an_index_does_not_change_the_indexed_value() {
    for (index, says) in [
        ("{ it = x; 0 }", "a block"),
        ("{ return; 0 }", "a block"),
        ("return", "more than comparisons"),
        ("f(x)?", "more than comparisons"),
        ("if x { 1 } else { 2 }", "more than comparisons"),
        ("(|| { it = x; 0 })()", "a block"),
        ("change(&mut it)", "borrows for writing"),
        ("change(&raw mut it)", "borrows for writing"),
        ("change(it)", "hands `it`"),
        ("it.take()", "hands `it`"),
        ("it.0.next()", "hands `it`"),
        ("x[it.take()]", "hands `it`"),
        ("(x, it += 1).0", "assigns"),
        ("(match it { [_x] => false }) as usize", "hands `it`"),
        (
            "(match it.0 { A { x } => false, _ => true }) as usize",
            "hands `it`",
        ),
        (
            "(match it { A(ref mut x) => false, _ => true }) as usize",
            "hands `it`",
        ),
        (
            "(match it { x @ [_y] | x @ [_y, _] => false }) as usize",
            "hands `it`",
        ),
        (
            "(match (it, x) { (_, 1) | (A(_), _x) => false }) as usize",
            "hands `it`",
        ),
        ("m!()", "a macro"),
        ("..{ it = x; 0 }", "a block"),
    ] {
        for place in [
            "it[INDEX]",
            "it[0][x.y][INDEX].z",
            "(*it.0)[x][INDEX][y]",
            "it[INDEX] = z",
            "&mut it[INDEX]",
        ] {
            let source = format!("fn f() {{ {}; }}", place.replace("INDEX", index));
            let found = findings(&source);
            let is_said = found.contains("an index ") && found.contains(says);
            assert!(is_said, "{source}: {says:?} is not said: {found}");
        }
    }
    let operator = "impl Sub<&mut It> for X { fn sub(self, it: &mut It) -> usize { 0 } }";
    for index in [
        "X - it",
        "X - (it)",
        "(1 + (X - it)) as usize",
        "X - (x, it).1",
    ] {
        let source = format!("{operator} fn f() {{ it[0][{index}]; }}");
        refused(&[(&source, "an index hands `it`")]);
        let source = source.replace("it: &mut It", "it: It");
        refused(&[(&source, "an index hands `it`")]);
    }
    for name in [
        "type u64<'a> = &'a mut It;",
        "use m::It as u64;",
        "use m::u64;",
    ] {
        let operator = operator.replace("it: &mut It", "it: u64");
        let source = format!("{name} {operator} fn f() {{ it[0][X - it]; }}");
        refused(&[(&source, "an index hands `it`")]);
    }
    accepted(&[
        "impl Sub<u8> for X { fn sub(self, it: u8) -> usize { 0 } } impl Add<&Y> for X { fn add(self, it: &Y) {} } fn f() { it[0][it.n - it.m]; }",
        "impl Add<Y> for X { fn add(self, y: Y) {} } fn f() { it[i][i + 1]; it[i][1 - i]; it[n][x - y] }",
        "fn f() { it[i]; it[i][i]; it[it.len() - 1]; it[..n.min(m)]; it[1..][usize::from(x.y) & MASK]; it[other[i] as usize]; }",
        "fn f() { g(x)[y.next()][z.take()]; it[x.iter().position(|y| y.z(1)).unwrap_or(0)]; }",
    ]);
}

/// Invariant: AUTH-23
#[test]
fn matched_places_are_told_from_temporaries() {
    accepted(&[
        "fn f() { match it.next() { A if it.set() => 0, _ => 1 } }",
        "fn f() { match (it.0, it.1) { (A, _) if it.set() => 0, _ => 1 } }",
        "fn f() { match it { it if it.set() => 0, _ => 1 } }",
        "macro_rules! m { () => { other } } fn f() { match it { it if it.set() => 0, _ => 1 } }",
    ]);
    refused(&[
        (
            "fn f() { match (it) { A if it.set() => 0, _ => 1 } }",
            "hands `it`",
        ),
        (
            "fn f(&mut self) { match *self.0 { A if self.set() => 0, _ => 1 } }",
            "hands `self`",
        ),
        (
            "macro_rules! m { () => { it } } fn f() { match it { it if it.set() => 0, _ => 1 } }",
            "hands `it`",
        ),
        (
            "fn f() { format_args!(\"{}\", match it { A if it.set() => 0, _ => 1 }) }",
            "hands `it`",
        ),
        (
            "fn f() { x(|| match it { A if it.set() => 0, _ => 1 }) }",
            "hands `it`",
        ),
    ]);
}
