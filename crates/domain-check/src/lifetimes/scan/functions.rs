//! Functions, their signatures.

use std::collections::BTreeSet;

use proc_macro2::TokenTree;
use syn::{FnArg, ReturnType, Signature, Type};

use super::generics::{arguments, walk_generics};
use super::{Scan, anonymous};
use crate::check::tokens::{is_word, until_body};
use crate::finding::Rule;
use crate::lifetimes::judge::outlived;
use crate::lifetimes::walk::{Scope, Walk};

impl Scan<'_> {
    /// A function, up to its end; returns how many tokens that is.
    pub(super) fn function(
        &mut self,
        before: &[TokenTree],
        tokens: &[TokenTree],
        around: &Scope,
    ) -> usize {
        let qualifiers = before.iter().rev();
        let is_async = qualifiers
            .take_while(|it| is_qualifier(it))
            .any(|it| is_word(it, "async"));
        let header = until_body(tokens);
        self.function = tokens.get(1).map(ToString::to_string);
        let what = format!("fn {}", self.function.as_deref().unwrap_or_default());
        let mut scope = around.clone();
        match syn::parse2::<Signature>(header.iter().cloned().collect()) {
            Ok(signature) => {
                if let Some(named) = anonymous::named(&signature) {
                    let mut scope = around.clone();
                    self.generics(&named, is_async, &mut scope, &what);
                }
                self.generics(&signature, is_async, &mut scope, &what);
                self.nested(header, &scope);
            }
            Err(problem) => self.not_understood(&what, &problem),
        }
        if let Some(TokenTree::Group(body)) = tokens.get(header.len()) {
            self.descend(body.stream(), &Scope::default(), &scope);
        }
        header.len() + 1
    }

    /// A signature, and its generics, which are added to `scope`.
    fn generics(&mut self, signature: &Signature, is_async: bool, scope: &mut Scope, what: &str) {
        self.add(scope, &signature.generics, what);
        self.bounds(scope, what, |walk| walk_generics(walk, &signature.generics));
        self.signature(signature, is_async, scope, what);
    }

    fn signature(&mut self, signature: &Signature, is_async: bool, scope: &Scope, what: &str) {
        let mut walk = Walk::new(self.definitions, scope);
        let mut of_self = None;
        let mut of_inputs = BTreeSet::new();
        for input in &signature.inputs {
            let (ty, is_self) = match input {
                FnArg::Receiver(receiver) => (&*receiver.ty, true),
                FnArg::Typed(input) => (&*input.ty, false),
            };
            let before = walk.facts.occurrences.len();
            walk.argument(ty);
            let new = walk.facts.occurrences[before..].iter().map(|it| &it.name);
            let lifetimes: Vec<_> = new.filter(|name| name.starts_with('\'')).cloned().collect();
            if is_self && is_by_reference(ty) {
                of_self = lifetimes.first().cloned();
            }
            of_inputs.extend(lifetimes);
        }
        let elided = of_self.or_else(|| {
            let only = of_inputs.len() == 1;
            of_inputs.into_iter().next().filter(|_| only)
        });
        if let ReturnType::Type(_, output) = &signature.output {
            walk.output(output, elided);
        }
        let unknown = walk.unknown;
        let is_opaque = walk.is_opaque || is_async;
        let mut declared = scope.declared.clone();
        declared.append(&walk.proved);
        let mut facts = walk.facts;
        facts.append(&scope.bounds);
        facts.edges.extend(scope.header.edges.iter().cloned());
        let bounds = outlived(&facts, &scope.declared, &scope.presumed, is_opaque);
        self.outlived(what, bounds);
        self.unsaid(what, &facts, scope, walk.is_opaque);
        if !unknown {
            self.judge(what, &facts, &declared);
        } else {
            self.find(
                Rule::NotUnderstood,
                format!("{what} has a type that could not be read"),
            );
        }
    }
}

/// Whether a receiver's type is a reference, or has one that elided lifetimes of the result mean:
/// `Pin<&mut Self>`.
fn is_by_reference(ty: &Type) -> bool {
    match ty {
        Type::Reference(_) => true,
        Type::Path(path) => path
            .path
            .segments
            .iter()
            .any(|segment| arguments(segment).iter().any(is_by_reference)),
        _ => false,
    }
}

/// Whether a word may stand between `async` and `fn`, or is it.
fn is_qualifier(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Literal(_))
        || ["async", "unsafe", "safe", "extern"]
            .iter()
            .any(|it| is_word(token, it))
}
