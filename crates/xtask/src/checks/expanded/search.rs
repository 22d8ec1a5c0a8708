//! Searching expanded source for what a domain may not contain.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::checks::{Findings, reviewed};

/// Attributes that change how a symbol is linked. They are `unsafe` to write, but macros of older
/// editions may expand to them without the word.
const LINKAGE: &[&str] = &["no_mangle", "export_name", "link_section"];

/// Every place in `source` that is unsafe, but for the reviewed derives.
pub(super) fn search(source: TokenStream) -> Findings {
    let mut findings = Findings::new();
    descend(source, "the crate's root", &mut findings);
    findings
}

/// `place` names the function around these tokens.
fn descend(stream: TokenStream, place: &str, findings: &mut Findings) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut place = place.to_owned();
    for (index, token) in tokens.iter().enumerate() {
        let rest = &tokens[index + 1..];
        match token {
            TokenTree::Group(group) => {
                let attribute =
                    group.delimiter() == Delimiter::Bracket && follows_hash(&tokens[..index]);
                if attribute
                    && let Some(name) =
                        first_word(group.stream()).filter(|name| LINKAGE.contains(&&**name))
                {
                    findings.push(format!("attribute {name} in or after {place}"));
                }
                descend(group.stream(), &place, findings);
            }
            TokenTree::Ident(word) if word == "fn" => {
                if let Some(TokenTree::Ident(name)) = rest.first() {
                    place = format!("fn {name}");
                }
            }
            TokenTree::Ident(word) if word == "extern" => {
                if let Some(name) = taken_name(rest) {
                    findings.push(format!(
                        "a crate by another name, {name}: a macro's support could be reached by it"
                    ));
                }
                if links_std(rest) {
                    findings.push(format!("extern crate std in or after {place}"));
                }
            }
            TokenTree::Ident(word) if word == "global_asm" && is_punct(rest.first(), '!') => {
                findings.push(format!("global_asm! in or after {place}"));
            }
            TokenTree::Ident(word) if word == "unsafe" => {
                if let Some(what) = unsafe_thing(rest) {
                    findings.push(format!("{what} in or after {place}"));
                }
            }
            _ => {}
        }
    }
}

/// The name that `extern`, before `rest`, gives to a crate, be it this one, that has another.
fn taken_name(rest: &[TokenTree]) -> Option<String> {
    let [first, _, third, TokenTree::Ident(name), ..] = rest else {
        return None;
    };
    (is_word(first, "crate") && is_word(third, "as") && name != "_").then(|| name.to_string())
}

/// Whether `extern`, before `rest`, links `std`: a root that says `no_std` may, and nobody else sees it.
fn links_std(rest: &[TokenTree]) -> bool {
    matches!(rest, [first, second, ..] if is_word(first, "crate") && is_word(second, "std"))
}

/// What the keyword `unsafe` before `rest` introduces, unless it is harmless or reviewed.
fn unsafe_thing(rest: &[TokenTree]) -> Option<String> {
    match rest.first()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            if is_derived_unreachable(group.stream()) {
                return None;
            }
            Some("unsafe block".into())
        }
        TokenTree::Group(_) => Some("unsafe attribute".into()),
        TokenTree::Ident(word) if word == "impl" => {
            let name = trait_name(&rest[1..]);
            if reviewed::DERIVED_UNSAFE_TRAITS.contains(&name.as_str()) {
                None
            } else {
                Some(format!("unsafe impl of {name}"))
            }
        }
        TokenTree::Ident(word) if word == "fn" || word == "extern" => {
            let after_fn = rest
                .iter()
                .position(|token| is_word(token, "fn"))
                .and_then(|at| rest.get(at + 1));
            match after_fn {
                // The type of a function pointer: to have one is safe, and to call it is another block.
                Some(TokenTree::Group(_)) => None,
                Some(TokenTree::Ident(name)) => Some(format!("unsafe fn {name}")),
                _ => Some("unsafe extern block".into()),
            }
        }
        other => Some(format!("unsafe {other}")),
    }
}

/// Whether a block is what the compiler's own `derive(PartialEq)` writes for variants that differ:
/// a function that stable code cannot name.
fn is_derived_unreachable(block: TokenStream) -> bool {
    let text: String = block.into_iter().map(|token| token.to_string()).collect();
    text == "::core::intrinsics::unreachable()"
}

/// The last name in the path of the trait, given what follows `impl`.
fn trait_name(tokens: &[TokenTree]) -> String {
    let mut name = String::from("?");
    let mut depth = 0_u32;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
            // The end of `->` closes nothing.
            TokenTree::Punct(mark) if mark.as_char() == '>' && !follows_dash(&tokens[..index]) => {
                depth = depth.saturating_sub(1);
            }
            TokenTree::Ident(word) if depth == 0 && word == "for" => break,
            TokenTree::Ident(word) if depth == 0 => name = word.to_string(),
            _ => {}
        }
    }
    name
}

fn follows_hash(before: &[TokenTree]) -> bool {
    let mut before = before.iter().rev();
    match before.next() {
        Some(token) if is_punct(Some(token), '!') => is_punct(before.next(), '#'),
        token => is_punct(token, '#'),
    }
}

fn follows_dash(before: &[TokenTree]) -> bool {
    is_punct(before.last(), '-')
}

fn first_word(stream: TokenStream) -> Option<String> {
    match stream.into_iter().next()? {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

#[cfg(test)]
mod tests {
    use super::search;

    fn findings(source: &str) -> Vec<String> {
        search(source.parse().expect("Rust's tokens"))
    }

    #[test]
    fn safe_code_and_reviewed_derives_pass() {
        for source in [
            "fn f() { let unsafe_name = \"unsafe { }\"; /* unsafe */ }",
            "#[automatically_derived] unsafe impl ::samara_rref::Exchangeable for Thing { const N: bool = true; }",
            "unsafe impl<T: Fn() -> Vec<u8>> domain::Exchangeable for Thing<T> where T: Exchangeable {}",
            "extern crate core; extern crate samara_host as _; extern \"C\" fn f() {}",
            "struct S { f: unsafe fn(u8), g: unsafe extern \"C\" fn() -> u8 }",
            "#[inline] #![doc = \"no_mangle\"] fn no_mangle() {}",
            "fn eq() { match x { _ => unsafe { ::core::intrinsics::unreachable() } } }",
        ] {
            assert_eq!(findings(source), [""; 0], "{source}");
        }
    }

    #[test]
    fn everything_unsafe_is_found_with_its_place() {
        for (source, finding) in [
            (
                "mod m { fn f() { if x { unsafe { g() } } } }",
                "unsafe block in or after fn f",
            ),
            ("unsafe fn f() {}", "unsafe fn f in"),
            ("unsafe extern \"C\" fn f() {}", "unsafe fn f in"),
            (
                "unsafe extern \"C\" { static X: u8; }",
                "unsafe extern block",
            ),
            ("unsafe impl Send for X {}", "unsafe impl of Send"),
            (
                "unsafe impl<T> core::marker::Sync for X<T> where T: for<'a> Exchangeable<'a> {}",
                "unsafe impl of Sync",
            ),
            ("unsafe trait T {}", "unsafe trait"),
            ("#[unsafe(no_mangle)] fn f() {}", "unsafe attribute"),
            ("#[no_mangle] fn f() {}", "attribute no_mangle"),
            (
                "#[link_section = \".x\"] static S: u8 = 0;",
                "attribute link_section",
            ),
            ("global_asm!(\"ret\");", "global_asm!"),
            (
                "extern crate self as samara_rref;",
                "another name, samara_rref",
            ),
            ("extern crate alloc as core;", "another name, core"),
            ("mod m { extern crate std; }", "extern crate std"),
            ("pub extern crate std as _;", "extern crate std"),
            (
                "macro_rules! m { () => { extern crate std; } }",
                "extern crate std",
            ),
            (
                "macro_rules! m { ($e:expr) => { unsafe { $e } } }",
                "unsafe block",
            ),
        ] {
            let findings = findings(source);
            assert!(
                findings.len() == 1 && findings[0].contains(finding),
                "{source}: {findings:?}"
            );
        }
    }
}
