//! Functions and their signatures.

use proc_macro2::TokenTree;
use syn::visit_mut::VisitMut;
use syn::{FnArg, ReturnType, Signature};

use super::generics::walk_generics;
use super::{Scan, anonymous};
use crate::check::tokens::{is_word, until_body};
use crate::finding::Rule;
use crate::lifetimes::code::Bare;
use crate::lifetimes::judge::outlived;
use crate::lifetimes::walk::{Scope, Walk};

impl Scan<'_> {
    /// Checks a function, including its body. Returns the number of its tokens.
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
            Ok(mut signature) => {
                Bare.visit_signature_mut(&mut signature);
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

    /// Checks a signature and its generics, which are added to `scope`.
    fn generics(&mut self, signature: &Signature, is_async: bool, scope: &mut Scope, what: &str) {
        self.add(scope, &signature.generics, what);
        self.bounds(scope, what, |walk| walk_generics(walk, &signature.generics));
        self.signature(signature, is_async, scope, what);
    }

    fn signature(&mut self, signature: &Signature, is_async: bool, scope: &Scope, what: &str) {
        let mut walk = Walk::new(self.definitions, scope);
        let mut receiver = None;
        let mut inputs = Vec::new();
        for input in &signature.inputs {
            match input {
                FnArg::Receiver(it) => receiver = Some((*it.ty).clone()),
                FnArg::Typed(it) => inputs.push((*it.ty).clone()),
            }
        }
        let elided = walk.named(receiver.as_mut(), &mut inputs);
        for ty in receiver.iter().chain(&inputs) {
            walk.argument(ty);
        }
        if let ReturnType::Type(_, output) = &signature.output {
            walk.output(output, elided);
        }
        let (unknown, is_unclear) = (walk.unknown, walk.is_unclear);
        let is_opaque = walk.is_opaque || is_async;
        let mut declared = scope.declared.clone();
        declared.append(&walk.proved);
        let alone = walk.of_result_alone(&scope.header.edges, &declared);
        self.relied(what, alone);
        self.outlived(what, walk.projected_by_result_alone(&declared));
        let mut facts = walk.facts;
        facts.append(&scope.bounds);
        facts.edges.extend(scope.header.edges.iter().cloned());
        #[cfg(test)]
        self.seen.push(super::Seen {
            function: signature.ident.to_string(),
            elided: receiver
                .iter()
                .chain(&inputs)
                .flat_map(elided_names)
                .collect(),
            outlives: (!unknown).then(|| crate::lifetimes::judge::all(&facts, &scope.declared)),
        });
        let bounds = outlived(&facts, &scope.declared, &scope.presumed, is_opaque);
        self.outlived(what, bounds);
        self.unsaid(what, &facts, scope, walk.is_opaque);
        if is_unclear {
            self.unclear(what);
        } else if unknown {
            self.find(
                Rule::NotUnderstood,
                format!("{what} has a type that could not be read"),
            );
        } else {
            self.judge(what, &facts, &declared);
        }
    }
}

/// Returns the names that the check gave to a type's elided lifetimes.
#[cfg(test)]
fn elided_names(ty: &syn::Type) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'ast> syn::visit::Visit<'ast> for Names {
        fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
            let name = crate::lifetimes::declared::name(lifetime);
            if name.starts_with("'_") && name != "'_" {
                self.0.push(name);
            }
        }
    }
    let mut names = Names(Vec::new());
    syn::visit::Visit::visit_type(&mut names, ty);
    names.0
}

/// Whether a word may be between `async` and `fn`, or is `async`.
fn is_qualifier(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Literal(_))
        || ["async", "unsafe", "safe", "extern"]
            .iter()
            .any(|it| is_word(token, it))
}
