//! Searches expanded source for constructs that a domain may not contain.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::attributes;
use super::tokens::{is_punct, is_word, plain, until_body};
use crate::finding::{Finding, Findings, Rule};
use crate::review::{Review, names};

/// Macros of the compiler that are assembly.
const ASSEMBLY: &[&str] = &["asm", "global_asm", "naked_asm"];

/// `std`, and the crates in the compiler's distribution that depend on `std`.
const STD: &[&str] = &["std", "proc_macro", "test"];

/// Finds every place in `source` that breaks a rule, except for reviewed exceptions.
pub(super) fn search(source: TokenStream, review: &Review) -> Findings {
    let mut search = Search {
        review,
        written: false,
        findings: Findings::new(),
    };
    search.descend(source, None, Context::default());
    search.findings
}

/// Finds everything unsafe in `source`, the text of a file of the domain. No derive wrote any of this text, so every
/// unsafe impl in it is a finding. Other forbidden constructs are not reported, because they may stand under a `cfg`
/// condition that is off.
pub(super) fn written(source: TokenStream, review: &Review) -> Findings {
    let mut nothing_derived = review.clone();
    nothing_derived.derived_unsafe_traits.clear();
    let mut search = Search {
        review: &nothing_derived,
        written: true,
        findings: Findings::new(),
    };
    let context = Context {
        template: true,
        ..Context::default()
    };
    search.descend(source, None, context);
    let kept = [
        Rule::Assembly,
        Rule::ExternBlock,
        Rule::UnsafeAttribute,
        Rule::UnsafeCode,
    ];
    search.findings.retain(|it| kept.contains(&it.rule));
    search.findings
}

/// The context of tokens.
#[derive(Clone, Copy, Default)]
struct Context {
    /// In a macro's definition.
    template: bool,
    /// Among a macro's arguments or in its definition, where the macro may take tokens apart.
    loose: bool,
    /// In the body of an `unsafe impl` that a reviewed derive wrote. Only a derive can have written it, because the
    /// compiler forbids the word `unsafe` in the domain's own tokens. Tokens that the derive copied from the domain
    /// are also in the type's definition, and are checked there.
    derived: bool,
}

struct Search<'a> {
    review: &'a Review,
    /// Whether the text is a file of the domain, and so contains no tokens that a macro wrote.
    written: bool,
    findings: Findings,
}

impl Search<'_> {
    fn find(&mut self, rule: Rule, what: &str, function: Option<&str>) {
        let mut finding = match function {
            Some(name) => Finding::new(rule, format!("{what} in or after fn {name}")),
            None => Finding::new(rule, format!("{what} in or after the crate's root")),
        };
        finding.function = function.map(str::to_owned);
        self.findings.push(finding);
    }

    /// Searches these tokens. `function` is the name of the function around them.
    fn descend(&mut self, stream: TokenStream, function: Option<&str>, context: Context) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut function = function.map(str::to_owned);
        // The index of the body of a reviewed derive's impl.
        let mut derived = None;
        for (index, token) in tokens.iter().enumerate() {
            let (before, rest) = (&tokens[..index], &tokens[index + 1..]);
            let place = function.as_deref();
            match token {
                TokenTree::Group(group) if attributes::is_one(group, before) => {
                    let found = attributes::judge(group.stream(), self.review, context.template);
                    if let Some((rule, what)) = found {
                        self.find(rule, &what, next_function(rest).as_deref().or(place));
                    }
                }
                TokenTree::Group(group) => {
                    let context = Context {
                        template: context.template || is_definition(before),
                        loose: context.loose || takes_tokens(before),
                        derived: context.derived || derived == Some(index),
                    };
                    self.descend(group.stream(), place, context);
                }
                TokenTree::Ident(word) if word == "fn" => {
                    if let Some(TokenTree::Ident(name)) = rest.first() {
                        function = Some(name.to_string());
                    }
                }
                TokenTree::Ident(word) if word == "extern" => {
                    if let Some(name) = taken_name(rest) {
                        let what = format!("a crate by another name, {name}");
                        self.find(Rule::CrateName, &what, place);
                    }
                    if let Some(name) = linked_std(rest) {
                        self.find(Rule::Std, &format!("extern crate {name}"), place);
                    }
                    let is_unsafe = before.last().is_some_and(|token| is_word(token, "unsafe"));
                    if is_extern_block(rest) && !is_unsafe {
                        self.find(Rule::ExternBlock, "extern block", place);
                    }
                }
                // In a file of the domain the macro's name alone counts as a use, because an import may give the
                // macro another name.
                TokenTree::Ident(word)
                    if ASSEMBLY.contains(&plain(word).as_str())
                        && (self.written || is_punct(rest.first(), '!')) =>
                {
                    self.find(Rule::Assembly, &format!("{}!", plain(word)), place);
                }
                TokenTree::Ident(word) if word == "unsafe" => {
                    if is_derived(rest, self.review) {
                        derived = Some(index + 1 + until_body(rest).len());
                    }
                    let found = self.unsafe_thing(rest, context);
                    let found = found.filter(|it| !context.derived || it.0 != Rule::UnsafeCode);
                    if let Some((rule, what)) = found {
                        self.find(rule, &what, place);
                    }
                }
                _ => {}
            }
        }
    }

    /// Returns the unsafe construct that the keyword `unsafe` before `rest` introduces, unless it is harmless or
    /// reviewed. The type of an unsafe function pointer is harmless. Among a macro's tokens it nevertheless counts as
    /// unsafe, because the macro may separate the keyword from the rest of the type.
    fn unsafe_thing(&self, rest: &[TokenTree], context: Context) -> Option<(Rule, String)> {
        let what = match rest.first() {
            None => "the word unsafe alone".into(),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                if !self.written && is_derived_unreachable(group.stream()) {
                    return None;
                }
                "unsafe block".into()
            }
            Some(TokenTree::Group(_)) => {
                return Some((Rule::UnsafeAttribute, "unsafe attribute".into()));
            }
            Some(TokenTree::Ident(word)) if word == "impl" => {
                if is_derived(rest, self.review) {
                    return None;
                }
                format!("unsafe impl of {}", trait_name(&rest[1..]))
            }
            Some(TokenTree::Ident(word)) if word == "fn" || word == "extern" => {
                // `extern`, and the name of a calling convention.
                let extern_ = usize::from(word == "extern");
                let named = extern_ == 1 && matches!(rest.get(1), Some(TokenTree::Literal(_)));
                let after = &rest[extern_ + usize::from(named)..];
                match after {
                    [keyword, TokenTree::Group(parameters), ..]
                        if is_word(keyword, "fn")
                            && parameters.delimiter() == Delimiter::Parenthesis =>
                    {
                        // This is the type of a function pointer. Code may hold such a pointer safely, and needs an
                        // unsafe block to call it.
                        if !context.loose {
                            return None;
                        }
                        "unsafe fn pointer among a macro's tokens".into()
                    }
                    [keyword, TokenTree::Ident(name), ..] if is_word(keyword, "fn") => {
                        format!("unsafe fn {name}")
                    }
                    _ => return Some((Rule::ExternBlock, "unsafe extern block".into())),
                }
            }
            Some(other) => format!("unsafe {other}"),
        };
        Some((Rule::UnsafeCode, what))
    }
}

/// Returns the name of the function to which an attribute before `rest` belongs, or `None` if it belongs to another
/// item.
fn next_function(rest: &[TokenTree]) -> Option<String> {
    let end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is_punct(Some(token), ';'),
    };
    let item = rest.iter().take_while(|token| !end(token));
    let mut after = item.skip_while(|token| !is_word(token, "fn")).skip(1);
    match after.next()? {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    }
}

/// Whether the group after `before` is the body of a `macro_rules`.
fn is_definition(before: &[TokenTree]) -> bool {
    let [.., first, second, TokenTree::Ident(_)] = before else {
        return false;
    };
    is_word(first, "macro_rules") && is_punct(Some(second), '!')
}

/// Whether `extern`, before `rest`, begins a block.
fn is_extern_block(rest: &[TokenTree]) -> bool {
    let is_brace = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace);
    match rest.first() {
        Some(TokenTree::Literal(_)) => is_brace(rest.get(1)),
        first => is_brace(first),
    }
}

/// Returns the new name that `extern`, before `rest`, gives to a crate. The crate may be the domain itself (`extern
/// crate self as x`).
fn taken_name(rest: &[TokenTree]) -> Option<String> {
    let [first, _, third, TokenTree::Ident(name), ..] = rest else {
        return None;
    };
    (is_word(first, "crate") && is_word(third, "as") && name != "_").then(|| plain(name))
}

/// Returns the linked crate if `extern` before `rest` links `std` or a crate that depends on it. A crate with
/// `no_std` may link these crates in this way, and no other check notices it.
fn linked_std(rest: &[TokenTree]) -> Option<String> {
    let [first, TokenTree::Ident(name), ..] = rest else {
        return None;
    };
    let name = plain(name);
    (is_word(first, "crate") && STD.contains(&name.as_str())).then_some(name)
}

/// Whether the group after `before` is the argument or the definition of a macro.
fn takes_tokens(before: &[TokenTree]) -> bool {
    match before {
        [.., mark, TokenTree::Ident(_)] if is_punct(Some(mark), '!') => true,
        [.., TokenTree::Ident(_), mark] => is_punct(Some(mark), '!'),
        _ => false,
    }
}

/// Whether `unsafe`, before `rest`, begins an impl of a trait that reviewed derives implement.
fn is_derived(rest: &[TokenTree], review: &Review) -> bool {
    rest.first().is_some_and(|token| is_word(token, "impl"))
        && names(&review.derived_unsafe_traits, &trait_name(&rest[1..]))
}

/// Whether a block is the one that the compiler's own `derive(PartialEq)` writes for variants that differ. It
/// contains only a call of `unreachable`, by a path that stable code cannot use.
fn is_derived_unreachable(block: TokenStream) -> bool {
    let text: String = block.into_iter().map(|token| token.to_string()).collect();
    text == "::core::intrinsics::unreachable()"
}

/// Returns the last name in the path of the trait, given the tokens after `impl`.
fn trait_name(tokens: &[TokenTree]) -> String {
    let mut name = String::from("?");
    let mut depth = 0_u32;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
            // The `>` of `->` closes no bracket.
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

fn follows_dash(before: &[TokenTree]) -> bool {
    is_punct(before.last(), '-')
}

#[cfg(test)]
mod tests {
    use super::{search, written};
    use crate::review::{Review, Source};

    /// Invariant: CHECK-1
    #[test]
    fn unsafe_tokens_among_a_macros_are_refused() {
        for (source, finding) in [
            ("m!(unsafe);", "the word unsafe alone"),
            ("m!([unsafe] naked);", "the word unsafe alone"),
            ("m!(unsafe, naked);", "unsafe ,"),
            ("m! { unsafe fn(u8) }", "unsafe fn pointer among"),
            (
                "m!(x, (y, unsafe extern \"C\" fn()));",
                "unsafe fn pointer among",
            ),
            (
                "macro_rules! m { () => { f!(unsafe fn(u8)) } }",
                "unsafe fn pointer among",
            ),
            (
                "m!(unsafe { ::core::intrinsics::unreachable() });",
                "unsafe block",
            ),
            ("m!(unsafe impl Exchangeable for X {});", "unsafe impl"),
            ("use core::arch::naked_asm as body;", "naked_asm!"),
            ("use core::arch::{self, r#asm as body};", "asm!"),
            ("m!(core::arch, global_asm);", "global_asm!"),
        ] {
            let tokens = source.parse().expect("Rust's tokens");
            let findings = written(tokens, &Review::samara(&Source::Member));
            let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
            assert!(
                findings.len() == 1 && findings[0].contains(finding),
                "{source}: {findings:?}"
            );
        }
        let good = "struct S { f: unsafe fn(u8) } type F = Option<unsafe extern \"C\" fn() -> u8>; fn f() { a != (b as unsafe fn()) }";
        let tokens = good.parse().expect("Rust's tokens");
        assert!(written(tokens, &Review::samara(&Source::Member)).is_empty());
    }

    fn findings(source: &str) -> Vec<String> {
        let tokens = source.parse().expect("Rust's tokens");
        let findings = search(tokens, &Review::samara(&Source::Member));
        findings.iter().map(ToString::to_string).collect()
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

    /// Invariant: CHECK-1
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
            (
                "unsafe extern \"C\" { safe fn f(); } const F: extern \"C\" fn() = f;",
                "unsafe extern block",
            ),
            (
                "unsafe extern { static X: [u8; { fn(()) }]; }",
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
