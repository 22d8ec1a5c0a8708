//! The crate's own types and traits: what follows from their names.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{
    Fields, File, GenericArgument, GenericParam, Generics, Ident, ItemTrait, Path, PathArguments,
    TraitBound, TraitItem, Type, TypeParamBound, UseTree, WherePredicate,
};

use super::declared::{Declared, is_structure, name};
use super::facts::{Name, STATIC};
use super::judge::{Outlived, outlived};
use super::walk::{Scope, Walk};

/// A parameter of a type: lifetimes and others are counted apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Parameter {
    Lifetime(usize),
    Other(usize),
}

/// How often relations of types are looked for that follow from those of others.
const MOST_ROUNDS: u32 = 64;

/// A type.
#[derive(Clone, Debug, Eq, PartialEq)]
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
#[derive(Clone, Debug, Eq, PartialEq)]
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
    /// Names that may come from another crate.
    foreign: BTreeSet<String>,
    /// Whether all names of another crate's module may be there.
    has_foreign_globs: bool,
    /// The crate's modules.
    modules: BTreeSet<String>,
    /// Whether all relations between types' parameters are known.
    is_settled: bool,
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
    fn new(item: &ItemTrait) -> Self {
        let mut found = Trait {
            lifetimes: Vec::new(),
            others: Vec::new(),
            bounds: item.supertraits.iter().cloned().collect(),
            associates: item.items.iter().any(|it| matches!(it, TraitItem::Type(_))),
        };
        for param in &item.generics.params {
            match param {
                GenericParam::Lifetime(param) => found.lifetimes.push(name(&param.lifetime)),
                GenericParam::Type(param) => found.others.push(param.ident.to_string()),
                GenericParam::Const(param) => found.others.push(param.ident.to_string()),
            }
        }
        let clauses = item.generics.where_clause.iter();
        for predicate in clauses.flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate
                && matches!(&predicate.bounded_ty, Type::Path(path) if path.path.is_ident("Self"))
            {
                let mut predicate = predicate.clone();
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
    pub(super) fn collect(file: &File) -> Self {
        let mut gather = Gather::default();
        gather.visit_file(file);
        let Gather {
            mut definitions,
            items,
        } = gather;
        // A type's fields are of types whose relations may not be known yet.
        for _ in 0..MOST_ROUNDS {
            let mut types = BTreeMap::<_, Vec<_>>::new();
            for item in &items {
                let definition = definitions.define(&item.generics, &item.fields, item.alias);
                types.entry(item.name.clone()).or_default().push(definition);
            }
            definitions.is_settled = types == definitions.types;
            definitions.types = types;
            if definitions.is_settled {
                break;
            }
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

    /// Whether a type of this name may be another type's name.
    pub(super) fn is_alias(&self, name: &str) -> bool {
        self.named(name).iter().any(|it| it.alias.is_some())
    }

    /// Whether all relations between types' parameters are known.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Whether a name may be one of another crate's.
    pub(super) fn is_foreign(&self, name: &str) -> bool {
        self.has_foreign_globs || self.foreign.contains(name)
    }

    /// Whether a path may lead to another crate's type, though the crate has one of the name.
    pub(super) fn may_be_foreign(&self, path: &Path) -> bool {
        let mut segments = path.segments.iter().map(|it| it.ident.to_string());
        let last = segments.next_back().unwrap_or_default();
        let is_own = |(index, name): (usize, String)| {
            let is_root = index == 0 && ["crate", "self", "super"].contains(&name.as_str());
            let is_module = name == "super" || self.modules.contains(&name);
            is_root || (is_module && !self.foreign.contains(&name))
        };
        path.leading_colon.is_some() || self.is_foreign(&last) || !segments.enumerate().all(is_own)
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

    /// Whether a name may be another one of what has this one.
    pub(super) fn means(&self, name: &str, other: &str) -> bool {
        self.meanings(name).contains(other)
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
            if self.means(&trait_name, "Any") {
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
        // What is projected from a parameter outlives a lifetime: some of what the parameter has may.
        for (outer, inner) in declared.pairs().filter(|it| is_structure(&it.1)) {
            for parameter in parameters.keys().filter(|it| *it != outer) {
                if inner.contains(parameter.trim_start_matches('\'')) {
                    relate(outer, parameter, false);
                }
            }
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

/// What matters of a type's definition.
struct TypeItem {
    name: String,
    generics: Generics,
    /// The types of its fields, or the type that it is a name for.
    fields: Vec<Type>,
    alias: bool,
}

/// Finds every definition, wherever it stands.
#[derive(Default)]
struct Gather {
    definitions: Definitions,
    items: Vec<TypeItem>,
}

impl Gather {
    fn add(&mut self, name: &Ident, generics: &Generics, fields: Vec<Type>, alias: bool) {
        self.items.push(TypeItem {
            name: name.to_string(),
            generics: generics.clone(),
            fields,
            alias,
        });
    }

    fn rename(&mut self, old: &Ident, new: &Ident) {
        let means = self.definitions.renamed.entry(new.to_string());
        means.or_default().insert(old.to_string());
    }

    fn add_trait(&mut self, item: &ItemTrait) {
        let name = item.ident.to_string();
        let generics = &item.generics;
        // Bounds of a parameter, too, to be on the safe side.
        let is_bounded = generics.params.iter().any(|param| match param {
            GenericParam::Lifetime(it) => !it.bounds.is_empty(),
            GenericParam::Type(it) => !it.bounds.is_empty(),
            GenericParam::Const(_) => true,
        });
        let associates = item.items.iter().any(|item| match item {
            TraitItem::Type(it) => {
                let generics = &it.generics;
                !it.bounds.is_empty()
                    || !generics.params.is_empty()
                    || generics.where_clause.is_some()
            }
            _ => false,
        });
        if !item.supertraits.is_empty()
            || generics.where_clause.is_some()
            || is_bounded
            || associates
        {
            self.definitions.proving.insert(name.clone());
        }
        let all = self.definitions.traits.entry(name).or_default();
        all.push(Trait::new(item));
    }

    fn import(&mut self, tree: &UseTree, is_foreign: bool) {
        match tree {
            UseTree::Path(path) => self.import(&path.tree, is_foreign),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, is_foreign);
                }
            }
            UseTree::Glob(_) => self.definitions.has_foreign_globs |= is_foreign,
            UseTree::Name(name) if is_foreign => {
                self.definitions.foreign.insert(name.ident.to_string());
            }
            UseTree::Name(_) => {}
            UseTree::Rename(rename) => {
                self.rename(&rename.ident, &rename.rename);
                if is_foreign {
                    self.definitions.foreign.insert(rename.rename.to_string());
                }
            }
        }
    }
}

fn types(fields: &Fields) -> Vec<Type> {
    fields.iter().map(|it| it.ty.clone()).collect()
}

impl<'ast> Visit<'ast> for Gather {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add(&item.ident, &item.generics, types(&item.fields), false);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let fields = item.variants.iter().flat_map(|it| types(&it.fields));
        self.add(&item.ident, &item.generics, fields.collect(), false);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        let fields = item.fields.named.iter().map(|it| it.ty.clone());
        self.add(&item.ident, &item.generics, fields.collect(), false);
        visit::visit_item_union(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        let ty = vec![(*item.ty).clone()];
        self.add(&item.ident, &item.generics, ty, true);
        visit::visit_item_type(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.add_trait(item);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.definitions.modules.insert(item.ident.to_string());
        visit::visit_item_mod(self, item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        if let Some((_, new)) = &item.rename {
            self.rename(&item.ident, new);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // What begins with a module's name may be of a crate that has the same.
        let is_foreign = match &item.tree {
            UseTree::Path(path) => !["crate", "self", "super"].iter().any(|it| path.ident == it),
            _ => true,
        };
        self.import(&item.tree, is_foreign);
    }
}
