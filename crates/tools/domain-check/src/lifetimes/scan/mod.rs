//! Finds signatures among the tokens of expanded code, in every place. `shape` checks that each item and type can be
//! read.

mod annotated;
mod anonymous;
mod binders;
mod closures;
mod ends;
mod functions;
mod generics;
mod headers;
mod types;
mod unsaid;

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use self::annotated::Annotated;

use super::code::Code;
use super::declared::{Declared, is_structure};
use super::definitions::Definitions;
use super::facts::{Facts, Name};
use super::judge::{Outlived, Relied, judge};
#[cfg(test)]
use super::relations::Relations;
use super::walk::Scope;
use crate::finding::{Finding, Findings, Rule};

/// The most names in a signature, and the most bounds that may be implied in it.
const MOST_NAMES: usize = 64;
const MOST_EDGES: usize = 4096;

/// Finds every signature and header in `code` that relies on an implied bound.
pub(super) fn scan(code: &Code, definitions: &Definitions) -> Findings {
    scanned(code, definitions).findings
}

fn scanned<'a>(code: &Code, definitions: &'a Definitions) -> Scan<'a> {
    let mut scan = Scan {
        definitions,
        function: None,
        findings: Findings::new(),
        #[cfg(test)]
        seen: Vec::new(),
    };
    for (name, bound) in definitions.outliving() {
        scan.outlived(&format!("the type {name}"), [bound.clone()]);
    }
    let root = Scope::default();
    scan.descend(code.tokens.clone(), &root, &root);
    let mut closures = Annotated {
        scan: &mut scan,
        scope: root,
    };
    closures.visit_file(&code.file);
    scan
}

/// Returns the relations that the check derives for each function, for the comparison with the compiler.
#[cfg(test)]
pub(super) fn seen(code: &Code, definitions: &Definitions) -> Vec<Seen> {
    scanned(code, definitions).seen
}

/// The relations that the check derives for a function. `outlives` is `None` for a function that is refused because
/// its relations are not clear.
#[cfg(test)]
pub(super) struct Seen {
    pub(super) function: String,
    /// The lifetimes that its inputs elide, in their order.
    pub(super) elided: Vec<Name>,
    pub(super) outlives: Option<Relations>,
}

struct Scan<'a> {
    definitions: &'a Definitions,
    /// The function that the scan entered last. Findings name it.
    function: Option<String>,
    findings: Findings,
    #[cfg(test)]
    seen: Vec<Seen>,
}

impl Scan<'_> {
    fn find(&mut self, rule: Rule, what: String) {
        let mut finding = Finding::new(rule, what);
        finding.function = self.function.clone();
        self.findings.push(finding);
    }

    /// Judges a signature.
    fn judge(&mut self, what: &str, facts: &Facts, declared: &Declared) {
        if self.is_small(what, facts) {
            self.relied(what, judge(facts, declared));
        }
    }

    /// Whether there are few enough facts to judge. If not, adds a finding.
    fn is_small(&mut self, what: &str, facts: &Facts) -> bool {
        let names: BTreeSet<_> = facts.occurrences.iter().map(|it| &it.name).collect();
        let small = names.len() <= MOST_NAMES && facts.edges.len() <= MOST_EDGES;
        if !small {
            let what = format!(
                "{what} relates more than {MOST_NAMES} lifetimes and parameters, or in more than {MOST_EDGES} \
                 ways: take it apart"
            );
            self.find(Rule::ImpliedBound, what);
        }
        small
    }

    fn relied(&mut self, what: &str, bounds: BTreeSet<Relied>) {
        for Relied { outer, inner } in bounds {
            let (outer, inner) = (shown(&outer), shown(&inner));
            let what = format!("{what} relies on `{inner}: {outer}`, which it does not say");
            // The scan may find the same bound twice: at its `for<…>`, and at its parentheses.
            if !self.findings.iter().any(|it| it.message == what) {
                self.find(Rule::ImpliedBound, what);
            }
        }
    }

    fn outlived(&mut self, what: &str, bounds: impl IntoIterator<Item = Outlived>) {
        for Outlived { outer, from, last } in bounds {
            let from = shown(&from);
            let (outer, shown) = (shown(&outer), format!("{from}::{last}"));
            let what = format!(
                "{what} believes that `{shown}` outlives `{outer}` as far as `{from}` does, which need not hold for \
                 a closure's result: write `{shown}: {outer}`, or give the type a name, as in `Trait<{last} = R>`"
            );
            if !self.findings.iter().any(|it| it.message.contains(&what)) {
                self.find(Rule::ImpliedBound, what);
            }
        }
    }

    /// Refuses a result whose elided lifetime the check cannot determine.
    fn unclear(&mut self, what: &str) {
        let what = format!(
            "{what} elides a lifetime in a result, and the check can't tell which one that is: write the lifetime"
        );
        self.find(Rule::ImpliedBound, what);
    }

    fn not_understood(&mut self, what: &str, problem: &syn::Error) {
        let what = format!("{what} could not be read: {problem}");
        self.find(Rule::NotUnderstood, what);
    }

    /// Searches tokens. `items` is the scope for items among the tokens, and `types` is the scope for types.
    fn descend(&mut self, stream: TokenStream, items: &Scope, types: &Scope) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut index = 0;
        while let Some(token) = tokens.get(index) {
            let rest = &tokens[index..];
            index += match token {
                TokenTree::Ident(word) if word == "fn" => match rest.get(1) {
                    Some(TokenTree::Ident(_)) => self.function(&tokens[..index], rest, items),
                    _ => {
                        self.pointer(rest, types);
                        1
                    }
                },
                TokenTree::Ident(word) if word == "impl" => self.implementation(rest),
                TokenTree::Ident(word) if word == "trait" => match rest.get(1) {
                    Some(TokenTree::Ident(_)) => self.definition(rest),
                    _ => 1,
                },
                TokenTree::Ident(word) if types::defines(word, rest.get(1)) => {
                    self.type_item(rest, items)
                }
                TokenTree::Ident(_) if self.signs(&tokens, index) => {
                    self.signing(&tokens[..index], rest, types);
                    1
                }
                TokenTree::Ident(word) if word == "for" => {
                    self.binder(rest, types);
                    self.quantified(rest, types);
                    1
                }
                TokenTree::Group(group) => {
                    self.parenthesised(group, types);
                    self.descend(group.stream(), items, types);
                    1
                }
                _ => 1,
            };
        }
    }

    /// Checks the types in a header: pointers and bounds that are signatures of their own.
    fn nested(&mut self, header: &[TokenTree], scope: &Scope) {
        // The first token is the keyword of the item. The second one is the name of a function or a trait, or the
        // first token of an impl's header.
        self.nested_groups(header.get(2..).unwrap_or_default(), scope);
    }

    fn nested_groups(&mut self, tokens: &[TokenTree], types: &Scope) {
        for (index, token) in tokens.iter().enumerate() {
            let rest = &tokens[index..];
            match token {
                TokenTree::Ident(word) if word == "fn" => self.pointer(rest, types),
                TokenTree::Ident(word) if word == "for" => {
                    self.binder(rest, types);
                    self.quantified(rest, types);
                }
                TokenTree::Ident(_) if self.signs(tokens, index) => {
                    self.signing(&tokens[..index], rest, types);
                }
                TokenTree::Group(group) => {
                    self.parenthesised(group, types);
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    self.nested_groups(&inner, types);
                }
                _ => {}
            }
        }
    }

    fn twice(&mut self, name: &str, what: &str) {
        let what =
            format!("{what} has two parameters by the name {name}, which a macro tells apart");
        self.find(Rule::ImpliedBound, what);
    }
}

fn shown(name: &Name) -> &str {
    if name.starts_with("'_") {
        "'_"
    } else if name.starts_with(anonymous::PREFIX) {
        "impl"
    } else if is_structure(name) {
        // A type that is known only by its spelling has no name to show.
        "…"
    } else {
        name
    }
}
