//! Addresses: a domain has none as a number, and no raw pointers.
//!
//! The compiler's optimiser takes the addresses of two locals to differ for ever, and gives both the same place when
//! the first is dead (rustc's issue 107975). A number that was proved not to be nought then is, and in a `NonZero` that
//! is a safe transmute. The numbers come from pointers, from functions that compare what they are given by its address,
//! and from `{:p}`.
//!
//! What is looked at are types and calls as the compiler resolves them, so that no other name, import or macro hides
//! one.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::expand::{self, Reader, Run};
use super::on_a_large_stack;
use super::tokens::{is_punct, is_word, plain};
use crate::build::Invocation;
use crate::finding::{Finding, Findings, Rule};

/// Types that are raw pointers inside, and tell their addresses.
const POINTERS: &[&str] = &["AtomicPtr", "NonNull"];

/// What begins the name of a type whose code stands elsewhere, and that has its place in it.
const PLACED: &[&str] = &[
    "{async block@",
    "{async closure@",
    "{closure@",
    "{coroutine@",
    "{coroutine-closure@",
];

const FORMATS: &str = "formats as `fmt::Pointer` does";

/// What takes an address, as calls and casts are spelled in MIR.
const TAKING: &[(&str, &str)] = &[
    (
        "(PointerExposeProvenance)",
        "casts a pointer or a function to a number",
    ),
    ("::new_pointer", "formats with `{:p}`"),
    (" Pointer>::fmt", FORMATS),
    ("::Pointer>::fmt", FORMATS),
    ("::ptr_eq", "compares by `ptr_eq`"),
    ("::element_offset", "compares by `element_offset`"),
    ("::subslice_range", "compares by `subslice_range`"),
    ("::substr_range", "compares by `substr_range`"),
];

/// Every place where a unit has an address.
pub(super) fn check(invocation: &Invocation, run: &Run<'_>) -> Result<Findings, String> {
    let typed = ["-Zunpretty=hir,typed".to_owned()];
    let typed = expand::told(invocation, &typed, Reader::Checks, run)?;
    let mut findings = on_a_large_stack(|| {
        let tokens = without_places(&typed).parse::<TokenStream>();
        let tokens = tokens.map_err(|error| format!("could not read the code's types: {error}"))?;
        Ok(pointers(tokens))
    })?;
    let calls = [
        // Nothing is inlined, so that each call keeps its name.
        "-Copt-level=0".to_owned(),
        "-Zmir-opt-level=0".to_owned(),
        "--emit=mir=-".to_owned(),
    ];
    let calls = expand::told(invocation, &calls, Reader::Checks, run)?;
    findings.extend(taken(&calls));
    Ok(findings)
}

/// Finds raw pointers in code whose expressions have their types beside them.
fn pointers(source: TokenStream) -> Findings {
    let mut found = BTreeSet::new();
    collect(source, None, &mut found);
    let findings = found.into_iter().map(|(what, function)| {
        let what = format!(
            "{what} may be compared, or become a number, and the address of a dead local is another's too: do without \
             it; keep a reference, or a number of your own"
        );
        finding(what, function)
    });
    findings.collect()
}

fn collect(
    source: TokenStream,
    function: Option<&str>,
    found: &mut BTreeSet<(String, Option<String>)>,
) {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    let mut function = function.map(str::to_owned);
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        match (token, next) {
            (TokenTree::Group(group), _) => collect(group.stream(), function.as_deref(), found),
            (TokenTree::Ident(word), Some(TokenTree::Ident(name))) if word == "fn" => {
                function = Some(name.to_string());
            }
            (TokenTree::Ident(word), _) if POINTERS.contains(&plain(word).as_str()) => {
                found.insert((format!("the address in {}", plain(word)), function.clone()));
            }
            // A trait's calls are known by its name.
            (TokenTree::Ident(word), Some(next)) if word == "Pointer" && is_word(next, "as") => {
                let what = "an address that `fmt::Pointer` shows by another name".to_owned();
                found.insert((what, None));
            }
            (star, Some(TokenTree::Ident(word)))
                if is_punct(Some(star), '*') && (word == "const" || word == "mut") =>
            {
                let what = "the address in a raw pointer".to_owned();
                found.insert((what, function.clone()));
            }
            _ => {}
        }
    }
}

/// The text without the places in names of types, which are paths and need not be tokens.
fn without_places(typed: &str) -> String {
    let mut text = String::with_capacity(typed.len());
    let mut rest = typed;
    while let Some(at) = rest.find('@') {
        let (before, after) = rest.split_at(at + 1);
        text.push_str(before);
        let is_placed = PLACED.iter().any(|it| before.ends_with(it));
        rest = match after.find('}') {
            Some(end) if is_placed => &after[end..],
            _ => after,
        };
    }
    text.push_str(rest);
    text
}

/// Finds where MIR takes an address.
fn taken(mir: &str) -> Findings {
    let mut found = BTreeSet::new();
    let mut function = None;
    for line in mir.lines() {
        if let Some(header) = line.strip_prefix("fn ") {
            function = name_of(header);
        }
        let line = without_texts(line);
        let all = TAKING.iter().filter(|(spelled, _)| line.contains(spelled));
        found.extend(all.map(|(_, what)| (*what, function.clone())));
    }
    let findings = found.into_iter().map(|(what, function)| {
        let of = function.as_deref().unwrap_or("a constant");
        let what = format!(
            "{of} {what}: it takes an address, and the address of a dead local is another's too; keep a number of \
             your own to tell values apart"
        );
        finding(what, function)
    });
    findings.collect()
}

/// A line without what stands in quotes, or in the picture of a constant's bytes.
fn without_texts(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let mut in_text = false;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '│' => break,
            '\\' if in_text => drop(letters.next()),
            '"' => in_text = !in_text,
            letter if !in_text => code.push(letter),
            _ => {}
        }
    }
    code
}

/// The last name in a path that arguments follow.
fn name_of(header: &str) -> Option<String> {
    let path = header.split_once('(').map_or(header, |(path, _)| path);
    let last = path.rsplit("::").next().unwrap_or_default();
    let is_name = !last.is_empty() && last.chars().all(|it| it.is_alphanumeric() || it == '_');
    is_name.then(|| last.to_owned())
}

fn finding(what: String, function: Option<String>) -> Finding {
    let mut finding = Finding::new(Rule::UnsafeCode, what);
    finding.function = function;
    finding
}

#[cfg(test)]
mod tests {
    use super::{pointers, taken, without_places};

    fn pointers_in(typed: &str) -> Vec<String> {
        let tokens = without_places(typed).parse().expect("Rust's tokens");
        pointers(tokens).iter().map(ToString::to_string).collect()
    }

    fn taken_in(mir: &str) -> Vec<String> {
        taken(mir).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn raw_pointers_are_found_by_type() {
        for typed in [
            "fn f() { ((w as &Waker).data() as *const ()); }",
            "fn f() { (&raw mut (x as u8) as *mut u8); }",
            "fn f() { ((same as fn(*const u8, *const u8) -> bool {core::ptr::eq::<u8>})(x) as bool) }",
            "fn f() { (x as Option<NonNull<u8>>) }",
            "struct S { x: AtomicPtr<u8> }",
            "type T = *const u8;",
            "use core::fmt::Pointer as Shown;",
        ] {
            let found = pointers_in(typed);
            assert!(
                found.len() == 1 && found[0].contains("address"),
                "{typed}: {found:?}"
            );
        }
        let harmless = "fn f() { (*(const { (&(5 as i32) as &i32) } as &i32) as i32); \
            (\"*const u8, NonNull\" as &str); (|| 1 as {closure@/it's/lib.rs:1:2: 1:3}); \
            (match x { y @ 1 => (y as &mut u8) } as &mut u8) }";
        assert_eq!(pointers_in(harmless), [""; 0]);
    }

    #[test]
    fn what_takes_an_address_is_found_by_call() {
        for line in [
            "_1 = move _2 as usize (PointerExposeProvenance);",
            "_3 = core::fmt::rt::Argument::<'_>::new_pointer::<&u8>(copy _4) -> bb1;",
            "_0 = <&Silent as Pointer>::fmt(copy _3, copy _2) -> bb1;",
            "_0 = <&Silent as core::fmt::Pointer>::fmt(copy _3, copy _2) -> bb1;",
            "_0 = Arc::<u8>::ptr_eq(copy _1, copy _2) -> bb1;",
            "_0 = map::<fn(&Rc<u8>, &Rc<u8>) -> bool>(Rc::<u8>::ptr_eq) -> bb1;",
            "_0 = core::slice::<impl [u8]>::subslice_range(copy _1, copy _2) -> bb1;",
            "_0 = core::str::<impl str>::substr_range(copy _1, copy _2) -> bb1;",
            "_0 = core::slice::<impl [u8]>::element_offset(copy _1, copy _2) -> bb1;",
        ] {
            let found = taken_in(&format!("fn m::inner(_1: u8) -> u8 {{\n    {line}\n}}"));
            assert!(
                found.len() == 1 && found[0].contains("inner") && found[0].contains("address"),
                "{line}: {found:?}"
            );
        }
        let harmless = "fn f() -> () {\n _1 = const \"a \\\" ::ptr_eq\"; _2 = move _3 as u64 (IntToInt); _0 = <S as MyPointer>::fmt(_1);\n\
            }\nalloc1 (size: 8) {\n 3a 3a 70 \u{2502} ::ptr_eq \n}";
        assert_eq!(taken_in(harmless), [""; 0]);
    }
}
