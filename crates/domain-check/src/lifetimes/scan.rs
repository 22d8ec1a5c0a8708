//! Finding signatures in expanded code. Function bodies are not parsed: expanded code uses forms that are not
//! stable yet, and types are all that is looked for.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{
    BoundLifetimes, FnArg, GenericParam, Generics, ImplItemType, ItemImpl, ItemTrait,
    PathArguments, PathSegment, ReturnType, Signature, TraitBound, Type, TypeBareFn,
    TypeParamBound, WherePredicate,
};

use super::declared::{Declared, is_structure, name, names};
use super::definitions::Definitions;
use super::facts::{ELSEWHERE, Facts, Name, Occurrence};
use super::judge::{Outlived, Relied, judge, outlived, undeclared};
use super::walk::{Binding, Bindings, Scope, Walk};
use crate::check::tokens::{is_punct, is_word, until_body};
use crate::finding::{Finding, Findings, Rule};

/// How many names a signature may have, and how many bounds may be implied in it.
const MOST_NAMES: usize = 64;
const MOST_EDGES: usize = 4096;

/// How many traits may be each other's supertraits.
const MOST_SUPERTRAITS: usize = 8;

/// Every signature and header in `source` that relies on an implied bound.
pub(super) fn scan(source: TokenStream, definitions: &Definitions) -> Findings {
    let mut scan = Scan {
        definitions,
        function: None,
        findings: Findings::new(),
    };
    if !definitions.is_settled() {
        let what = "what types imply of their parameters follows from too many others";
        scan.find(Rule::NotUnderstood, what.to_owned());
    }
    for (name, bound) in definitions.outliving() {
        scan.outlived(&format!("the type {name}"), [bound.clone()]);
    }
    let root = Scope::default();
    scan.descend(source, &root, &root);
    scan.findings
}

struct Scan<'a> {
    definitions: &'a Definitions,
    /// The function last begun.
    function: Option<String>,
    findings: Findings,
}

impl Scan<'_> {
    fn find(&mut self, rule: Rule, what: String) {
        let mut finding = Finding::new(rule, what);
        finding.function = self.function.clone();
        self.findings.push(finding);
    }

    /// What is wrong with a signature.
    fn judge(&mut self, what: &str, facts: &Facts, declared: &Declared) {
        if self.is_small(what, facts) {
            self.relied(what, judge(facts, declared));
        }
    }

    /// Whether facts are few enough to be judged; finds them if not.
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
            // A bound is seen as one for all lifetimes, and by its parentheses.
            if !self.findings.iter().any(|it| it.message == what) {
                self.find(Rule::ImpliedBound, what);
            }
        }
    }

    fn outlived(&mut self, what: &str, bounds: impl IntoIterator<Item = Outlived>) {
        for Outlived { outer, from, last } in bounds {
            // A type by its structure has no name to show.
            let from = if is_structure(&from) { "…" } else { &from };
            let (outer, shown) = (shown(&outer), format!("{from}::{last}"));
            let what = format!(
                "{what} believes that `{shown}` outlives `{outer}` as far as `{from}` does, which a closure's \
                 result may not: it does not say `{shown}: {outer}`"
            );
            if !self.findings.iter().any(|it| it.message.contains(&what)) {
                self.find(Rule::ImpliedBound, what);
            }
        }
    }

    fn not_understood(&mut self, what: &str, problem: &syn::Error) {
        let what = format!("{what} could not be read: {problem}");
        self.find(Rule::NotUnderstood, what);
    }

    /// `items` is what is around items here, `types` what is around types.
    fn descend(&mut self, stream: TokenStream, items: &Scope, types: &Scope) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut index = 0;
        while let Some(token) = tokens.get(index) {
            let rest = &tokens[index..];
            index += match token {
                TokenTree::Ident(word) if word == "macro_rules" && is_punct(rest.get(1), '!') => 4,
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

    /// Types in a header: pointers and bounds that are signatures of their own.
    fn nested(&mut self, header: &[TokenTree], scope: &Scope) {
        // The first word makes it an item, and the second is its name.
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

    /// A function, up to its end; returns how many tokens that is.
    fn function(&mut self, before: &[TokenTree], tokens: &[TokenTree], around: &Scope) -> usize {
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
                self.add(&mut scope, &signature.generics, &what);
                self.nested(header, &scope);
                self.signature(&signature, is_async, &scope, &what);
            }
            Err(problem) => self.not_understood(&what, &problem),
        }
        if let Some(TokenTree::Group(body)) = tokens.get(header.len()) {
            self.descend(body.stream(), &Scope::default(), &scope);
        }
        header.len() + 1
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
        walk_generics(&mut walk, &signature.generics);
        let unknown = walk.unknown;
        let is_opaque = walk.is_opaque || is_async;
        let bounds = outlived(&walk.facts, &scope.declared, &scope.presumed, is_opaque);
        self.outlived(what, bounds);
        let mut declared = scope.declared.clone();
        declared.append(&walk.proved);
        let mut facts = walk.facts;
        facts.edges.extend(scope.header.edges.iter().cloned());
        if !unknown {
            self.judge(what, &facts, &declared);
        } else {
            self.find(
                Rule::NotUnderstood,
                format!("{what} has a type that could not be read"),
            );
        }
    }

    /// An impl, up to its end.
    fn implementation(&mut self, tokens: &[TokenTree]) -> usize {
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
    fn definition(&mut self, tokens: &[TokenTree]) -> usize {
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

    /// `fn(…) -> …`
    fn pointer(&mut self, tokens: &[TokenTree], scope: &Scope) {
        let read = |input: ParseStream<'_>| {
            let pointer: TypeBareFn = input.parse()?;
            input.parse::<TokenStream>()?;
            Ok(pointer)
        };
        match read.parse2(tokens.iter().cloned().collect()) {
            Ok(pointer) => {
                let inputs: Vec<_> = pointer.inputs.into_iter().map(|it| it.ty).collect();
                self.types(&inputs, &pointer.output, scope, "a function pointer");
            }
            Err(problem) => self.not_understood("a function pointer", &problem),
        }
    }

    /// Whether a bound that signs closures begins at `index`: one in parentheses, or one by a trait that has
    /// one of functions among its supertraits.
    fn signs(&self, tokens: &[TokenTree], index: usize) -> bool {
        let name = tokens[index].to_string();
        let rest = &tokens[index + 1..];
        match rest.first() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                name != "fn"
                    && (self.is_surely_signing(&tokens[index..])
                        || is_bound_after(&tokens[..index]))
            }
            // An impl of such a trait is no bound.
            token if is_punct(token, '<') => {
                self.definitions.is_own_trait(&name) && self.definitions.signs(&name)
            }
            _ => false,
        }
    }

    /// A group that may be a bound in parentheses: `(Fn(…))`.
    fn parenthesised(&mut self, group: &Group, scope: &Scope) {
        let tokens: Vec<_> = group.stream().into_iter().collect();
        let is_path = |token: &TokenTree| {
            matches!(token, TokenTree::Ident(word) if word != "fn") || is_punct(Some(token), ':')
        };
        let end = tokens.iter().position(|token| !is_path(token));
        if group.delimiter() == Delimiter::Parenthesis
            && let Some(end) = end.filter(|&end| end > 0)
            && let [TokenTree::Ident(_), TokenTree::Group(arguments), ..] = &tokens[end - 1..]
            && arguments.delimiter() == Delimiter::Parenthesis
        {
            self.signing(&[], &tokens[end - 1..], scope);
        }
    }

    /// Whether what begins here can't be an expression.
    fn is_surely_signing(&self, tokens: &[TokenTree]) -> bool {
        let name = tokens[0].to_string();
        self.definitions.is_fn_trait(&name)
            || (is_punct(tokens.get(2), '-') && is_punct(tokens.get(3), '>'))
    }

    /// A bound, after `before`.
    fn signing(&mut self, before: &[TokenTree], tokens: &[TokenTree], scope: &Scope) {
        let bound = binder_before(before);
        let read = |input: ParseStream<'_>| {
            let bound: TraitBound = input.parse()?;
            let is_impl = input.peek(syn::Token![for]) && !input.peek2(syn::Token![<]);
            input.parse::<TokenStream>()?;
            Ok((bound.path.segments, is_impl))
        };
        match read.parse2(tokens.iter().cloned().collect()) {
            Ok((_, true)) => {}
            Ok((segments, false)) => {
                // Bounds further on are looked at where they begin.
                if let Some(segment) = segments.first() {
                    self.bound(segment, &bound, scope, &[]);
                }
            }
            Err(problem) if self.is_surely_signing(tokens) => {
                self.not_understood("a bound by a function", &problem);
            }
            Err(_) => {}
        }
    }

    /// `for<…>`, and a bound by whatever trait, or a type and its bounds.
    fn quantified(&mut self, tokens: &[TokenTree], scope: &Scope) {
        let is_binder = is_punct(tokens.get(1), '<')
            && (is_punct(tokens.get(2), '\'') || is_punct(tokens.get(2), '>'));
        if !is_binder {
            return;
        }
        match quantified.parse2(tokens.iter().cloned().collect()) {
            Ok((binder, bounds)) => {
                let binder = binder.lifetimes.iter().filter_map(|param| match param {
                    GenericParam::Lifetime(param) => Some(name(&param.lifetime)),
                    _ => None,
                });
                let binder = binder.collect();
                for bound in bounds {
                    if let Some(segment) = bound.segments.last() {
                        self.bound(segment, &binder, scope, &[]);
                    }
                }
            }
            Err(problem) => self.not_understood("a bound for all lifetimes", &problem),
        }
    }

    /// A bound as the signature that a closure takes from it, and those of its supertraits.
    fn bound(
        &mut self,
        segment: &PathSegment,
        binder: &BTreeSet<Name>,
        scope: &Scope,
        bindings: &[Bindings],
    ) {
        let trait_name = segment.ident.to_string();
        let what = match segment.arguments {
            PathArguments::Parenthesized(_) => format!("the bound {trait_name}(…)"),
            _ => format!("the bound {trait_name}"),
        };
        if bindings.len() > MOST_SUPERTRAITS {
            let what = format!("{what} has too many supertraits");
            self.find(Rule::NotUnderstood, what);
            return;
        }
        let definitions = self.definitions;
        let mut walk = Walk::within(definitions, scope, bindings);
        walk.signature(segment);
        self.called(walk, scope, &what, Some(binder));
        if !definitions.signs(&trait_name) {
            return;
        }
        for of in definitions.traits(&trait_name) {
            let Some(inner) = Walk::within(definitions, scope, bindings).bindings(of, segment)
            else {
                let what = format!("{what} leaves arguments to their defaults");
                self.find(Rule::NotUnderstood, what);
                continue;
            };
            for supertrait in &of.bounds {
                let TypeParamBound::Trait(supertrait) = supertrait else {
                    continue;
                };
                let mut inner = inner.clone();
                let own = supertrait.lifetimes.iter().flat_map(|it| &it.lifetimes);
                for param in own {
                    if let GenericParam::Lifetime(param) = param {
                        let name = name(&param.lifetime);
                        let other = format!("'_{}.{}", bindings.len(), &name[1..]);
                        inner.insert(name, Binding::Lifetime(other));
                    }
                }
                let inner = [bindings, &[inner]].concat();
                if let Some(segment) = supertrait.path.segments.last() {
                    self.bound(segment, binder, scope, &inner);
                }
            }
        }
    }

    /// Types of a function pointer.
    fn types(&mut self, inputs: &[Type], output: &ReturnType, scope: &Scope, what: &str) {
        let mut walk = Walk::new(self.definitions, scope);
        walk.called(&inputs.iter().collect::<Vec<_>>(), output);
        self.called(walk, scope, what, None);
    }

    /// What was found of a function that may be a closure if there is a binder, with these names: what it
    /// captured may have all others.
    fn called(
        &mut self,
        walk: Walk<'_>,
        scope: &Scope,
        what: &str,
        binder: Option<&BTreeSet<Name>>,
    ) {
        if walk.unknown && (binder.is_none() || walk.is_overgrown) {
            self.find(
                Rule::NotUnderstood,
                format!("{what} has a type that could not be read"),
            );
        }
        let mut facts = walk.facts;
        let inner: BTreeSet<_> = facts.edges.iter().map(|edge| edge.inner.clone()).collect();
        for name in inner {
            if binder.is_some_and(|binder| !binder.contains(&name)) && !name.starts_with("'_") {
                facts.occurrences.push(Occurrence {
                    name,
                    nodes: Vec::new(),
                    guards: Vec::new(),
                    supply: true,
                });
            }
        }
        facts.edges.extend(scope.header.edges.iter().cloned());
        self.judge(what, &facts, &scope.declared);
    }

    /// `for<'a>`: a name that is taken means that a macro wrote one of the two.
    fn binder(&mut self, tokens: &[TokenTree], scope: &Scope) {
        if !is_punct(tokens.get(1), '<') {
            return;
        }
        let mut tokens = tokens[2..].iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '\'' => {
                    if let Some(TokenTree::Ident(ident)) = tokens.next()
                        && scope.lifetimes.contains(&format!("'{ident}"))
                    {
                        self.twice(&format!("'{ident}"), "for<…>");
                    }
                }
                TokenTree::Punct(mark) if mark.as_char() == ',' => {}
                _ => return,
            }
        }
    }

    fn twice(&mut self, name: &str, what: &str) {
        let what =
            format!("{what} has two parameters by the name {name}, which a macro tells apart");
        self.find(Rule::ImpliedBound, what);
    }

    /// Adds what follows from bounds by traits.
    fn presume<'b>(
        &self,
        scope: &mut Scope,
        names: &[Name],
        bounds: impl IntoIterator<Item = &'b TypeParamBound>,
    ) {
        for bound in bounds {
            if let TypeParamBound::Trait(bound) = bound {
                for outer in self.definitions.outlived(bound) {
                    for name in names {
                        scope.presumed.add(outer.clone(), name.clone());
                    }
                }
            }
        }
    }

    /// Adds an item's generics to a scope.
    fn add(&mut self, scope: &mut Scope, generics: &Generics, what: &str) {
        for param in &generics.params {
            let (list, name) = match param {
                GenericParam::Lifetime(param) => (&mut scope.lifetimes, name(&param.lifetime)),
                GenericParam::Type(param) => (&mut scope.parameters, param.ident.to_string()),
                GenericParam::Const(_) => continue,
            };
            if !list.insert(name.clone()) {
                self.twice(&name, what);
            }
        }
        scope.declared.extend(generics);
        for param in generics.type_params() {
            self.presume(scope, &[param.ident.to_string()], &param.bounds);
        }
        let clauses = generics.where_clause.iter();
        for predicate in clauses.flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate {
                self.presume(scope, &names(&predicate.bounded_ty), &predicate.bounds);
            }
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

/// The names in bounds of generics and where clauses.
fn walk_generics(walk: &mut Walk<'_>, generics: &Generics) {
    for param in generics.type_params() {
        if walk.bounds(&param.bounds) {
            walk.supplied(&param.ident.to_string());
        }
    }
    let clauses = generics.where_clause.iter();
    for predicate in clauses.flat_map(|clause| &clause.predicates) {
        if let WherePredicate::Type(predicate) = predicate
            && walk.bounds(&predicate.bounds)
        {
            walk.bounded(&predicate.bounded_ty);
        }
    }
}

/// The types among a trait's arguments; lifetimes as references by them, which say the same.
fn arguments(segment: &PathSegment) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty.clone()),
        syn::GenericArgument::Lifetime(lifetime) => {
            let unit = Type::Tuple(syn::TypeTuple {
                paren_token: syn::token::Paren::default(),
                elems: syn::punctuated::Punctuated::new(),
            });
            Some(Type::Reference(syn::TypeReference {
                and_token: syn::token::And::default(),
                lifetime: Some(lifetime.clone()),
                mutability: None,
                elem: Box::new(unit),
            }))
        }
        _ => None,
    });
    types.collect()
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
fn associated(body: &Group) -> std::collections::BTreeMap<String, Type> {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut found = std::collections::BTreeMap::new();
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

/// The lifetimes of the `for<…>` at the end of `tokens`, but for the beginning of a path.
fn binder_before(tokens: &[TokenTree]) -> BTreeSet<Name> {
    let is_path = |token: &TokenTree| {
        is_punct(Some(token), ':') || matches!(token, TokenTree::Ident(word) if word != "for")
    };
    let end = tokens.iter().rposition(|token| !is_path(token));
    let mut names = BTreeSet::new();
    let Some(end) = end.filter(|&end| is_punct(tokens.get(end), '>')) else {
        return names;
    };
    let Some(begin) = tokens[..end]
        .iter()
        .rposition(|token| is_word(token, "for"))
    else {
        return names;
    };
    for pair in tokens[begin..end].windows(2) {
        if let [TokenTree::Punct(mark), TokenTree::Ident(name)] = pair
            && mark.as_char() == '\''
        {
            names.insert(format!("'{name}"));
        }
    }
    names
}

/// Whether a word may stand between `async` and `fn`, or is it.
fn is_qualifier(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Literal(_))
        || ["async", "unsafe", "safe", "extern"]
            .iter()
            .any(|it| is_word(token, it))
}

/// Whether a path that ends behind `before` may be a bound, as its position says.
fn is_bound_after(before: &[TokenTree]) -> bool {
    let mut rest = before;
    while let [path @ .., first, second] = rest
        && is_punct(Some(first), ':')
        && is_punct(Some(second), ':')
    {
        rest = match path {
            [path @ .., TokenTree::Ident(_)] => path,
            _ => path,
        };
    }
    match rest.last() {
        None => false,
        Some(TokenTree::Punct(mark)) => matches!(mark.as_char(), '+' | ':' | '>'),
        Some(TokenTree::Ident(word)) => word == "dyn" || word == "impl" || word == "async",
        Some(_) => false,
    }
}

/// Reads `for<…>`, and the traits of the bounds there.
fn quantified(input: ParseStream<'_>) -> syn::Result<(BoundLifetimes, Vec<syn::Path>)> {
    let binder: BoundLifetimes = input.parse()?;
    let mut bounds = Vec::new();
    let ahead = input.fork();
    let ty = ahead.parse::<Type>();
    if ty.is_ok() && ahead.peek(syn::Token![:]) && !ahead.peek(syn::Token![::]) {
        // What is bounded may be a trait object's first bound.
        if let Type::Path(path) = input.parse::<Type>()? {
            bounds.push(path.path);
        }
        input.parse::<syn::Token![:]>()?;
        while !input.is_empty() && !input.peek(syn::Token![,]) && !input.peek(syn::Token![;]) {
            if let TypeParamBound::Trait(bound) = input.parse()? {
                bounds.push(bound.path);
            }
            if input.parse::<Option<syn::Token![+]>>()?.is_none() {
                break;
            }
        }
    } else if !matches!(ty, Ok(Type::BareFn(_))) {
        bounds.push(input.parse::<TraitBound>()?.path);
    }
    input.parse::<TokenStream>()?;
    Ok((binder, bounds))
}

fn shown(name: &Name) -> &str {
    if name.starts_with("'_") { "'_" } else { name }
}
