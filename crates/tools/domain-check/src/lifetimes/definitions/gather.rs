//! Finds all definitions, in every place.

use syn::visit::{self, Visit};
use syn::{Fields, GenericParam, Generics, Ident, ItemTrait, TraitItem, Type, UseTree};

use super::{Definitions, Trait};

/// A type's definition, without attributes and names of fields.
pub(super) struct TypeItem {
    pub(super) name: String,
    pub(super) generics: Generics,
    /// The types of its fields, or the type that it is an alias for.
    pub(super) fields: Vec<Type>,
    pub(super) alias: bool,
}

impl TypeItem {
    /// Returns the type that `Self` means in the definition. In an alias `Self` has no meaning.
    pub(super) fn this(&self) -> Option<Type> {
        let arguments = self.generics.params.iter().map(|param| match param {
            GenericParam::Lifetime(it) => format!("'{}", it.lifetime.ident),
            GenericParam::Type(it) => it.ident.to_string(),
            GenericParam::Const(it) => it.ident.to_string(),
        });
        let arguments = arguments.collect::<Vec<_>>().join(", ");
        let ty = syn::parse_str(&format!("{}<{arguments}>", self.name));
        ty.ok().filter(|_| !self.alias)
    }
}

/// Finds all definitions, in every place.
#[derive(Default)]
pub(super) struct Gather {
    pub(super) definitions: Definitions,
    pub(super) items: Vec<TypeItem>,
    imports: Vec<UseTree>,
}

impl Gather {
    /// Gathers a file's definitions and imports.
    pub(super) fn all(file: &syn::File) -> Self {
        let mut gather = Self::default();
        gather.visit_file(file);
        // A path that begins with `crate` may lead out of the crate by a name that another item imports:
        // `crate::alloc::vec::Vec`. So the imports are read again until no more foreign names are found.
        let imports = std::mem::take(&mut gather.imports);
        let known = |it: &Self| {
            (
                it.definitions.foreign.len(),
                it.definitions.has_foreign_globs,
            )
        };
        loop {
            let before = known(&gather);
            for tree in &imports {
                gather.import(tree, None, !is_inside(tree));
            }
            if known(&gather) == before {
                return gather;
            }
        }
    }

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
        // Bounds of parameters count too, to be on the safe side.
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

    /// Records the names of an import. `module` is the last name of the path before the tree. In the tree `self`
    /// means this module.
    fn import(&mut self, tree: &UseTree, module: Option<&Ident>, is_foreign: bool) {
        let named = |ident: &Ident| match module {
            Some(module) if ident == "self" => module.clone(),
            _ => ident.clone(),
        };

        match tree {
            UseTree::Path(path) => {
                let name = path.ident.to_string();
                let is_foreign = is_foreign || self.definitions.foreign.contains(&name);
                self.import(&path.tree, Some(&path.ident), is_foreign);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, module, is_foreign);
                }
            }
            UseTree::Glob(_) => self.definitions.has_foreign_globs |= is_foreign,
            UseTree::Name(name) if is_foreign => {
                let name = named(&name.ident).to_string();
                self.definitions.foreign.insert(name);
            }
            UseTree::Name(_) => {}
            UseTree::Rename(rename) => {
                self.rename(&named(&rename.ident), &rename.rename);
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

impl Visit<'_> for Gather {
    fn visit_item_struct(&mut self, item: &syn::ItemStruct) {
        self.add(&item.ident, &item.generics, types(&item.fields), false);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &syn::ItemEnum) {
        let fields = item.variants.iter().flat_map(|it| types(&it.fields));
        self.add(&item.ident, &item.generics, fields.collect(), false);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &syn::ItemUnion) {
        let fields = item.fields.named.iter().map(|it| it.ty.clone());
        self.add(&item.ident, &item.generics, fields.collect(), false);
        visit::visit_item_union(self, item);
    }

    fn visit_item_type(&mut self, item: &syn::ItemType) {
        let ty = vec![(*item.ty).clone()];
        self.add(&item.ident, &item.generics, ty, true);
        visit::visit_item_type(self, item);
    }

    fn visit_item_trait(&mut self, item: &ItemTrait) {
        self.add_trait(item);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        self.definitions.modules.insert(item.ident.to_string());
        visit::visit_item_mod(self, item);
    }

    fn visit_item_extern_crate(&mut self, item: &syn::ItemExternCrate) {
        let name = item.rename.as_ref().map_or(&item.ident, |it| &it.1);
        self.definitions.foreign.insert(name.to_string());
        if name != &item.ident {
            self.rename(&item.ident, name);
        }
    }

    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        if is_prelude(item) {
            return;
        }
        self.imports.push(item.tree.clone());
    }
}

/// Whether an import certainly begins in this crate. Only a keyword as its first name makes this certain, because a
/// module may have the same name as a crate.
fn is_inside(tree: &UseTree) -> bool {
    matches!(tree, UseTree::Path(path) if ["crate", "self", "super"].iter().any(|it| path.ident == it))
}

/// Whether an import is the one of the prelude that the compiler itself adds. It is left out, because the prelude's
/// types imply nothing. The attribute is unstable, so a domain cannot write it.
fn is_prelude(item: &syn::ItemUse) -> bool {
    item.attrs
        .iter()
        .any(|it| it.path().is_ident("prelude_import"))
}
