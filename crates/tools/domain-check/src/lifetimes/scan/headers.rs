//! Headers of impls and traits.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::parse::Parse;
use syn::visit_mut::VisitMut;
use syn::{Generics, ImplItemType, ItemImpl, ItemTrait, TraitItemType, Type};

use super::Scan;
use super::generics::{arguments, walk_generics};
use crate::check::tokens::{is_punct, is_word, until_body};
use crate::finding::Rule;
use crate::lifetimes::code::Bare;
use crate::lifetimes::declared::written;
use crate::lifetimes::facts::ELSEWHERE;
use crate::lifetimes::judge::{judge, undeclared};
use crate::lifetimes::walk::{Scope, Walk};

impl Scan<'_> {
    /// Checks an impl, including its body. Returns the number of its tokens.
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
            Ok(mut item) => {
                Bare.visit_item_impl_mut(&mut item);
                item
            }
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
            this: Some((*item.self_ty).clone()),
            ..Scope::default()
        };
        self.add(&mut scope, &item.generics, &what);
        self.nested(header, &scope);
        let mut walk = Walk::new(self.definitions, &scope);
        walk.input(&item.self_ty);
        if let Some((_, path, _)) = &item.trait_ {
            // A trait is not a type, so its arguments together imply no bounds.
            for segment in &path.segments {
                for ty in arguments(segment) {
                    walk.input(&ty);
                }
            }
        }
        let mut header_facts = walk.facts.clone();
        let of_header = header_facts.projections.len();
        for ty in scope.associated.values() {
            walk.input(ty);
        }
        let proving = target.is_some_and(|it| self.definitions.is_proving(&it.ident.to_string()));
        if walk.unknown {
            self.find(
                Rule::NotUnderstood,
                format!("{what} has a type that could not be read"),
            );
        }
        let of = item.trait_.as_ref().map(|it| &it.1);
        if of.is_some_and(|it| self.definitions.is_unknown_trait(it))
            && let Some(projection) = walk.facts.projections[of_header..]
                .iter()
                .find(|it| it.from.iter().any(|from| scope.parameters.contains(from)))
        {
            let what = format!(
                "{what} associates `…::{}`, which is projected from a parameter and may outlive less: make it a \
                 parameter of the implementor, as in `Own<I: Iterator<Item = R>, R>`",
                projection.last
            );
            self.find(Rule::ImpliedBound, what);
        }
        let (mut facts, next) = walk.end();
        scope.next = next;
        let mut around = header_facts.clone();
        for edge in &mut around.edges {
            edge.outer_node = ELSEWHERE;
            edge.inner_node = ELSEWHERE;
        }
        scope.header = around;
        self.bounds(&mut scope, &what, |walk| {
            walk_generics(walk, &item.generics)
        });
        facts.append(&scope.bounds);
        let relied = if !self.is_small(&what, &facts) {
            BTreeSet::new()
        } else if proving {
            undeclared(&header_facts, &scope.declared)
        } else {
            // The compiler proves the bounds that follow from an associated type, and does not assume them. So only
            // the edges of the header are judged.
            facts.edges = std::mem::take(&mut header_facts.edges);
            judge(&facts, &scope.declared)
        };
        self.relied(&what, relied);
        // The impl's constants have bodies too, in which values of unnamed types may occur.
        self.unsaid(&what, &scope.header, &scope, false);
        self.descend(body.stream(), &scope, &scope);
        length + 1
    }

    /// Checks a trait's definition, including its body. Returns the number of its tokens.
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
            Ok(mut item) => {
                Bare.visit_item_trait_mut(&mut item);
                self.add(&mut scope, &item.generics, &what);
                let this = ["Self".to_owned()];
                self.presume(&mut scope, &this, &item.supertraits);
                scope.bounded(&this, &item.supertraits);
                scope.say(Some(this[0].clone()), &item.supertraits);
                // In the trait's own methods the trait itself bounds `Self`.
                scope.bounded(&this, &syn::parse_str(&item.ident.to_string()));
                scope.declared.bounds(&this[0], &item.supertraits);
                let mut associated: Vec<TraitItemType> = items(body);
                for item in &mut associated {
                    Bare.visit_trait_item_type_mut(item);
                }
                self.bounds(&mut scope, &what, |walk| {
                    walk_generics(walk, &item.generics);
                    walk.has_own(&item.generics);
                    if makes_itself(&item.generics, body) {
                        walk.supplied(&this[0]);
                    }
                    if walk.bounds(&item.supertraits) {
                        walk.supplied(&this[0]);
                    }
                    for item in &associated {
                        walk.bounds(&item.bounds);
                        walk_generics(walk, &item.generics);
                    }
                });
                for TraitItemType { ident, bounds, .. } in &associated {
                    let inner = syn::parse_str(&format!("Self::{ident}"));
                    let inner = inner.map(|ty| written(&ty)).unwrap_or_default();
                    scope.declared.bounds(&inner, bounds);
                    self.presume(&mut scope, std::slice::from_ref(&inner), bounds);
                    scope.bounded(&[inner], bounds);
                }
                self.unsaid(&what, &scope.header, &scope, false);
            }
            Err(problem) => self.not_understood(&what, &problem),
        }
        self.nested(header, &scope);
        self.descend(body.stream(), &scope, &scope);
        header.len() + 1
    }
}

/// Returns an impl's header with a name for each lifetime that it elides. `Self` means the same lifetimes wherever it
/// occurs.
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
                    && named.last().is_some_and(is_of_function)) =>
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

/// Whether parentheses after this token belong to a function: the token is a word with which a path may end.
fn is_of_function(before: &TokenTree) -> bool {
    const OTHERS: &[&str] = &["as", "const", "dyn", "for", "impl", "in", "mut", "where"];
    matches!(before, TokenTree::Ident(_)) && !OTHERS.iter().any(|it| is_word(before, it))
}

fn is_tick(token: Option<&TokenTree>) -> bool {
    is_punct(token, '\'')
}

/// Whether a method of a trait may make the implementor from the trait's arguments. It may if `Self` occurs in its
/// signature, and not only in the receiver's type.
fn makes_itself(generics: &Generics, body: &Group) -> bool {
    let is_given = generics.lifetimes().next().is_some() || generics.type_params().next().is_some();
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let is_fn = |index: &usize| is_word(&tokens[*index], "fn");
    let mut functions = (0..tokens.len()).filter(is_fn);
    is_given
        && functions.any(|index| {
            let header = until_body(&tokens[index..]);
            let end = header.iter().position(|token| is_punct(Some(token), ';'));
            names_self(&header[..end.unwrap_or(header.len())])
        })
}

/// Whether `Self` occurs in these tokens, not counting its associated types and the receiver's type.
fn names_self(tokens: &[TokenTree]) -> bool {
    tokens.iter().enumerate().any(|(index, token)| match token {
        TokenTree::Group(group) => {
            let inner: Vec<_> = group.stream().into_iter().collect();
            let receiver = inner.iter().position(|token| is_punct(Some(token), ','));
            let is_receiver = |token: &TokenTree| is_word(token, "self");
            let skipped = receiver.unwrap_or(inner.len());
            match inner[..skipped].iter().any(is_receiver) {
                true => names_self(&inner[skipped..]),
                false => names_self(&inner),
            }
        }
        token => is_word(token, "Self") && !is_punct(tokens.get(index + 1), ':'),
    })
}

/// Returns the associated types of an impl.
fn associated(body: &Group) -> BTreeMap<String, Type> {
    let mut items: Vec<ImplItemType> = items(body);
    for item in &mut items {
        Bare.visit_impl_item_type_mut(item);
    }
    let items = items.into_iter().filter(|it| it.generics.params.is_empty());
    items.map(|it| (it.ident.to_string(), it.ty)).collect()
}

/// Returns the items in a body that begin with `type`.
fn items<T: Parse>(body: &Group) -> Vec<T> {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if !is_word(token, "type") {
            continue;
        }
        let end = tokens[index..]
            .iter()
            .position(|token| is_punct(Some(token), ';'));
        let Some(end) = end else { continue };
        let item = tokens[index..=index + end].iter().cloned().collect();
        found.extend(syn::parse2(item));
    }
    found
}
