//! Headers of impls and traits.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::{ImplItemType, ItemImpl, ItemTrait, Type, TypeParamBound};

use super::Scan;
use super::generics::{arguments, walk_generics};
use crate::check::tokens::{is_punct, is_word, until_body};
use crate::finding::Rule;
use crate::lifetimes::declared::name;
use crate::lifetimes::facts::ELSEWHERE;
use crate::lifetimes::judge::{judge, undeclared};
use crate::lifetimes::walk::{Scope, Walk};

impl Scan<'_> {
    /// An impl, up to its end.
    pub(super) fn implementation(&mut self, tokens: &[TokenTree]) -> usize {
        let header = until_body(tokens);
        let Some(TokenTree::Group(body)) = tokens.get(header.len()) else {
            return 1;
        };
        self.function = None;
        let length = header.len();
        let header = &with_names(header, &mut 0)[..];
        let empty = TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new()));
        let whole = header.iter().cloned().chain([empty]).collect();
        let item = match syn::parse2::<ItemImpl>(whole) {
            Ok(item) => item,
            Err(problem) => {
                self.not_understood("an impl", &problem);
                return length + 1;
            }
        };
        let target = item
            .trait_
            .as_ref()
            .and_then(|(_, path, _)| path.segments.last());
        let what = match target {
            Some(segment) => format!("an impl of {}", segment.ident),
            None => "an impl".to_owned(),
        };
        let mut scope = Scope {
            associated: associated(body),
            ..Scope::default()
        };
        self.add(&mut scope, &item.generics, &what);
        self.nested(header, &scope);
        let mut walk = Walk::new(self.definitions, &scope);
        walk.input(&item.self_ty);
        if let Some((_, path, _)) = &item.trait_ {
            // A trait is no type: from its arguments together nothing follows.
            for segment in &path.segments {
                for ty in arguments(segment) {
                    walk.input(&ty);
                }
            }
        }
        let mut header_facts = walk.facts.clone();
        for ty in scope.associated.values() {
            walk.input(ty);
        }
        walk_generics(&mut walk, &item.generics);
        let proving = target.is_some_and(|it| self.definitions.is_proving(&it.ident.to_string()));
        if walk.unknown {
            self.find(
                Rule::NotUnderstood,
                format!("{what} has a type that could not be read"),
            );
        }
        let relied = if !self.is_small(&what, &walk.facts) {
            BTreeSet::new()
        } else if proving {
            undeclared(&header_facts, &scope.declared)
        } else {
            let mut facts = walk.facts;
            // What follows from an associated type must be proved, and is not assumed.
            facts.edges = header_facts.edges.clone();
            judge(&facts, &scope.declared)
        };
        self.relied(&what, relied);
        for edge in &mut header_facts.edges {
            edge.outer_node = ELSEWHERE;
            edge.inner_node = ELSEWHERE;
        }
        scope.header = header_facts;
        scope.this = Some(*item.self_ty);
        self.descend(body.stream(), &scope, &scope);
        length + 1
    }

    /// A trait's definition, up to its end.
    pub(super) fn definition(&mut self, tokens: &[TokenTree]) -> usize {
        let header = until_body(tokens);
        let Some(TokenTree::Group(body)) = tokens.get(header.len()) else {
            return 1;
        };
        let empty = TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new()));
        let whole = header.iter().cloned().chain([empty]).collect();
        self.function = None;
        let what = format!("trait {}", tokens[1]);
        let mut scope = Scope::default();
        match syn::parse2::<ItemTrait>(whole) {
            Ok(item) => {
                self.add(&mut scope, &item.generics, &what);
                self.presume(&mut scope, &["Self".to_owned()], &item.supertraits);
                for bound in &item.supertraits {
                    if let TypeParamBound::Lifetime(lifetime) = bound {
                        scope.declared.add(name(lifetime), "Self".into());
                    }
                }
            }
            Err(problem) => self.not_understood(&what, &problem),
        }
        self.nested(header, &scope);
        self.descend(body.stream(), &scope, &scope);
        header.len() + 1
    }
}

/// An impl's header with a name for each lifetime that it elides: `Self` has the same wherever it stands.
fn with_names(header: &[TokenTree], count: &mut u32) -> Vec<TokenTree> {
    let mut named = Vec::new();
    for (index, token) in header.iter().enumerate() {
        let next = header.get(index + 1);
        let mut name = || {
            *count += 1;
            Ident::new(&format!("_h{count}"), Span::call_site())
        };
        match token {
            TokenTree::Ident(word) if word == "_" && is_tick(named.last()) => {
                named.push(TokenTree::Ident(name()));
            }
            TokenTree::Punct(mark) if mark.as_char() == '&' && !is_tick(next) => {
                named.push(token.clone());
                named.push(TokenTree::Punct(Punct::new('\'', Spacing::Joint)));
                named.push(TokenTree::Ident(name()));
            }
            // The arguments of a function have lifetimes of their own.
            TokenTree::Group(group)
                if !(group.delimiter() == Delimiter::Parenthesis
                    && matches!(named.last(), Some(TokenTree::Ident(_)))) =>
            {
                let inner: Vec<_> = group.stream().into_iter().collect();
                let inner = with_names(&inner, count).into_iter().collect();
                named.push(TokenTree::Group(Group::new(group.delimiter(), inner)));
            }
            token => named.push(token.clone()),
        }
    }
    named
}

fn is_tick(token: Option<&TokenTree>) -> bool {
    is_punct(token, '\'')
}

/// The types that an impl associates.
fn associated(body: &Group) -> BTreeMap<String, Type> {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut found = BTreeMap::new();
    for (index, token) in tokens.iter().enumerate() {
        if !is_word(token, "type") {
            continue;
        }
        let end = tokens[index..]
            .iter()
            .position(|token| is_punct(Some(token), ';'));
        let Some(end) = end else { continue };
        let item = tokens[index..=index + end].iter().cloned().collect();
        if let Ok(item) = syn::parse2::<ImplItemType>(item)
            && item.generics.params.is_empty()
        {
            found.insert(item.ident.to_string(), item.ty);
        }
    }
    found
}
