//! Checks the calls of closures in the linked code, after the compiler has optimised its MIR.
//!
//! A closure gets its arguments as a tuple, whose memory belongs to the callee. The compiler's optimiser merges two
//! equal tuples into one, and its code generator passes the memory of that tuple to both callees without copying it
//! (rustc issue 155241, fixed in 1.97). Then the first callee changes or drops the arguments of the second. So each
//! tuple must be moved to its closure. A copied or constant tuple is refused, unless its values are passed in
//! registers.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

use super::expand::{self, Reader, Run};
use super::places;
use super::tokens::{is_punct, is_word};
use crate::build::Invocation;
use crate::finding::{Finding, Findings, Rule};
use crate::lifetimes::NUMBERS;

/// Methods with the calling convention of closures.
const CALLS: &[&str] = &[
    "async_call",
    "async_call_mut",
    "async_call_once",
    "call",
    "call_mut",
    "call_once",
];

/// The traits of those methods.
const TRAITS: &[&str] = &[
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Fn",
    "FnMut",
    "FnOnce",
];

/// Finds every call in this unit that passes arguments to a closure and also keeps them in the caller. The compiler's
/// other files go to `directory`.
pub(super) fn check(
    invocation: &Invocation,
    directory: &Path,
    run: &Run<'_>,
) -> Result<Findings, String> {
    let mut arguments = vec!["--emit=mir=-".to_owned()];
    // The compiler optimises differently when it compiles incrementally, so the repeated call is incremental if the
    // recorded one was.
    if invocation.codegen("incremental").is_some() {
        let directory = directory.join("incremental");
        arguments.push(format!("-Cincremental={}", directory.display()));
    }
    let code = expand::told(invocation, &arguments, Reader::Linked, run)?;
    Ok(kept(&code))
}

/// Finds every call in `code` that passes arguments to a closure and also keeps them in the caller.
fn kept(code: &str) -> Findings {
    let mut findings = Findings::new();
    let mut function = None;
    let mut told = BTreeSet::new();
    for line in code.lines() {
        if let Some(header) = line.strip_prefix("fn ") {
            function = header.split(['(', '<', ':']).next().map(str::to_owned);
        }
        // Headers and the declarations of scopes and variables also name closures, so only assignments are looked at.
        let line = line.trim();
        let assigns = line.contains(" = ") && line.ends_with(';') && !line.starts_with("let ");
        // A line that calls a closure contains one of these two texts.
        let concerns = line.contains("call") || line.contains("{closure#");
        let breaks = assigns && concerns && !keeps_nothing(line).unwrap_or(false);
        if !breaks || !told.insert((function.clone(), line.to_owned())) {
            continue;
        }
        let what = format!(
            "a closure is called with a value that its caller keeps, and the compiler does not copy it: `{line}`; \
             pass a reference, or the result of `core::hint::black_box` for the value"
        );
        let mut finding = Finding::new(Rule::UnsafeCode, what);
        finding.function.clone_from(&function);
        findings.push(finding);
    }
    findings
}

/// Whether a statement is harmless: it calls no closure, moves the arguments to the closure, or passes them in
/// registers. Returns nothing if the statement is not understood.
fn keeps_nothing(line: &str) -> Option<bool> {
    let tokens = places::without(line).ok()?.parse::<TokenStream>().ok()?;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    // The left side of an assignment is a variable, or is in brackets.
    let equals = tokens.iter().position(|it| is_punct(Some(it), '='))?;
    let value = &tokens[equals + 1..];
    let depths = depths(value)?;
    let arguments = value.iter().enumerate().skip(1).find_map(|(index, token)| {
        let arguments = group(token, Delimiter::Parenthesis)?;
        (depths[index] == 0).then_some((index, arguments))
    });
    let Some((end, arguments)) = arguments else {
        return Some(true);
    };
    Some(match callee(&value[..end], &depths[..end])? {
        Callee::Other => true,
        Callee::Closure => is_moved(arguments),
        Callee::Trait(types) => is_moved(arguments) || are_numbers(types),
    })
}

/// The target of a call.
enum Callee<'a> {
    /// Anything but a closure.
    Other,
    /// A closure's own function.
    Closure,
    /// A method of a closure's trait, with a tuple of these types.
    Trait(&'a Group),
}

/// Returns the target of a call whose path is `path`; `depths` are the depths of the path's tokens. Returns nothing
/// if the path is not understood.
fn callee<'a>(path: &'a [TokenTree], depths: &[usize]) -> Option<Callee<'a>> {
    let mut at_top = (0..path.len()).rev().filter(|&it| depths[it] == 0);
    let Some(last) = at_top.find(|&it| !matches!(&path[it], TokenTree::Punct(_))) else {
        return Some(Callee::Other);
    };
    let name = group(&path[last], Delimiter::Brace).and_then(|it| it.stream().into_iter().next());
    if name.is_some_and(|it| is_word(&it, "closure")) {
        return Some(Callee::Closure);
    }
    if !CALLS.iter().any(|it| is_word(&path[last], it)) || !is_punct(path.first(), '<') {
        return Some(Callee::Other);
    }
    // In `<Type as Trait<(Types,)>>::method`, exactly one `as` is directly inside the outer brackets.
    let outer: Vec<usize> = (0..last).filter(|&it| depths[it] == 1).collect();
    let mut of_traits = outer.iter().filter(|&&it| is_word(&path[it], "as"));
    let of_trait = match (of_traits.next(), of_traits.next()) {
        (None, _) => return Some(Callee::Other),
        (Some(&at), None) => at,
        _ => return None,
    };
    let mut names = outer.iter().rev();
    let name = *names.find(|&&it| matches!(&path[it], TokenTree::Ident(_)))?;
    let types = match &path[name + 1..last] {
        [less, types, greater, ..]
            if is_punct(Some(less), '<') && is_punct(Some(greater), '>') && name > of_trait =>
        {
            group(types, Delimiter::Parenthesis)
        }
        _ => None,
    };
    // The trait's name does not matter, because a crate may rename it.
    match types {
        Some(types) => Some(Callee::Trait(types)),
        None if TRAITS.iter().any(|it| is_word(&path[name], it)) => None,
        None => Some(Callee::Other),
    }
}

fn group(token: &TokenTree, delimiter: Delimiter) -> Option<&Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

/// Returns for each token the number of pairs of angle brackets around it. A bracket does not count as inside its own
/// pair. Returns nothing if the brackets do not match.
fn depths(tokens: &[TokenTree]) -> Option<Vec<usize>> {
    let mut depth = 0_usize;
    let mut depths = Vec::with_capacity(tokens.len());
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map(|it| &tokens[it]);
        let is_arrow = matches!(before, Some(TokenTree::Punct(mark))
            if mark.as_char() == '-' && mark.spacing() == Spacing::Joint);
        if is_punct(Some(token), '>') && !is_arrow {
            depth = depth.checked_sub(1)?;
        }
        depths.push(depth);
        depth += usize::from(is_punct(Some(token), '<'));
    }
    (depth == 0).then_some(depths)
}

/// Whether the last argument, which is the tuple, is a moved variable.
fn is_moved(arguments: &Group) -> bool {
    let tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
    let [.., comma, moves, TokenTree::Ident(name)] = tokens.as_slice() else {
        return false;
    };
    let name = name.to_string();
    let number = name.strip_prefix('_').unwrap_or_default();
    let is_variable = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
    is_punct(Some(comma), ',') && is_word(moves, "move") && is_variable
}

/// Whether all these types are numbers, references or `()`, which are passed in registers. `lifetimes::shape` ensures
/// that a number type's name means that type.
fn are_numbers(types: &Group) -> bool {
    let tokens: Vec<TokenTree> = types.stream().into_iter().collect();
    let Some(depths) = depths(&tokens) else {
        return false;
    };
    let mut at = 0;
    let mut each = tokens.split(|token| {
        at += 1;
        is_punct(Some(token), ',') && depths[at - 1] == 0
    });
    each.all(|it| match it {
        [] => true,
        [TokenTree::Group(nothing)] => {
            nothing.delimiter() == Delimiter::Parenthesis && nothing.stream().is_empty()
        }
        [TokenTree::Ident(name)] => NUMBERS.iter().any(|it| name == it),
        [first, ..] => is_punct(Some(first), '&'),
    })
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::process::Command;

    use super::{check, kept};
    use crate::check::expand::tests::{Compiled, compiler};
    use crate::finding::Findings;

    /// Returns the findings for a function with one call.
    fn found(call: &str) -> Findings {
        let code = format!("fn outer(_1: u8) -> () {{\n    bb0: {{\n        {call}\n    }}\n}}\n");
        kept(&code)
    }

    /// Invariant: AUTH-29
    #[test]
    fn a_closures_arguments_are_moved() {
        for (call, types) in [
            ("call_once", "FnOnce<(Vec<usize>,)>"),
            ("call_mut", "FnMut<([u8; 4],)>"),
            ("call", "core::ops::Fn<(u8, S)>"),
            ("async_call", "AsyncFn<(Vec<usize>,)>"),
        ] {
            for way in [
                "copy _8",
                "const C",
                "const (S {{ x: 1_u8 }},)",
                "move (_1.0: (S,))",
            ] {
                for end in ["[return: bb1, unwind continue]", "unwind continue"] {
                    let call = format!(
                        "_2 = <{{closure@k.rs:9:10: 9:18}} as {types}>::{call}(move _3, {way}) -> {end};"
                    );
                    let found = found(&call);
                    assert_eq!(found.len(), 1, "{call}");
                    assert_eq!(found[0].function.as_deref(), Some("outer"), "{call}");
                }
            }
            let call = format!(
                "_2 = <F as {types}>::{call}(copy _1, move _8) -> [return: bb1, unwind: bb4];"
            );
            assert!(found(&call).is_empty(), "{call}");
        }
        let direct = |way: &str| {
            found(&format!(
                "_2 = outer::{{closure#0}}(move _3, {way}) -> [return: bb1];"
            ))
        };
        assert_eq!(direct("copy _8").len(), 1);
        assert!(direct("move _8").is_empty());
    }

    /// Invariant: AUTH-29
    #[test]
    fn numbers_and_references_may_be_constants() {
        for types in [
            "()",
            "((),)",
            "(usize,)",
            "(u8, bool)",
            "(&str,)",
            "(&mut S, char)",
            "(&[u8], &'a Map<K, V>)",
            "(&dyn Fn(u8, S) -> u8, i8)",
        ] {
            let call = format!("_2 = <F as Fn<{types}>>::call(move _3, const X) -> [return: bb1];");
            assert!(found(&call).is_empty(), "{call}");
        }
        for types in [
            "(S,)",
            "((u8, u8),)",
            "(u8, Vec<u8>)",
            "([u8; 1],)",
            "(Option<&u8>,)",
            "(&'a S, T)",
            "(&dyn Fn(u8) -> u8, S)",
            "Args",
        ] {
            let call = format!("_2 = <F as Fn<{types}>>::call(move _3, const X) -> [return: bb1];");
            assert_eq!(found(&call).len(), 1, "{call}");
        }
    }

    /// Invariant: AUTH-28, AUTH-29
    #[test]
    fn brackets_inside_a_type_are_told_apart() {
        for path in [
            "<F as FnOnce<(&Tag<'('>, Vec<usize>)>>",
            "<F as FnOnce<(&Tag<'>'>, Vec<usize>)>>",
            "<F as FnOnce<(&Tag<'\"'>, Vec<usize>, &Tag<'\"'>)>>",
            "<F as FnOnce<(&fn(u8) -> u8, Vec<usize>)>>",
            "<F as FnOnce<(Vec<usize>, P<<T as MyFn<(u8,)>>::Of>)>>",
            "<F as FnOnce<(&P<<T as Gives<(u8,)>>::Of>, Vec<usize>)>>",
            "<fn(&<T as FnOnce<(u8,)>>::Of, S) {f::<'('>} as FnOnce<(&u8, S)>>",
            "<F as x::FnOnceMore<(S,)>>",
            "<F as FnOnce<(&{closure@a(b.rs:1:2: 3:4}, S)>>",
            "<F as FnOnce<(&{closure@a.rs:1:2: 3:4}, S)>>",
            "<F as FnOnce<(&T<N > 1>, u8)>>",
            "<F as FnOnce<(...)>>",
        ] {
            let call = format!("_2 = {path}::call_once(move _3, const X) -> [return: bb1];");
            assert_eq!(found(&call).len(), 1, "{call}");
        }
        for call in [
            "_2 = <impl at a(b.rs:1:2: 3:4>::f::{closure#0}(move _3, copy _8) -> [return: bb1];",
            "_2 = <impl at a//b.rs:1:2: 3:4>::f::{closure#0}(move _3, copy _8) -> [return: bb1];",
            "_2 = f::<'('>::{closure#0}(move _3, copy _8) -> [return: bb1];",
            "_2 = f::{closure#0}::<'('>(move _3, copy _8) -> [return: bb1];",
            "((*_1).0: Box<dyn Iterator<Item = u8>>) = <F as Fn<(S,)>>::call(move _3, copy _8) -> bb1;",
        ] {
            assert_eq!(found(call).len(), 1, "{call}");
        }
        for call in [
            "_2 = <F as FnOnce<(&Tag<'('>, u8)>>::call_once(move _3, const X) -> [return: bb1];",
            "_2 = <F as FnOnce<(&P<<T as MyFn<(u8,)>>::Of>, u8)>>::call_once(move _3, const X) -> bb1;",
            "_2 = <F as FnOnce<(&{closure@a.rs:1:2: 3:4},)>>::call_once(move _3, const X) -> bb1;",
        ] {
            assert!(found(call).is_empty(), "{call}");
        }
    }

    #[test]
    fn calls_of_other_functions_are_passed_over() {
        for line in [
            "_2 = Handle::call(copy _1, const 3_u8) -> [return: bb1];",
            "_2 = Handle::<Vec<Vec<u8>>>::call(copy _1, const 3_u8) -> [return: bb1];",
            "scope 1 (inlined with::<{closure@k.rs:9:10: 9:18}>) {",
            "let mut _6: {closure@k.rs:10:10: 10:14};",
            "_3 = {closure@k.rs:9:10: 9:18} { length: copy _4 };",
            "debug f => _1;",
            "_2 = <S as Handler<u8>>::call(copy _1, const S) -> [return: bb1];",
            "_2 = f::{closure#0}::inner(copy _1, const S) -> [return: bb1];",
            "_2 = <Vec<u8> as Called>::call(copy _1, const \"(\") -> [return: bb1];",
        ] {
            assert!(found(line).is_empty(), "{line}");
        }
        assert!(kept("fn f::{closure#0}(_1: S, _2: T) -> () {\n").is_empty());
    }

    /// Returns the findings for `code` when it is compiled with `flags`.
    fn found_in(name: &str, code: &str, flags: &[&str]) -> Findings {
        let tried = Compiled::new(name, code, flags);
        check(&tried.invocation, &tried.directory, &Compiled::run).expect("it compiles")
    }

    /// Returns code that calls `with` for two closures. The first closure resizes its argument. The second treats an
    /// argument of that length as unreachable.
    fn calls(with: &str) -> String {
        format!(
            "#![no_std]\nextern crate alloc;\nuse alloc::vec::Vec;\n{with}\n\
             pub fn twice(length: usize) {{\n\
             with(|it| it.resize(length, 1));\n\
             with(|it| if it.len() == length {{ unreachable!() }});\n}}\n"
        )
    }

    /// Invariant: AUTH-29
    #[test]
    fn equal_arguments_are_found_where_they_are_merged() {
        let plain = calls("fn with(f: impl FnOnce(Vec<usize>)) { f(Vec::new()) }");
        let plain = plain.replace("|it| it.resize", "|mut it| it.resize");
        let fast = ["-Copt-level=3"];
        let found = found_in("merged", &plain, &fast);
        assert_eq!(found[0].function.as_deref(), Some("twice"), "{found:?}");
        assert!(found_in("slow", &plain, &["-Copt-level=0"]).is_empty());
        let of = "fn with(f: impl FnOnce(Vec<usize>)) { f(core::hint::black_box(Vec::new())) }";
        let of = calls(of).replace("|it| it.resize", "|mut it| it.resize");
        assert!(found_in("opaque", &of, &fast).is_empty());
        let of = calls("fn with(f: impl FnOnce(&mut Vec<usize>)) { f(&mut Vec::new()) }");
        assert!(found_in("referred", &of, &fast).is_empty());
    }

    /// Invariant: AUTH-29
    #[test]
    fn incremental_builds_are_checked_incrementally() {
        let code = "pub fn f() -> u64 { let mut sum = 0; let mut g = |mut it: [u64; 8]| { it[0] += 1; sum += it[0]; };\n\
                    g([7; 8]); g([7; 8]); sum }";
        let arguments = ["-Copt-level=3", "-C", "incremental=elsewhere"];
        assert!(!found_in("incremental", code, &arguments).is_empty());
        assert!(found_in("at_once", code, &arguments[..1]).is_empty());
    }

    /// This test fails once the pinned compiler copies the arguments of closures, as 1.97 does. Then this file can be
    /// removed.
    #[test]
    fn the_compiler_still_shares_closure_arguments() {
        let code = "fn with(f: impl FnOnce([u64; 8])) { f([0; 8]) }\n\
                    #[inline(never)]\n\
                    fn twice(seen: &mut u64) {\n\
                    with(|mut it| { for x in &mut it { *x += std::hint::black_box(1); } std::hint::black_box(&it); });\n\
                    with(|it| { for x in &it { *seen += std::hint::black_box(*x); } std::hint::black_box(&it); });\n}\n\
                    fn main() { let mut seen = 0; twice(&mut seen); std::process::exit(seen as i32) }\n";
        let directory = env::temp_dir().join(format!("samara-still-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("writable");
        let source = directory.join("still.rs");
        fs::write(&source, code).expect("writable");
        let program = directory.join("still");
        let mut command = Command::new(compiler());
        command.args(["--edition=2024", "-Copt-level=3", "-o"]);
        command.arg(&program).arg(&source);
        assert!(command.status().expect("it starts").success());
        let seen = Command::new(&program).status().expect("it starts").code();
        fs::remove_dir_all(directory).expect("it was made");
        assert_eq!(
            seen,
            Some(8),
            "rustc's issue 155241 is mended: see decision 122"
        );
    }
}
