//! The crate's own types and traits by name.

mod associated;
mod equated;
mod gather;
mod traits;
mod turned;

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{File, GenericParam, Path, Type};

pub(super) use self::associated::is_given;
pub(super) use self::equated::Equated;
use self::gather::{Gather, TypeItem};
pub(super) use self::traits::Trait;
use super::code::Bare;
use super::declared::{Declared, is_structure, name};
use super::facts::{Name, STATIC, Standing};
use super::judge::{Outlived, outlived};
use super::relations::Relations;
use super::walk::{Scope, Walk};

/// A parameter of a type. Lifetimes are counted separately from other parameters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Parameter {
    Lifetime(usize),
    Other(usize),
}

/// Types that are known without an import.
const PRELUDE: &[&str] = &["Box", "Option", "Result", "String", "Vec"];

/// The most rounds in which relations of types are derived from those of other types.
const MOST_ROUNDS: u32 = 64;

/// A type.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Definition {
    /// The number of its lifetime parameters.
    lifetimes: usize,
    /// The type that it is an alias for, if it is an alias.
    alias: Option<Alias>,
    /// Relations between its parameters. A key consists of the index of the outer lifetime (`None` for `'static`) and
    /// the inner parameter.
    relations: BTreeMap<(Option<usize>, Parameter), Standing>,
    /// The turned parameters: they occur in a function's arguments, or in no field. A value that was made with one
    /// argument for such a parameter may pass for a value with another argument.
    turned: BTreeSet<Parameter>,
    /// Projections in its fields that the compiler takes to outlive a lifetime, although they may live shorter.
    outlived: BTreeSet<Outlived>,
}

/// An alias of a type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Alias {
    /// Its lifetime parameters.
    pub(super) lifetimes: Vec<Name>,
    /// Its other parameters.
    pub(super) others: Vec<Name>,
    pub(super) ty: Type,
}

/// The definitions of a name: there may be several, in different modules.
pub(super) struct Known<'a> {
    all: Vec<&'a Definition>,
}

impl<'a> Known<'a> {
    /// Whether there is only one definition.
    pub(super) fn is_one(&self) -> bool {
        self.all.len() == 1
    }

    /// Whether all definitions of the name are aliases.
    pub(super) fn is_alias(&self) -> bool {
        self.all.iter().all(|it| it.alias.is_some())
    }

    /// Returns the same definitions without aliases.
    pub(super) fn without_aliases(mut self) -> Option<Self> {
        self.all.retain(|it| it.alias.is_none());
        (!self.all.is_empty()).then_some(self)
    }

    /// Returns the aliases among the definitions.
    pub(super) fn aliases(&self) -> impl Iterator<Item = &'a Alias> {
        self.all.iter().filter_map(|it| it.alias.as_ref())
    }

    /// Returns the largest number of lifetime parameters.
    pub(super) fn lifetimes(&self) -> usize {
        let each = self.all.iter().map(|it| it.lifetimes);
        each.max().unwrap_or_default()
    }

    /// Returns the number of lifetime parameters, if all definitions agree.
    pub(super) fn same_lifetimes(&self) -> Option<usize> {
        let count = self.all.first()?.lifetimes;
        let is_same = self.all.iter().all(|it| it.lifetimes == count);
        is_same.then_some(count)
    }

    /// Whether a parameter may be turned.
    pub(super) fn is_turned(&self, parameter: Parameter) -> bool {
        self.all.iter().any(|it| it.turned.contains(&parameter))
    }

    /// Returns the standing of the relation that the parameter `inner` outlives the lifetime parameter at the index
    /// `outer`. If `outer` is `None`, the lifetime is `'static`. Returns `None` if no definition of the name implies
    /// the relation. The relation counts as proved only if it is proved for each definition.
    pub(super) fn relation(&self, outer: Option<usize>, inner: Parameter) -> Option<Standing> {
        let each = self
            .all
            .iter()
            .map(|it| it.relations.get(&(outer, inner)).copied());
        let all: Vec<_> = each.collect();
        let standing = match all.iter().all(|it| *it == Some(Standing::Proved)) {
            true => Standing::Proved,
            false => Standing::Implied,
        };
        all.iter().any(Option::is_some).then_some(standing)
    }
}

/// Types by name. Modules are not distinguished.
#[derive(Clone, Debug, Default)]
pub(super) struct Definitions {
    types: BTreeMap<String, Vec<Definition>>,
    /// Traits with supertraits, with a where clause, or with bounds on parameters or associated types. An impl of
    /// such a trait proves more than its header says.
    proving: BTreeSet<String>,
    traits: BTreeMap<String, Vec<Trait>>,
    /// Names that `use … as …` introduces, and their possible meanings.
    renamed: BTreeMap<String, BTreeSet<String>>,
    /// Names that may come from another crate.
    foreign: BTreeSet<String>,
    /// Whether another crate's module is imported with all its names (`use dep::*`).
    has_foreign_globs: bool,
    /// The crate's modules.
    modules: BTreeSet<String>,
}

impl Definitions {
    pub(super) fn collect(file: &File) -> Self {
        let Gather {
            mut definitions,
            items,
            ..
        } = {
            let mut file = file.clone();
            Bare.visit_file_mut(&mut file);
            Gather::all(&file)
        };
        // The type of a field may have relations that no earlier round has derived. About such a type the round
        // assumes the worst.
        for _ in 0..MOST_ROUNDS {
            let mut types = BTreeMap::<_, Vec<_>>::new();
            for item in &items {
                let definition = definitions.define(item);
                types.entry(item.name.clone()).or_default().push(definition);
            }
            let is_settled = types == definitions.types;
            definitions.types = types;
            if is_settled {
                break;
            }
        }
        definitions
    }

    /// Returns the definitions for a path's last segment with this number of lifetime arguments.
    pub(super) fn get(&self, name: &str, lifetimes: usize) -> Option<Known<'_>> {
        let all = self.named(name).into_iter();
        // A path may leave out all of its lifetimes.
        let fitting = all.filter(|it| lifetimes == 0 || it.lifetimes == lifetimes);
        let all: Vec<_> = fitting.collect();
        (!all.is_empty()).then_some(Known { all })
    }

    /// Returns the projections in fields that may live shorter than the compiler believes, each with the name of the
    /// type that has the field.
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

    /// Whether a type of this name may be an alias.
    pub(super) fn is_alias(&self, name: &str) -> bool {
        self.named(name).iter().any(|it| it.alias.is_some())
    }

    /// Whether a type of this name may be an alias for a projection from its arguments.
    pub(super) fn may_project(&self, name: &str) -> bool {
        let mut new = vec![name.to_owned()];
        let mut known = BTreeSet::new();
        while let Some(name) = new.pop() {
            for alias in self.named(&name).iter().filter_map(|it| it.alias.as_ref()) {
                let mut names = Paths {
                    parameters: &alias.others,
                    has_projection: false,
                    last: Vec::new(),
                };
                names.visit_type(&alias.ty);
                if names.has_projection {
                    return true;
                }
                new.extend(names.last.into_iter().filter(|it| known.insert(it.clone())));
            }
        }
        false
    }

    /// Whether a name may belong to another crate.
    pub(super) fn is_foreign(&self, name: &str) -> bool {
        self.has_foreign_globs || self.foreign.contains(name)
    }

    /// Whether the name of a trait of the prelude may mean another trait here.
    pub(super) fn is_shadowed(&self, name: &str) -> bool {
        !self.traits(name).is_empty()
            || self.renamed.contains_key(name)
            || self.foreign.contains(name)
    }

    /// Whether a path may lead to another crate's type or trait, although this crate has one of the same name.
    pub(super) fn may_be_foreign(&self, path: &Path) -> bool {
        let mut segments = path.segments.iter().map(|it| it.ident.to_string());
        let last = segments.next_back().unwrap_or_default();
        // The first segment may be a crate's name, even if a module has the same name.
        let is_own = |(index, name): (usize, String)| match index {
            0 => ["crate", "self", "super"].contains(&name.as_str()),
            _ => name == "super" || (self.modules.contains(&name) && !self.foreign.contains(&name)),
        };
        let is_of_prelude = path.segments.len() == 1 && PRELUDE.contains(&last.as_str());
        path.leading_colon.is_some()
            || is_of_prelude
            || self.is_foreign(&last)
            || !segments.enumerate().all(is_own)
    }

    fn named(&self, name: &str) -> Vec<&Definition> {
        let names = self.meanings(name);
        names
            .iter()
            .flat_map(|name| self.types.get(name).into_iter().flatten())
            .collect()
    }

    /// Returns the names that a name may mean, including itself.
    pub(super) fn meanings(&self, name: &str) -> BTreeSet<String> {
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

    /// Whether `name` may mean the item that is called `other`.
    pub(super) fn means(&self, name: &str, other: &str) -> bool {
        self.meanings(name).contains(other)
    }

    fn define(&self, item: &TypeItem) -> Definition {
        let TypeItem {
            generics,
            fields,
            alias,
            ..
        } = item;
        let mut parameters = BTreeMap::new();
        let mut scope = Scope {
            this: item.this(),
            ..Scope::default()
        };
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
        scope.say_all(generics);
        let mut walk = Walk::new(self, &scope);
        for field in fields {
            walk.input(field);
        }
        let mut declared = Declared::default();
        declared.extend(generics);
        let mut relations = BTreeMap::new();
        let mut relate = |outer: &Name, inner: &Name, standing: Standing| {
            let outer = match parameters.get(outer) {
                _ if outer == STATIC => None,
                Some(Parameter::Lifetime(outer)) => Some(*outer),
                _ => return,
            };
            if let Some(inner) = parameters.get(inner) {
                let known = relations.entry((outer, *inner)).or_insert(standing);
                *known = standing.max(*known);
            }
        };
        if walk.unknown {
            for outer in parameters.keys().chain([&STATIC.to_owned()]) {
                for inner in parameters.keys().filter(|inner| *inner != outer) {
                    relate(outer, inner, Standing::Implied);
                }
            }
        }
        for edge in &walk.facts.edges {
            relate(&edge.outer, &edge.inner, edge.standing);
        }
        for (outer, inner) in declared.relations().pairs() {
            relate(outer, inner, Standing::Proved);
        }
        // If a clause says that the type itself outlives a lifetime (`Self: 'a`), all its parameters outlive the
        // lifetime.
        for (outer, _) in declared.relations().pairs().filter(|it| it.1 == "Self") {
            for parameter in parameters.keys().filter(|it| *it != outer) {
                relate(outer, parameter, Standing::Proved);
            }
        }
        // If a projection from a parameter is declared to outlive a lifetime, the parameter may outlive it, too.
        for (outer, inner) in declared
            .relations()
            .pairs()
            .filter(|it| is_structure(&it.1))
        {
            for parameter in parameters.keys().filter(|it| *it != outer) {
                if inner.contains(parameter.trim_start_matches('\'')) {
                    relate(outer, parameter, Standing::Implied);
                }
            }
        }
        if walk.unknown {
            for outer in lifetimes.iter().map(String::as_str).chain([STATIC]) {
                for inner in parameters.keys().filter(|inner| *inner != outer) {
                    relate(&outer.to_owned(), inner, Standing::Implied);
                }
            }
        }
        Definition {
            lifetimes: lifetimes.len(),
            alias: fields.first().filter(|_| *alias).map(|ty| Alias {
                lifetimes,
                others,
                ty: ty.clone(),
            }),
            relations,
            turned: turned::parameters(self, fields, &parameters),
            // The compiler takes a value of the type to outlive everything that the type's parameters outlive.
            outlived: if *alias {
                BTreeSet::new()
            } else {
                outlived(&walk.facts, &declared, &Relations::default(), true)
            },
        }
    }
}

/// The paths in an alias.
struct Paths<'a> {
    parameters: &'a [Name],
    has_projection: bool,
    last: Vec<String>,
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
        let (first, last) = (ty.path.segments.first(), ty.path.segments.last());
        let is_of_one = first.is_some_and(|it| self.parameters.iter().any(|of| it.ident == of));
        self.has_projection |= ty.qself.is_some() || (is_of_one && ty.path.segments.len() > 1);
        self.last.extend(last.map(|it| it.ident.to_string()));
        visit::visit_type_path(self, ty);
    }
}
