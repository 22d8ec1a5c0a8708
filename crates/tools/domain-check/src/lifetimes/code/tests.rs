//! Tests of places in which code may hide, and of the tokens that count as a macro's definition.

use super::Code;

/// Places for items. If an item is refused at the root of a crate, it must be refused at each of these places, too.
const PLACES: &[&str] = &[
    "fn outer() { CODE }",
    "fn outer() { let _ = format_args!(\"{}\", { CODE 1 }); }",
    "fn outer() { format_args!(\"{0} {x}\", y, x = { CODE 1 }); }",
    "fn outer() { let _ = format_args!(\"{}\", format_args!(\"{}\", { CODE 1 })); }",
    "fn outer() { const { CODE }; }",
    "fn outer() { let _ = || { CODE }; }",
    "fn outer() { fn inner() { CODE } }",
    "fn outer() { async { CODE }; }",
    "fn outer() { loop { let Some(_) = x else { CODE }; } }",
    "struct Outer; impl Outer { const C: u8 = { CODE 1 }; }",
    "trait Outer { const C: u8 = { CODE 1 }; }",
    "trait Outer { fn outer() { CODE } }",
    "static S: u8 = { CODE 1 };",
    "mod outer { CODE }",
    "macro_rules! outer { () => {} } CODE",
    "fn outer() { macro_rules! inner { () => {} } CODE }",
    "fn outer() { let macro_rules = 1; let _ = macro_rules != { CODE 1 }; }",
    "fn outer() { let macro_rules = 1; macro_rules != { CODE 1 }; }",
    "fn outer() { let _ = format_args!(\"{}\", macro_rules != { CODE 1 }); }",
];

/// The code in each place.
pub(in crate::lifetimes) fn everywhere(code: &str) -> impl Iterator<Item = String> {
    PLACES.iter().map(move |place| place.replace("CODE", code))
}

fn read(source: &str) -> Result<Code, String> {
    Code::read(source.parse().expect("Rust's tokens"))
}

#[test]
fn definitions_of_macros_are_left_out() {
    for source in [
        "macro_rules! m { () => { hidden } }",
        "mod n { macro_rules! m ( () => { hidden } ); }",
        "fn f() { #[allow(x)] macro_rules! m [ () => { hidden } ]; }",
        "fn f() { format_args!(\"{}\", { macro_rules! m { () => { hidden } } 1 }); }",
        "impl S { const C: u8 = { macro_rules! m { () => { hidden } } 1 }; }",
    ] {
        let code = read(source).expect("it is read");
        assert!(!code.tokens.to_string().contains("hidden"), "{source}");
        assert!(!format!("{:?}", code.file).contains("hidden"), "{source}");
        assert_eq!(code.macros.len(), 1, "{source}");
    }
}

/// Invariant: CHECK-17
#[test]
fn a_name_alone_defines_no_macro() {
    for source in [
        "fn f() { macro_rules != { seen } }",
        "fn f() { macro_rules != name { seen } }",
        "fn f() { macro_rules! { seen } }",
        "fn f() { other! name { seen } }",
        "fn f() { r#macro_rules! name { seen } }",
        "fn f() { let macro_rules = seen; }",
    ] {
        match read(source) {
            Ok(code) => {
                assert!(code.tokens.to_string().contains("seen"), "{source}");
                assert!(format!("{:?}", code.file).contains("seen"), "{source}");
            }
            Err(problem) => assert!(problem.contains("could not be read"), "{source}: {problem}"),
        }
    }
}

/// Invariant: CHECK-17
#[test]
fn false_macro_definitions_are_not_read() {
    for source in [
        "other! { macro_rules! m { hidden } }",
        "fn f() { format_args!(\"{}\", #, { macro_rules! m { hidden } }) }",
        "fn f() { builtin # offset_of(T, macro_rules! m { hidden }) }",
    ] {
        let problem = read(source).err();
        assert_eq!(
            problem.as_deref(),
            Some("has `macro_rules` where nothing is defined"),
            "{source}"
        );
    }
}
