//! The crate's own types and traits: what follows from their names.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Fields, GenericParam, Generics, Item, Type};

use super::declared::{Declared, name};
use super::facts::{Name, STATIC};
use super::scan::until_body;
use super::walk::{Scope, Walk};
use crate::check::tokens::is_word;

/// What is implied between a type's parameters, by their index: outer and inner, and whether it is certain.
type Relations = BTreeMap<(Option<usize>, usize), bool>;

/// A type, or several of one name.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    /// How many lifetime parameters it has.
    pub(super) lifetimes: usize,
    /// The outer one is nothing for `'static`.
    relations: Relations,
    /// Whether it is a name for another type.
    alias: bool,
    /// Whether there are several with different parameters, of which nothing is known.
    ambiguous: bool,
}

impl Definition {
    /// Whether the parameter at `inner` outlives the lifetime at `outer`: nothing if not, else whether that
    /// is certain.
    pub(super) fn relation(&self, outer: usize, inner: usize) -> Option<bool> {
        if self.ambiguous {
            return Some(false);
        }
        self.relations.get(&(Some(outer), inner)).copied()
    }

    /// The same for `'static`.
    pub(super) fn outlives_all(&self, inner: usize) -> Option<bool> {
        if self.ambiguous {
            return Some(false);
        }
        self.relations.get(&(None, inner)).copied()
    }
}

/// Types by name. Modules are not told apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Definitions {
    types: BTreeMap<String, Definition>,
    /// Traits with supertraits, or bounds on what they associate: their impls prove more than they say.
    proving: BTreeSet<String>,
    traits: BTreeSet<String>,
    /// Names that `use … as …` gives: new and old.
    renamed: BTreeMap<String, String>,
}

impl Definitions {
    pub(super) fn collect(source: &TokenStream) -> Self {
        let mut definitions = Definitions::default();
        let mut items = Vec::new();
        definitions.gather(source.clone(), &mut items);
        // A type's fields are of types whose relations may not be known yet.
        for _ in 0..4 {
            let mut types = BTreeMap::new();
            for item in &items {
                let definition = definitions.define(&item.generics, &item.fields, item.alias);
                merge(&mut types, &item.name, definition);
            }
            definitions.types = types;
        }
        definitions
    }

    pub(super) fn get(&self, name: &str) -> Option<&Definition> {
        let renamed = self.renamed.get(name).map(String::as_str);
        self.types.get(name).or_else(|| self.types.get(renamed?))
    }

    /// Whether all types of this name are structs, enums or unions.
    pub(super) fn is_own_type(&self, name: &str) -> bool {
        self.get(name).is_some_and(|it| !it.alias)
    }

    /// Whether an impl of this trait proves more than it says.
    pub(super) fn is_proving(&self, name: &str) -> bool {
        let renamed = self.renamed.get(name).map(String::as_str);
        self.proving.contains(name) || renamed.is_some_and(|name| self.proving.contains(name))
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
                        self.renamed.insert(new.to_string(), old.to_string());
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
        self.traits.insert(name);
    }

    fn define(&self, generics: &Generics, fields: &[Type], alias: bool) -> Definition {
        let mut parameters: Vec<Name> = Vec::new();
        let mut scope = Scope::default();
        for param in &generics.params {
            match param {
                GenericParam::Lifetime(param) => parameters.push(name(&param.lifetime)),
                GenericParam::Type(param) => {
                    parameters.push(param.ident.to_string());
                    scope.parameters.insert(param.ident.to_string());
                }
                GenericParam::Const(param) => parameters.push(param.ident.to_string()),
            }
        }
        let mut walk = Walk::new(self, &scope);
        for field in fields {
            walk.input(field);
        }
        let mut declared = Declared::default();
        declared.extend(generics);
        let place = |name: &Name| parameters.iter().position(|it| it == name);
        let mut relations = Relations::new();
        let mut relate = |outer: &Name, inner: &Name, certain: bool| {
            let outer = if outer == STATIC {
                None
            } else {
                match place(outer) {
                    None => return,
                    outer => outer,
                }
            };
            if let Some(inner) = place(inner) {
                *relations.entry((outer, inner)).or_default() |= certain;
            }
        };
        for edge in &walk.facts.edges {
            relate(&edge.outer, &edge.inner, edge.certain);
        }
        for (outer, inner) in declared.pairs() {
            relate(outer, inner, true);
        }
        Definition {
            lifetimes: generics.lifetimes().count(),
            relations,
            alias,
            ambiguous: false,
        }
    }
}

fn merge(types: &mut BTreeMap<String, Definition>, name: &str, new: Definition) {
    let Some(old) = types.get_mut(name) else {
        types.insert(name.to_owned(), new);
        return;
    };
    old.ambiguous |= old.lifetimes != new.lifetimes;
    old.alias |= new.alias;
    for (relation, certain) in &mut old.relations {
        *certain &= new.relations.get(relation) == Some(&true);
    }
    for (relation, _) in new.relations {
        old.relations.entry(relation).or_insert(false);
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
