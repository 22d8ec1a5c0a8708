//! Lists the safe functions that a crate's public modules export, and the safe functions of the types that these
//! functions return.

mod documents;
mod name;

pub(crate) use name::Name;

use documents::{Crates, Found};
use rustdoc_types::{Impl, Item, ItemEnum, Type, Visibility};
use std::collections::BTreeSet;

/// Traits of the standard library whose functions are not listed, because the traits have no function that has to be
/// called.
const UNTOLD: [&str; 3] = ["StructuralPartialEq", "Error", "Receiver"];

/// Returns the safe functions of all crates that are reachable through the public modules of `roots`.
#[allow(dead_code, reason = "each suite uses one of the two functions")]
pub(crate) fn all(roots: &[&str]) -> BTreeSet<Name> {
    list(roots, &[])
}

/// Does the same as [`all`], but lists only types and traits that `roots` themselves define. Other suites cover the
/// types and traits of other crates.
#[allow(dead_code, reason = "each suite uses one of the two functions")]
pub(crate) fn own(roots: &[&str]) -> BTreeSet<Name> {
    list(roots, roots)
}

fn list(roots: &[&str], within: &[&str]) -> BTreeSet<Name> {
    let crates = Crates::of(roots);
    let mut list = List {
        crates: &crates,
        within,
        names: BTreeSet::new(),
        types: BTreeSet::new(),
    };
    for root in roots {
        list.module(crates.root(root));
    }
    list.names
}

struct List<'a> {
    crates: &'a Crates,
    /// The crates whose types are listed. If this is empty, the types of all crates are listed.
    within: &'a [&'a str],
    names: BTreeSet<Name>,
    types: BTreeSet<(String, u32)>,
}

impl<'a> List<'a> {
    fn module(&mut self, module: Found<'a>) {
        let ItemEnum::Module(inner) = &module.item.inner else {
            return;
        };
        for id in &inner.items {
            if let Some(item) = module.sibling(*id) {
                self.item(item);
            }
        }
    }

    /// Adds an item that can be reached by a public path.
    fn item(&mut self, found: Found<'a>) {
        if is_hidden(found.item) {
            return;
        }
        match &found.item.inner {
            ItemEnum::Module(_) => self.module(found),
            ItemEnum::Use(import) => {
                let target = import.id.and_then(|id| self.crates.resolve(found, id));
                let Some(target) = target else { return };
                // The target's own attributes decide whether it is hidden, because the re-export does not repeat
                // `doc(hidden)`.
                self.item(target);
            }
            ItemEnum::Function(function) => {
                if !function.header.is_unsafe {
                    let path = self.crates.path(found);
                    self.names.insert(Name::free(&path));
                }
                self.signature(found, function);
            }
            ItemEnum::Struct(_) | ItemEnum::Enum(_) | ItemEnum::Union(_) => self.adt(found),
            _ => {}
        }
    }

    /// Adds the functions of a type that a public path or a listed function's signature names.
    fn adt(&mut self, found: Found<'a>) {
        let is_within = self.within.is_empty() || self.within.contains(&found.krate.as_str());
        if !is_within || !self.types.insert((found.krate.clone(), found.item.id.0)) {
            return;
        }
        let impls = match &found.item.inner {
            ItemEnum::Struct(of) => &of.impls,
            ItemEnum::Enum(of) => &of.impls,
            ItemEnum::Union(of) => &of.impls,
            _ => return,
        };
        for id in impls {
            let Some(item) = found.sibling(*id) else {
                continue;
            };
            if let ItemEnum::Impl(of) = &item.item.inner
                && is_for(of, found.item)
            {
                self.functions(found, item, of);
            }
        }
    }

    fn functions(&mut self, of: Found<'a>, item: Found<'a>, implementation: &'a Impl) {
        if implementation.is_synthetic || implementation.blanket_impl.is_some() {
            return;
        }
        let of_trait = implementation.trait_.as_ref();
        let trait_name = of_trait.map(|of| of.path.rsplit("::").next().unwrap_or(&of.path));
        if trait_name.is_some_and(|name| UNTOLD.contains(&name)) {
            return;
        }
        // If a domain has no path to a trait, it cannot call the trait's functions.
        if let Some(of) = of_trait
            && !self.crates.is_nameable(item, of.id, self.within)
        {
            return;
        }
        let type_name = of.item.name.as_deref().unwrap_or_default();
        for id in &implementation.items {
            let Some(member) = item.sibling(*id) else {
                continue;
            };
            let ItemEnum::Function(function) = &member.item.inner else {
                continue;
            };
            let public = of_trait.is_some() || member.item.visibility == Visibility::Public;
            if public && !function.header.is_unsafe && !is_hidden(member.item) {
                let name = member.item.name.as_deref().unwrap_or_default();
                self.names
                    .insert(Name::member_of(type_name, trait_name, name));
                self.signature(member, function);
            }
        }
    }

    /// Adds the types that a function returns, because their methods can be called.
    fn signature(&mut self, found: Found<'a>, function: &'a rustdoc_types::Function) {
        if let Some(output) = &function.sig.output {
            self.types_in(found, output);
        }
    }

    fn types_in(&mut self, found: Found<'a>, of: &'a Type) {
        match of {
            Type::ResolvedPath(path) => {
                if let Some(target) = self.crates.resolve(found, path.id)
                    && !is_hidden(target.item)
                {
                    self.adt(target);
                }
                let Some(rustdoc_types::GenericArgs::AngleBracketed { args, .. }) =
                    path.args.as_deref()
                else {
                    return;
                };
                for argument in args {
                    if let rustdoc_types::GenericArg::Type(inner) = argument {
                        self.types_in(found, inner);
                    }
                }
            }
            Type::BorrowedRef { type_, .. } | Type::Slice(type_) => self.types_in(found, type_),
            Type::Array { type_, .. } => self.types_in(found, type_),
            Type::Tuple(parts) => parts.iter().for_each(|part| self.types_in(found, part)),
            _ => {}
        }
    }
}

/// Whether the implementation is for the type `item` itself, and not for another type that has `item` as a parameter.
fn is_for(implementation: &Impl, item: &Item) -> bool {
    match &implementation.for_ {
        Type::ResolvedPath(path) => path.id == item.id,
        _ => true,
    }
}

fn is_hidden(item: &Item) -> bool {
    item.attrs
        .iter()
        .any(|attribute| format!("{attribute:?}").contains("hidden"))
}
