//! Calls of closures in the code that is linked, after the compiler optimised it by itself.
//!
//! What a closure is called with is a tuple, and whose memory is the callee's. Two equal ones are made one by the
//! compiler's optimiser, and its generator of code hands out the one memory without copying it (its issue 155241,
//! which 1.97 mends): the first callee changes or drops what the second gets. So a tuple is moved to a closure, and
//! neither copied nor a constant.

use std::collections::BTreeSet;
use std::path::Path;

use super::expand::{self, Reader, Run};
use crate::build::Invocation;
use crate::finding::{Finding, Findings, Rule};
use crate::lifetimes::NUMBERS;

/// Methods with the calling convention of closures, as a path ends in them.
const CALLS: &[&str] = &[
    ">>::call(",
    ">>::call_mut(",
    ">>::call_once(",
    ">>::async_call(",
    ">>::async_call_mut(",
    ">>::async_call_once(",
];

/// The traits of those methods, as a path names them.
const TRAITS: &[&str] = &["Fn<", "FnMut<", "FnOnce<"];

/// Every closure of this unit that is called with what its caller keeps. What else comes out goes to `directory`.
pub(super) fn check(
    invocation: &Invocation,
    directory: &Path,
    run: &Run<'_>,
) -> Result<Findings, String> {
    let mut arguments = vec!["--emit=mir=-".to_owned()];
    // What is compiled incrementally is optimised otherwise.
    if invocation.codegen("incremental").is_some() {
        let directory = directory.join("incremental");
        arguments.push(format!("-Cincremental={}", directory.display()));
    }
    let code = expand::told(invocation, &arguments, Reader::Linked, run)?;
    Ok(kept(&code))
}

/// Every call of a closure in `code` whose arguments its caller keeps.
fn kept(code: &str) -> Findings {
    let mut findings = Findings::new();
    let mut function = None;
    let mut told = BTreeSet::new();
    for line in code.lines() {
        if let Some(header) = line.strip_prefix("fn ") {
            function = header.split(['(', '<', ':']).next().map(str::to_owned);
        }
        // Scopes, variables and headers name closures too.
        let Some((_, call)) = line
            .strip_prefix("    ")
            .and_then(|it| it.split_once(" = "))
        else {
            continue;
        };
        if let Some(arguments) = arguments(call)
            && !is_moved(arguments)
            && !call_types(call).is_some_and(are_numbers)
            && told.insert((function.clone(), call.to_owned()))
        {
            let what = format!(
                "a closure is called with a value that its caller keeps, and the compiler does not copy it: `{}`; \
                 pass a reference, or what `core::hint::black_box` gives back for the value",
                call.trim_end()
            );
            let mut finding = Finding::new(Rule::UnsafeCode, what);
            finding.function.clone_from(&function);
            findings.push(finding);
        }
    }
    findings
}

/// The arguments of a call, if it is one of a closure.
fn arguments(call: &str) -> Option<&str> {
    let begin = begin(call)?;
    let end = call.rfind(") -> ").unwrap_or(call.len());
    Some(call.get(begin..end).unwrap_or_default())
}

/// Where the arguments of a closure's call begin.
fn begin(call: &str) -> Option<usize> {
    let method = CALLS.iter().find_map(|it| Some(call.find(it)? + it.len()));
    let by_trait = method.filter(|&at| TRAITS.iter().any(|it| call[..at].contains(it)));
    // The closure's own name.
    let direct = || {
        let (path, _) = call.split_once("}(")?;
        path.contains("{closure#").then_some(path.len() + 2)
    };
    by_trait.or_else(direct)
}

/// Whether the tuple, which is the last argument, is a variable that is moved. Constants don't end in a name.
fn is_moved(arguments: &str) -> bool {
    let last = arguments.rsplit_once(", move _").map(|(_, name)| name);
    last.is_some_and(|name| !name.is_empty() && name.bytes().all(|it| it.is_ascii_digit()))
}

/// The types of the tuple, as the trait names them.
fn call_types(call: &str) -> Option<&str> {
    let path = &call[..begin(call)?];
    let begin = TRAITS
        .iter()
        .filter_map(|it| path.rfind(&format!("{it}(")).map(|at| at + it.len() + 1));
    let types = &path[begin.max()?..];
    types.split_once(")>>::").map(|(types, _)| types)
}

/// Whether these types are passed in registers: numbers, references, and nothing. `shape` sees to it that a number's
/// name is a number's.
fn are_numbers(types: &str) -> bool {
    let types = types.replace("->", "");
    let mut depth = 0_usize;
    let each = types.split(|it| {
        match it {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        it == ',' && depth == 0
    });
    let mut each = each.map(str::trim);
    each.all(|it| matches!(it, "" | "()") || it.starts_with('&') || NUMBERS.contains(&it))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::process::Command;

    use super::{check, kept};
    use crate::check::expand::tests::{Compiled, compiler};
    use crate::finding::Findings;

    /// What is found in a function of one call.
    fn found(call: &str) -> Findings {
        let code = format!("fn outer(_1: u8) -> () {{\n    bb0: {{\n        {call}\n    }}\n}}\n");
        kept(&code)
    }

    #[test]
    fn a_closure_is_called_with_what_is_moved() {
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

    #[test]
    fn what_is_no_call_of_a_closure_is_passed_over() {
        for line in [
            "_2 = Handle::call(copy _1, const 3_u8) -> [return: bb1];",
            "_2 = Handle::<Vec<Vec<u8>>>::call(copy _1, const 3_u8) -> [return: bb1];",
            "scope 1 (inlined with::<{closure@k.rs:9:10: 9:18}>) {",
            "let mut _6: {closure@k.rs:10:10: 10:14};",
            "_3 = {closure@k.rs:9:10: 9:18} { length: copy _4 };",
            "debug f => _1;",
        ] {
            assert!(found(line).is_empty(), "{line}");
        }
        assert!(kept("fn f::{closure#0}(_1: S, _2: T) -> () {\n").is_empty());
    }

    /// What is found in this code, compiled with these flags.
    fn found_in(name: &str, code: &str, flags: &[&str]) -> Findings {
        let tried = Compiled::new(name, code, flags);
        check(&tried.invocation, &tried.directory, &Compiled::run).expect("it compiles")
    }

    /// Two closures that write into what they are called with.
    fn calls(with: &str) -> String {
        format!(
            "#![no_std]\nextern crate alloc;\nuse alloc::vec::Vec;\n{with}\n\
             pub fn twice(length: usize) {{\n\
             with(|it| it.resize(length, 1));\n\
             with(|it| if it.len() == length {{ unreachable!() }});\n}}\n"
        )
    }

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

    #[test]
    fn incremental_code_is_optimised_as_it_was() {
        let code = "pub fn f() -> u64 { let mut sum = 0; let mut g = |mut it: [u64; 8]| { it[0] += 1; sum += it[0]; };\n\
                    g([7; 8]); g([7; 8]); sum }";
        let arguments = ["-Copt-level=3", "-C", "incremental=elsewhere"];
        assert!(!found_in("incremental", code, &arguments).is_empty());
        assert!(found_in("at_once", code, &arguments[..1]).is_empty());
    }

    /// This fails once the pinned compiler copies what closures are called with, as 1.97 does. Then this file goes.
    #[test]
    fn the_compiler_still_hands_one_value_to_two_closures() {
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
