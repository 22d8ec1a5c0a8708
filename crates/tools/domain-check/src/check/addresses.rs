//! Finds addresses: a domain may not turn an address into a number, and may not use raw pointers.
//!
//! The compiler's optimiser assumes that the addresses of two locals always differ. Yet it gives both locals the same
//! place if the first is dead before the second is used (rustc issue 107975). So the difference of the two addresses
//! may be zero although the optimiser has proved that it is not. In a `NonZero`, such a number lets safe code
//! transmute any type into any other. Safe code learns addresses from pointers, from functions that compare their
//! arguments by address, and from `{:p}`.
//!
//! The check reads types and calls as the compiler resolves them, so that no renaming, import or macro hides a use of
//! an address.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::conditions::Conditions;
use super::expand::{Reader, Run};
use super::places;
use super::tokens::{is_punct, is_word, plain};
use crate::build::Invocation;
use crate::finding::{Finding, Findings, Rule};

/// Types that contain raw pointers and reveal their addresses.
const POINTERS: &[&str] = &["AtomicPtr", "NonNull"];

const POINTER: &str = "calls a raw pointer's method";

const FORMATS: &str = "formats as `fmt::Pointer` does";

/// Operations that take an address, in MIR's spelling of calls and casts.
const TAKING: &[(&str, &str)] = &[
    (
        "(PointerExposeProvenance)",
        "casts a pointer or a function to a number",
    ),
    ("::new_pointer", "formats with `{:p}`"),
    (" Pointer>::fmt", FORMATS),
    ("::Pointer>::fmt", FORMATS),
    // The check of the expressions' types finds most of the following operations too.
    ("::const_ptr::<impl", POINTER),
    ("::mut_ptr::<impl", POINTER),
    ("NonNull::<", POINTER),
    ("AtomicPtr::<", POINTER),
    ("::expose_provenance", POINTER),
    ("ptr::hash::<", "hashes by the address"),
    ("ptr::eq::<", "compares by `ptr::eq`"),
    ("addr_eq::<", "compares by `addr_eq`"),
    ("::ptr_eq", "compares by `ptr_eq`"),
    ("::element_offset", "compares by `element_offset`"),
    ("::subslice_range", "compares by `subslice_range`"),
    ("::substr_range", "compares by `substr_range`"),
];

/// Types of the standard library whose own `Debug` shows an address, in MIR's spelling of declared variables. Besides
/// these types, only the `Debug` of pointers shows an address. `shows_address` looks for function pointers. Raw
/// pointers are refused wherever they occur.
const SHOWING: &[&str] = &[
    "core::slice::ChunksExactMut<",
    "core::slice::ChunksMut<",
    "core::slice::RChunksExactMut<",
    "core::slice::RChunksMut<",
    "core::task::Context<",
    "core::task::RawWaker",
    "core::task::Waker",
];

/// The spellings in MIR of code that uses a value's `Debug`.
const DEBUG: &[&str] = &[
    "::new_debug::<",
    "dyn core::fmt::Debug",
    " as Debug>::fmt",
    " as core::fmt::Debug>::fmt",
    "::entries::<",
];

/// Finds every place where a unit takes an address, by the calls and casts in its MIR.
pub(super) fn check(
    invocation: &Invocation,
    conditions: &Conditions,
    run: &Run<'_>,
) -> Result<Findings, String> {
    // Nothing is inlined, so that each call keeps its name.
    let calls = ["-Zmir-opt-level=0", "--emit=mir=-"].map(str::to_owned);
    taken(&conditions.unoptimised(invocation, &calls, Reader::Checks, run)?)
}

/// Finds raw pointers in code whose expressions are printed with their types.
pub(super) fn pointers(source: TokenStream) -> Findings {
    let mut found = BTreeSet::new();
    collect(source, None, &mut found);
    let findings = found.into_iter().map(|(what, function)| {
        let what = format!(
            "{what} may be compared or become a number, and two locals may have the same address although the \
             compiler assumes that they differ: keep a reference, or a number of your own, instead"
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
            // `taken` recognises a call of a trait's method by the trait's name, so an import may not rename this
            // trait.
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

/// Finds the places where MIR takes an address.
fn taken(mir: &str) -> Result<Findings, String> {
    let mut found = BTreeSet::new();
    let mut function = None;
    // The variables of the current function whose `Debug` shows an address.
    let mut showing = BTreeSet::new();
    for line in mir.lines() {
        if !line.is_empty() && !line.starts_with(' ') {
            showing.clear();
        }
        if let Some(header) = line.strip_prefix("fn ") {
            function = name_of(header);
        }
        let code = places::without(line)?;
        let code = without_texts(&code).filter(|code| !code.contains("..."));
        let Some(code) = code else {
            return Err(format!("a line of code is not understood: {line}"));
        };
        let all = TAKING.iter().filter(|(spelled, _)| code.contains(spelled));
        found.extend(all.map(|(_, what)| (*what, function.clone())));
        match declared(&code) {
            Some((variable, ty)) if shows_address(ty) => {
                showing.insert(variable.to_owned());
            }
            None if DEBUG.iter().any(|it| code.contains(it))
                && variables(&code).any(|it| showing.contains(it)) =>
            {
                found.insert((
                    "shows by `Debug` a value that contains an address",
                    function.clone(),
                ));
            }
            _ => {}
        }
    }
    let findings = found.into_iter().map(|(what, function)| {
        let of = function.as_deref().unwrap_or("a constant");
        let what = format!(
            "{of} {what}: it takes an address, and two locals may have the same address although the compiler assumes \
             that they differ; use a number of your own to tell values apart"
        );
        finding(what, function)
    });
    Ok(findings.collect())
}

/// Returns the variable that a line declares, and its type.
fn declared(line: &str) -> Option<(&str, &str)> {
    let declared = line.trim().strip_prefix("let ")?;
    let declared = declared.strip_prefix("mut ").unwrap_or(declared);
    declared.split_once(": ")
}

/// Returns the variables in a statement.
fn variables(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|it: char| !it.is_alphanumeric() && it != '_');
    words.filter(|it| it.starts_with('_'))
}

/// Whether the `Debug` of a value of this type shows an address. It does if the type contains one of [`SHOWING`], or
/// a function pointer that is still there after [`shown`] has removed the inner types that no `Debug` prints.
fn shows_address(ty: &str) -> bool {
    shown(ty).contains("fn(") || SHOWING.iter().any(|it| ty.contains(it))
}

/// Returns a type's text without the inner types whose values no `Debug` shows. These are the arguments of
/// `PhantomData`, and function items, which have no `Debug`. In the compiler's output, a function item is `fn(u8) ->
/// u8 {path}`.
fn shown(ty: &str) -> String {
    const MARKER: &str = "PhantomData<";
    let mut kept = String::with_capacity(ty.len());
    let mut rest = ty;
    while let Some(letter) = rest.chars().next() {
        if let Some(named) = rest.strip_prefix(MARKER) {
            kept.push_str(MARKER);
            rest = &named[end_of_type(named)..];
        } else if let Some(signature) = rest.strip_prefix("fn(") {
            if let Some(after) = after_item(signature) {
                rest = after;
            } else {
                kept.push_str("fn(");
                rest = signature;
            }
        } else {
            kept.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    kept
}

/// Returns the text after a function item. `signature` is the text after the item's `fn(`. Returns `None` if it
/// belongs to a function pointer.
fn after_item(signature: &str) -> Option<&str> {
    let result = signature[end_of_type(signature)..].strip_prefix(')')?;
    let end = match result.strip_prefix(" -> ") {
        Some(_) => end_of_type(result),
        None => 1,
    };
    let path = result.get(end..)?.strip_prefix('{')?;
    Some(path.split_once('}').map_or("", |(_, after)| after))
}

/// Returns the index at which a type, or a list of types, ends in `text`: at a closing bracket that has no opening
/// one in `text`, at an opening brace, or at the end of `text`. If `text` begins with ` -> `, a comma outside
/// brackets also ends it.
fn end_of_type(text: &str) -> usize {
    let is_result = text.starts_with(" -> ");
    let mut depth = 0_usize;
    let mut last = ' ';
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' | '<' => depth += 1,
            '>' if last == '-' => {}
            ')' | ']' | '>' if depth == 0 => return at,
            ')' | ']' | '>' => depth -= 1,
            '{' if depth == 0 => return at,
            ',' if depth == 0 && is_result => return at,
            _ => {}
        }
        last = letter;
    }
    text.len()
}

/// Returns a line of MIR without its string and character literals, and without the text after a `│`, in which the
/// compiler shows a constant's bytes. The compiler prints literals with escapes. Returns nothing if a literal has no
/// end.
fn without_texts(line: &str) -> Option<String> {
    let mut code = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '│' => break,
            '"' => loop {
                match letters.next()? {
                    '\\' => drop(letters.next()?),
                    '"' => break,
                    _ => {}
                }
            },
            '\'' => {
                let mut ahead = letters.clone();
                let first = ahead.next()?;
                if first == '\\' {
                    ahead.next()?;
                    ahead.find(|&it| it == '\'')?;
                    letters = ahead;
                } else if ahead.next() == Some('\'') {
                    letters = ahead;
                } else if !first.is_alphabetic() && first != '_' {
                    // This quote begins neither a character nor a lifetime.
                    return None;
                }
            }
            letter => code.push(letter),
        }
    }
    Some(code)
}

/// Returns the last name in the path before a function's arguments.
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
    use super::{check, pointers, shows_address, taken};
    use crate::check::conditions::Conditions;
    use crate::check::expand::tests::Compiled;
    use crate::check::typed;

    fn pointers_in(typed: &str) -> Vec<String> {
        let tokens = typed::read(typed).expect("Rust's tokens");
        pointers(tokens).iter().map(ToString::to_string).collect()
    }

    fn taken_in(mir: &str) -> Vec<String> {
        let found = taken(mir).expect("it is understood");
        found.iter().map(ToString::to_string).collect()
    }

    /// Invariant: CHECK-18
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

    /// Invariant: CHECK-18
    #[test]
    fn calls_that_take_addresses_are_found() {
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
            "_0 = <&Tag<'\"'> as Pointer>::fmt(copy _3, copy _2) -> bb1;",
            "_0 = <&Tag<'\u{2502}'> as Pointer>::fmt(copy _3, copy _2) -> bb1;",
            "_0 = <&Tag<'\\''> as Pointer>::fmt(copy _3, const \"'\") -> bb1;",
            "_0 = <&Tag<'\\u{1}'> as Pointer>::fmt(copy _3, copy _2) -> bb1;",
            "_0 = Rc::<Tag<'\"'>>::ptr_eq(copy _1, copy _2) -> bb1;",
            "_0 = f::<'a, 'b>(const '\"') -> Rc::<u8>::ptr_eq;",
            "_0 = core::ptr::const_ptr::<impl *const u8>::addr(move _4) -> bb1;",
            "_0 = core::ptr::hash::<u8, Place>(copy _4, copy _5) -> bb1;",
            "_0 = core::ptr::eq::<u8>(copy _4, copy _5) -> bb1;",
            "_0 = fn_addr_eq::<fn(), fn()>(copy _4, copy _5) -> bb1;",
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

    /// Invariant: CHECK-18
    #[test]
    fn types_whose_values_are_hidden_are_ignored() {
        for ty in [
            "fn()",
            "(fn(), core::marker::PhantomData<u8>)",
            "(core::marker::PhantomData<fn() -> (u8, u16)>, fn(u8) -> u8)",
            "core::iter::Map<core::iter::Once<fn()>, {closure@a.rs:1:2: 1:4}>",
            "core::iter::Map<core::iter::Once<fn() -> u8>, fn(fn() -> u8) -> u8 {call}>",
            "(fn() -> u8 {item}, fn() -> u8)",
            "(fn(), {closure@a.rs:1:2: 1:4})",
            "(fn() -> u8, {closure@a.rs:1:2: 1:4})",
        ] {
            assert!(shows_address(ty), "{ty}");
        }
        for ty in [
            "core::marker::PhantomData<fn() -> Option<T>>",
            "core::iter::Map<core::slice::Iter<'_, u8>, fn(&u8) -> u8 {copy}>",
            "core::iter::Map<core::ops::Range<u8>, fn(u8) -> fn(u8) -> u8 {make}>",
            "core::iter::Map<core::ops::Range<u8>, fn(u8) {take}>",
        ] {
            assert!(!shows_address(ty), "{ty}");
        }
    }

    #[test]
    fn debug_of_types_with_addresses_is_refused() {
        let code = |shown: &str| {
            format!(
                "#![no_std] extern crate alloc; use core::{{fmt::{{self, Debug}}, marker::PhantomData, slice, task}};\n{shown}"
            )
        };
        let invocation =
            |shown: &str| Compiled::new("shown", &code(shown), &["-Aunused", "-Copt-level=3"]);
        let found = |shown: &str| {
            let tried = invocation(shown);
            let conditions = Conditions::of(&tried.invocation, &Compiled::run).expect("asked");
            check(&tried.invocation, &conditions, &Compiled::run).expect("it is understood")
        };
        for shown in [
            "pub fn f(it: &mut [u8]) { let _ = format_args!(\"{:?}\", it.chunks_mut(2)); }",
            "pub fn f(it: &mut [u8]) { let _ = format_args!(\"{:#?}\", Some(&it.chunks_exact_mut(2))); }",
            "pub fn f(it: &mut [u8]) { let it = it.rchunks_mut(2); let _ = format_args!(\"{it:?}\"); }",
            "pub fn f(it: slice::RChunksExactMut<'_, u8>, to: &mut fmt::Formatter<'_>) -> fmt::Result { to.debug_list().entry(&it).finish() }",
            "pub fn f(it: &task::Context<'_>, to: &mut fmt::Formatter<'_>) -> fmt::Result { Debug::fmt(it, to) }",
            "pub fn f(it: &task::Waker) -> alloc::boxed::Box<dyn Debug + '_> { alloc::boxed::Box::new(it) }",
            "pub fn f(it: &task::Waker) -> &dyn Debug { it }",
            "#[derive(Debug)] pub struct S { it: Option<task::Waker> }",
            "#[derive(Debug)] pub enum S<'a> { A(u8, slice::ChunksMut<'a, u8>) }",
            "#[derive(Debug)] pub struct S(u8, fn(u8) -> u8);",
            "pub fn f(it: fn()) { let _ = format_args!(\"{it:?}\"); }",
            "pub fn f(it: (fn(), PhantomData<u8>)) { let _ = format_args!(\"{it:?}\"); }",
            "pub fn f(it: fn() -> u8) { let _ = format_args!(\"{:?}\", core::iter::once(it).map(|it| it())); }",
            "pub fn f() { let _ = <task::Waker as Debug>::fmt; }",
        ] {
            let found = found(shown);
            assert!(
                found.len() == 1 && found[0].message.contains("shows by `Debug`"),
                "{shown}: {found:?}"
            );
        }
        for shown in [
            "pub fn f(it: &mut [u8]) { for it in it.chunks_mut(2) { let _ = format_args!(\"{it:?}\"); } }",
            "pub fn f(it: &[u8], cx: &mut task::Context<'_>) { cx.waker().wake_by_ref(); let _ = format_args!(\"{:?}\", it.chunks(2)); }",
            "#[derive(Debug)] pub struct Context<'a, T>(&'a u8, PhantomData<fn() -> T>); pub fn f(it: Context<'_, u8>) { let _ = format_args!(\"{it:?}\"); }",
            "#[derive(Debug)] pub enum Waker { A } pub fn f(by: fn(Waker)) { by(Waker::A); let _ = format_args!(\"{:?}\", Waker::A); let _ = <u8 as Debug>::fmt; }",
        ] {
            let found = found(shown);
            assert!(found.is_empty(), "{shown}: {found:?}");
        }
    }

    /// Invariant: AUTH-28, CHECK-18
    #[test]
    fn partly_printed_code_is_not_understood() {
        for line in [
            "_1 = const \"a;",
            "_1 = f::<'(>();",
            "_1 = f::<'\\n>();",
            "let _1: {closure@a(b.rs:1:2: 3:4};",
            "_3 = core::ptr::hash::<u8, ...>(copy _4, copy _5) -> bb1;",
        ] {
            assert!(taken(line).is_err(), "{line}");
        }
    }
}
