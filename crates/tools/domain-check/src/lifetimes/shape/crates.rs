//! Names of the standard library's crates. The checks judge compiled code by the library's paths. A path that the
//! compiler prints begins with the item that contains the named item, which may be a function or a constant.
//! Functions and constants have a namespace of their own, so they could have the name of a crate too. So no item may
//! have one of these names. A method may have one, because in a path its name comes after that of its type.

use syn::{Ident, Item};

use super::Shape;
use crate::check::tokens::plain;
use crate::finding::Rule;

const STANDARD: &[&str] = &["alloc", "core", "std"];

impl Shape<'_> {
    /// Judges the name of an item.
    pub(super) fn names_an_item(&mut self, item: &Item) {
        let name = match item {
            Item::Const(it) => Some(&it.ident),
            Item::Enum(it) => Some(&it.ident),
            Item::ExternCrate(it) => it.rename.as_ref().map(|(_, name)| name),
            Item::Fn(it) => Some(&it.sig.ident),
            Item::Mod(it) => Some(&it.ident),
            Item::Static(it) => Some(&it.ident),
            Item::Struct(it) => Some(&it.ident),
            Item::Trait(it) => Some(&it.ident),
            Item::Type(it) => Some(&it.ident),
            Item::Union(it) => Some(&it.ident),
            _ => None,
        };
        if let Some(name) = name {
            self.is_no_crates(name);
        }
    }

    /// Refuses the name of a standard crate in the scope of items.
    pub(super) fn is_no_crates(&mut self, name: &Ident) {
        let name = plain(name);
        if STANDARD.contains(&name.as_str()) {
            let what = format!(
                "an item has the name `{name}`, and paths through it read as the standard library's: give it another one"
            );
            self.find(Rule::CrateName, what);
        }
    }
}
