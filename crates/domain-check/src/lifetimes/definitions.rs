//! The crate's own types and traits: what follows from their names.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{
    Fields, GenericArgument, GenericParam, Generics, Item, ItemTrait, PathArguments, TraitBound,
    Type, TypeParamBound, WherePredicate,
};

use super::declared::{Declared, name};
use super::facts::{Name, STATIC};
use super::judge::{Outlived, outlived};
use super::walk::{Scope, Walk};
use crate::check::tokens::{is_word, until_body};

/// A parameter of a type: lifetimes and others are counted apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Parameter {
    Lifetime(usize),
    Other(usize),
}

/// A type.
#[derive(Clone, Debug)]
struct Definition {
    /// How many lifetime parameters it has.
    lifetimes: usize,
    /// The type that it is a name for, if it is.
    alias: Option<Alias>,
    /// What is implied between its parameters: the outer lifetime, or nothing for `'static`; the inner
    /// parameter; and whether it is certain.
    relations: BTreeMap<(Option<usize>, Parameter), bool>,
    /// Projections in its fields that it is taken to outlive what they don't.
    outlived: BTreeSet<Outlived>,
}

/// A name for another type.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    /// Its lifetime parameters.
    pub(super) lifetimes: Vec<Name>,
    /// Its other parameters.
    pub(super) others: Vec<Name>,
    pub(super) ty: Type,
}

/// What is known of a type by its name: there may be several, in different modules.
pub(super) struct Known<'a> {
    all: Vec<&'a Definition>,
}

impl Known<'_> {
    /// The same, but for names of other types.
    pub(super) fn without_aliases(mut self) -> Option<Self> {
        self.all.retain(|it| it.alias.is_none());
        (!self.all.is_empty()).then_some(self)
    }

    /// The types that it may be a name for.
    pub(super) fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.all.iter().filter_map(|it| it.alias.as_ref())
    }

    /// How many lifetime parameters it has, at most.
    pub(super) fn lifetimes(&self) -> usize {
        let each = self.all.iter().map(|it| it.lifetimes);
        each.max().unwrap_or_default()
    }

    /// Whether the parameter `inner` outlives the lifetime at `outer`, or `'static`: nothing if not, else
    /// whether that is certain.
    pub(super) fn relation(&self, outer: Option<usize>, inner: Parameter) -> Option<bool> {
        let each = self
            .all
            .iter()
            .map(|it| it.relations.get(&(outer, inner)).copied());
        let all: Vec<_> = each.collect();
        let certain = all.iter().all(|it| *it == Some(true));
        all.iter().any(Option::is_some).then_some(certain)
    }
}

/// Types by name. Modules are not told apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Definitions {
    types: BTreeMap<String, Vec<Definition>>,
    /// Traits with supertraits, or bounds on what they associate: their impls prove more than they say.
    proving: BTreeSet<String>,
    traits: BTreeMap<String, Vec<Trait>>,
    /// Names that `use … as …` gives, and what they may mean.
    renamed: BTreeMap<String, BTreeSet<String>>,
}

/// A trait.
#[derive(Clone, Debug)]
pub(super) struct Trait {
    /// Its lifetime parameters.
    pub(super) lifetimes: Vec<Name>,
    /// Its other parameters.
    pub(super) others: Vec<Name>,
    /// What its implementors are bounded by.
    pub(super) bounds: Vec<TypeParamBound>,
    /// Whether it has associated types.
    pub(super) associates: bool,
}

impl Trait {
    fn new(item: ItemTrait, associates: bool) -> Self {
        let mut found = Trait {
            lifetimes: Vec::new(),
            others: Vec::new(),
            bounds: item.supertraits.into_iter().collect(),
            associates,
        };
        for param in item.generics.params {
            match param {
                GenericParam::Lifetime(param) => found.lifetimes.push(name(&param.lifetime)),
                GenericParam::Type(param) => found.others.push(param.ident.to_string()),
                GenericParam::Const(param) => found.others.push(param.ident.to_string()),
            }
        }
        let clauses = item.generics.where_clause.into_iter();
        for predicate in clauses.flat_map(|clause| clause.predicates) {
            if let WherePredicate::Type(mut predicate) = predicate
                && matches!(&predicate.bounded_ty, Type::Path(path) if path.path.is_ident("Self"))
            {
                // A binder of the whole predicate is each bound's.
                if let Some(binder) = predicate.lifetimes {
                    for bound in &mut predicate.bounds {
                        if let TypeParamBound::Trait(bound) = bound {
                            bound.lifetimes = Some(binder.clone());
                        }
                    }
                }
                found.bounds.extend(predicate.bounds);
            }
        }
        found
    }
}

/// Traits whose bounds are signatures.
const FN_TRAITS: &[&str] = &[
    "Fn",
    "FnMut",
    "FnOnce",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
];

impl Definitions {
    pub(super) fn collect(source: &TokenStream) -> Self {
        let mut definitions = Definitions::default();
        let mut items = Vec::new();
        definitions.gather(source.clone(), &mut items);
        // A type's fields are of types whose relations may not be known yet.
        for _ in 0..4 {
            let mut types = BTreeMap::<_, Vec<_>>::new();
            for item in &items {
                let definition = definitions.define(&item.generics, &item.fields, item.alias);
                types.entry(item.name.clone()).or_default().push(definition);
            }
            definitions.types = types;
        }
        definitions
    }

    /// What is known of a type by the name of a path's last segment, which is given so many lifetimes.
    pub(super) fn get(&self, name: &str, lifetimes: usize) -> Option<Known<'_>> {
        let all = self.named(name).into_iter();
        // None may be given where there are some.
        let fitting = all.filter(|it| lifetimes == 0 || it.lifetimes == lifetimes);
        let all: Vec<_> = fitting.collect();
        (!all.is_empty()).then_some(Known { all })
    }

    /// Types with fields that are projected from their parameters.
    pub(super) fn outliving(&self) -> impl Iterator<Item = (&String, &Outlived)> {
        let all = self.types.iter();
        let all = all.flat_map(|(name, all)| all.iter().map(move |it| (name, it)));
        all.flat_map(|(name, it)| it.outlived.iter().map(move |it| (name, it)))
    }

    /// Whether all types of this name are structs, enums or unions.
    pub(super) fn is_own_type(&self, name: &str) -> bool {
        let all = self.named(name);
        !all.is_empty() && all.iter().all(|it| it.alias.is_none())
    }

    fn named(&self, name: &str) -> Vec<&Definition> {
        let names = self.meanings(name);
        names
            .iter()
            .flat_map(|name| self.types.get(name).into_iter().flatten())
            .collect()
    }

    /// What a name may mean, with itself.
    fn meanings(&self, name: &str) -> BTreeSet<String> {
        let mut known = BTreeSet::from([name.to_owned()]);
        let mut new = vec![name.to_owned()];
        while let Some(name) = new.pop() {
            for old in self.renamed.get(&name).into_iter().flatten() {
                if known.insert(old.clone()) {
                    new.push(old.clone());
                }
            }
        }
        known
    }

    /// The crate's traits of this name.
    pub(super) fn traits(&self, name: &str) -> Vec<&Trait> {
        let names = self.meanings(name);
        names
            .iter()
            .flat_map(|name| self.traits.get(name).into_iter().flatten())
            .collect()
    }

    /// Whether the crate has a trait of this name.
    pub(super) fn is_own_trait(&self, name: &str) -> bool {
        !self.traits(name).is_empty()
    }

    /// Whether a trait is one of functions.
    pub(super) fn is_fn_trait(&self, name: &str) -> bool {
        let names = self.meanings(name);
        names.iter().any(|name| FN_TRAITS.contains(&name.as_str()))
    }

    /// Whether a trait is one of functions, or has one among its supertraits: a closure takes its signature
    /// from a bound by it.
    pub(super) fn signs(&self, name: &str) -> bool {
        let mut known = BTreeSet::from([name.to_owned()]);
        let mut new = vec![name.to_owned()];
        while let Some(name) = new.pop() {
            if self.is_fn_trait(&name) {
                return true;
            }
            for bound in self.traits(&name).iter().flat_map(|it| &it.bounds) {
                if let TypeParamBound::Trait(bound) = bound
                    && let Some(last) = bound.path.segments.last()
                    && known.insert(last.ident.to_string())
                {
                    new.push(last.ident.to_string());
                }
            }
        }
        false
    }

    /// Lifetimes that implementors of a bound's trait outlive: `'static`, and any that it is given.
    pub(super) fn outlived(&self, bound: &TraitBound) -> BTreeSet<Name> {
        let Some(last) = bound.path.segments.last() else {
            return BTreeSet::new();
        };
        let mut given = BTreeSet::new();
        if let PathArguments::AngleBracketed(arguments) = &last.arguments {
            for argument in &arguments.args {
                if let GenericArgument::Lifetime(lifetime) = argument {
                    given.insert(name(lifetime));
                }
            }
        }
        let mut found = BTreeSet::new();
        let mut known = BTreeSet::from([last.ident.to_string()]);
        let mut new = vec![last.ident.to_string()];
        while let Some(trait_name) = new.pop() {
            if self.meanings(&trait_name).contains("Any") {
                found.insert(STATIC.to_owned());
            }
            for bound in self.traits(&trait_name).iter().flat_map(|it| &it.bounds) {
                match bound {
                    TypeParamBound::Lifetime(lifetime) if name(lifetime) == STATIC => {
                        found.insert(STATIC.to_owned());
                    }
                    TypeParamBound::Lifetime(_) => found.extend(given.iter().cloned()),
                    TypeParamBound::Trait(bound) => {
                        if let Some(last) = bound.path.segments.last()
                            && known.insert(last.ident.to_string())
                        {
                            new.push(last.ident.to_string());
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// Whether an impl of this trait proves more than it says.
    pub(super) fn is_proving(&self, name: &str) -> bool {
        let names = self.meanings(name);
        names.iter().any(|name| self.proving.contains(name))
    }

    fn gather(&mut self, source: TokenStream, items: &mut Vec<TypeItem>) {
        let tokens: Vec<TokenTree> = source.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.gather(group.stream(), items),
                TokenTree::Ident(word) if is_type(word) => {
                    if let Some(item) = item(&tokens[index..]) {
                        items.push(item);
                    }
                }
                TokenTree::Ident(word) if word == "trait" => self.add_trait(&tokens[index..]),
                TokenTree::Ident(word) if word == "as" && index > 0 => {
                    if let (TokenTree::Ident(old), Some(TokenTree::Ident(new))) =
                        (&tokens[index - 1], tokens.get(index + 1))
                    {
                        let means = self.renamed.entry(new.to_string()).or_default();
                        means.insert(old.to_string());
                    }
                }
                _ => {}
            }
        }
    }

    fn add_trait(&mut self, tokens: &[TokenTree]) {
        let [_, TokenTree::Ident(name), ..] = tokens else {
            return;
        };
        let name = name.to_string();
        let header = until_body(tokens);
        let is_mark = |mark: char| move |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == mark);
        // A colon or a where clause anywhere: also that of a parameter, to be on the safe side.
        let bounded =
            header.iter().any(is_mark(':')) || header.iter().any(|token| is_word(token, "where"));
        let body = match tokens.get(header.len()) {
            Some(TokenTree::Group(body)) => body.stream().into_iter().collect(),
            _ => Vec::new(),
        };
        let associates = body.windows(3).any(|window| {
            is_word(&window[0], "type") && (is_mark(':')(&window[2]) || is_mark('<')(&window[2]))
        });
        if bounded || associates {
            self.proving.insert(name.clone());
        }
        let all = self.traits.entry(name).or_default();
        let empty = TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new()));
        let whole = header.iter().cloned().chain([empty]).collect();
        // What can't be read is found where traits are looked at.
        let associates = body.iter().any(|token| is_word(token, "type"));
        all.extend(syn::parse2(whole).map(|item| Trait::new(item, associates)));
    }

    fn define(&self, generics: &Generics, fields: &[Type], alias: bool) -> Definition {
        let mut parameters = BTreeMap::new();
        let mut scope = Scope::default();
        let (mut lifetimes, mut others) = (Vec::new(), Vec::new());
        for param in &generics.params {
            let (name, parameter) = match param {
                GenericParam::Lifetime(param) => {
                    lifetimes.push(name(&param.lifetime));
                    (
                        name(&param.lifetime),
                        Parameter::Lifetime(lifetimes.len() - 1),
                    )
                }
                GenericParam::Type(param) => {
                    others.push(param.ident.to_string());
                    scope.parameters.insert(param.ident.to_string());
                    (param.ident.to_string(), Parameter::Other(others.len() - 1))
                }
                GenericParam::Const(param) => {
                    others.push(param.ident.to_string());
                    (param.ident.to_string(), Parameter::Other(others.len() - 1))
                }
            };
            parameters.insert(name, parameter);
        }
        let mut walk = Walk::new(self, &scope);
        for field in fields {
            walk.input(field);
        }
        let mut declared = Declared::default();
        declared.extend(generics);
        let mut relations = BTreeMap::new();
        let mut relate = |outer: &Name, inner: &Name, certain: bool| {
            let outer = match parameters.get(outer) {
                _ if outer == STATIC => None,
                Some(Parameter::Lifetime(outer)) => Some(*outer),
                _ => return,
            };
            if let Some(inner) = parameters.get(inner) {
                *relations.entry((outer, *inner)).or_default() |= certain;
            }
        };
        if walk.unknown {
            for outer in parameters.keys().chain([&STATIC.to_owned()]) {
                for inner in parameters.keys().filter(|inner| *inner != outer) {
                    relate(outer, inner, false);
                }
            }
        }
        for edge in &walk.facts.edges {
            relate(&edge.outer, &edge.inner, edge.certain);
        }
        for (outer, inner) in declared.pairs() {
            relate(outer, inner, true);
        }
        if walk.unknown {
            for outer in lifetimes.iter().map(String::as_str).chain([STATIC]) {
                for inner in parameters.keys().filter(|inner| *inner != outer) {
                    relate(&outer.to_owned(), inner, false);
                }
            }
        }
        Definition {
            lifetimes: lifetimes.len(),
            alias: fields.first().filter(|_| alias).map(|ty| Alias {
                lifetimes,
                others,
                ty: ty.clone(),
            }),
            relations,
            // A value of the type outlives what its parameters do.
            outlived: if alias {
                BTreeSet::new()
            } else {
                outlived(&walk.facts, &declared, &Declared::default(), true)
            },
        }
    }
}

fn is_type(word: &proc_macro2::Ident) -> bool {
    ["struct", "enum", "union", "type"]
        .iter()
        .any(|it| word == it)
}

/// What matters of a type's definition.
struct TypeItem {
    name: String,
    generics: Generics,
    /// The types of its fields, or the type that it is a name for.
    fields: Vec<Type>,
    alias: bool,
}

/// The item that begins here.
fn item(tokens: &[TokenTree]) -> Option<TypeItem> {
    let end = tokens.iter().position(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';',
        _ => false,
    })?;
    let item: TokenStream = tokens[..=end].iter().cloned().collect();
    let types = |fields: &Fields| fields.iter().map(|it| it.ty.clone()).collect::<Vec<_>>();
    let (ident, generics, fields, alias) = match syn::parse2(item).ok()? {
        Item::Struct(item) => (item.ident, item.generics, types(&item.fields), false),
        Item::Enum(item) => {
            let variants = item.variants.iter().flat_map(|it| types(&it.fields));
            (item.ident, item.generics, variants.collect(), false)
        }
        Item::Union(item) => {
            let fields = item.fields.named.into_iter().map(|it| it.ty);
            (item.ident, item.generics, fields.collect(), false)
        }
        Item::Type(item) => (item.ident, item.generics, vec![*item.ty], true),
        _ => return None,
    };
    Some(TypeItem {
        name: ident.to_string(),
        generics,
        fields,
        alias,
    })
}
