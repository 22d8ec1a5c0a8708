//! The modules of a crate, with the file of each and the meanings of its names.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Item, Meta, UseTree};

use super::ImportsError;

/// An index into [`Tree::modules`].
pub(super) type ModuleId = usize;

/// An index into [`Tree::files`].
pub(super) type FileId = usize;

/// The meaning of a name in a module. A name has several meanings if conditional compilation chooses between them.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// A child module.
    Module(ModuleId),
    /// An item that is defined in the module and is not a module.
    Item,
    /// A `use` of this path.
    Import(Vec<String>),
}

/// A module, inline or in a file of its own.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) parent: Option<ModuleId>,
    pub(super) file: FileId,
    pub(super) names: HashMap<String, Vec<Meaning>>,
    /// The paths of glob imports.
    pub(super) globs: Vec<Vec<String>>,
    /// The code of the module's items, without imports, child modules and tests.
    pub(super) code: Vec<TokenStream>,
}

/// All files and modules of a crate. The root module is the first.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) files: Vec<PathBuf>,
    pub(super) modules: Vec<Module>,
}

impl Tree {
    /// Reads the crate with the root file `root`.
    pub(super) fn read(root: &Path) -> Result<Self, ImportsError> {
        let mut tree = Tree::default();
        let beside = root.parent().unwrap_or(Path::new("")).to_owned();
        tree.read_file(root, None, &beside)?;
        Ok(tree)
    }

    /// Reads the module in the file `path`. The files of its child modules are in the directory `children`.
    fn read_file(
        &mut self,
        path: &Path,
        parent: Option<ModuleId>,
        children: &Path,
    ) -> Result<ModuleId, ImportsError> {
        let text = fs::read_to_string(path).map_err(|source| ImportsError::Read {
            path: path.to_owned(),
            source,
        })?;
        let parsed = syn::parse_file(&text).map_err(|source| ImportsError::Parse {
            path: path.to_owned(),
            source,
        })?;
        self.files.push(path.to_owned());
        let file = self.files.len() - 1;
        let place = Place {
            file,
            beside: path.parent().unwrap_or(Path::new("")),
            children,
        };
        self.add(parsed.items, parent, &place)
    }

    /// Adds a module with these items, and its child modules.
    fn add(
        &mut self,
        items: Vec<Item>,
        parent: Option<ModuleId>,
        place: &Place<'_>,
    ) -> Result<ModuleId, ImportsError> {
        let id = self.modules.len();
        self.modules.push(Module {
            parent,
            file: place.file,
            names: HashMap::new(),
            globs: Vec::new(),
            code: Vec::new(),
        });
        for item in items {
            if attributes(&item).iter().any(is_test) {
                continue;
            }
            match item {
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    for child in self.add_module(module, id, place)? {
                        self.name(id, &name, Meaning::Module(child));
                    }
                }
                Item::Use(import) => self.import(id, &import.tree, &mut Vec::new()),
                other => {
                    if let Some(name) = defined(&other) {
                        self.name(id, &name, Meaning::Item);
                    }
                    self.modules[id].code.push(other.into_token_stream());
                }
            }
        }
        Ok(id)
    }

    /// Adds a child module. Adds it once for each file that conditional compilation can choose.
    fn add_module(
        &mut self,
        module: syn::ItemMod,
        parent: ModuleId,
        place: &Place<'_>,
    ) -> Result<Vec<ModuleId>, ImportsError> {
        let name = module.ident.to_string();
        let below = place.children.join(&name);
        if let Some((_, items)) = module.content {
            let inner = Place {
                file: place.file,
                beside: &below,
                children: &below,
            };
            return Ok(vec![self.add(items, Some(parent), &inner)?]);
        }
        let chosen = paths(&module.attrs);
        let always = chosen.iter().any(|path| !path.conditional);
        let mut files: Vec<_> = chosen
            .iter()
            .map(|path| {
                let file = place.beside.join(&path.path);
                let children = file.parent().unwrap_or(Path::new("")).to_owned();
                (file, children)
            })
            .collect();
        if !always {
            let flat = place.children.join(format!("{name}.rs"));
            let file = if flat.is_file() {
                flat
            } else {
                below.join("mod.rs")
            };
            if file.is_file() || files.is_empty() {
                files.push((file, below));
            }
        }
        files
            .iter()
            .map(|(file, children)| self.read_file(file, Some(parent), children))
            .collect()
    }

    /// Adds a meaning of `name` in `module`.
    fn name(&mut self, module: ModuleId, name: &str, meaning: Meaning) {
        let names = &mut self.modules[module].names;
        names.entry(name.to_owned()).or_default().push(meaning);
    }

    /// Adds the imports of `tree` to `module`. `before` is the path in front of `tree`.
    fn import(&mut self, module: ModuleId, tree: &UseTree, before: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(module, &path.tree, before);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(module, tree, before);
                }
            }
            UseTree::Glob(_) => self.modules[module].globs.push(before.clone()),
            UseTree::Name(name) => self.import_as(module, before, &name.ident, &name.ident),
            UseTree::Rename(name) => self.import_as(module, before, &name.ident, &name.rename),
        }
    }

    fn import_as(
        &mut self,
        module: ModuleId,
        before: &[String],
        name: &syn::Ident,
        alias: &syn::Ident,
    ) {
        let mut path = before.to_vec();
        let mut alias = alias.to_string();
        if name == "self" {
            alias = path.last().cloned().unwrap_or(alias);
        } else {
            path.push(name.to_string());
        }
        self.name(module, &alias, Meaning::Import(path));
    }
}

/// The place of a module's source. It determines the places of the child modules.
struct Place<'a> {
    file: FileId,
    /// The directory to which a child's `#[path]` is relative.
    beside: &'a Path,
    /// The directory with the files of the child modules that have no `#[path]`.
    children: &'a Path,
}

/// A file that a `#[path]` attribute names, perhaps conditionally.
struct Named {
    path: String,
    conditional: bool,
}

/// Returns the files that `#[path]` names, also inside of `#[cfg_attr]`.
fn paths(attributes: &[Attribute]) -> Vec<Named> {
    let named = |meta: &Meta| match meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    let mut found = Vec::new();
    for attribute in attributes {
        let conditional = attribute.path().is_ident("cfg_attr");
        if conditional {
            let list =
                attribute.parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated);
            let list = list.into_iter().flatten();
            found.extend(
                list.filter_map(|meta| named(&meta))
                    .map(|path| Named { path, conditional }),
            );
        } else if let Some(path) = named(&attribute.meta) {
            found.push(Named { path, conditional });
        }
    }
    found
}

/// Whether the attribute restricts its item to tests: `cfg(test)`, or `cfg(all(…))` with `test` among the conditions.
fn is_test(attribute: &Attribute) -> bool {
    fn asks(predicate: &Meta) -> bool {
        match predicate {
            Meta::Path(path) => path.is_ident("test"),
            Meta::List(list) if list.path.is_ident("all") => list
                .parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated)
                .is_ok_and(|list| list.iter().any(asks)),
            _ => false,
        }
    }
    attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|meta| asks(&meta))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Returns the name that an item defines in its module, if it defines one.
fn defined(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
