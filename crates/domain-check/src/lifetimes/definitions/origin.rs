//! Where the type or trait that a path names may be from.

use syn::Path;

use super::Definitions;

/// The standard library's crates, and those of `RRef`.
pub(super) const STD: &[&str] = &["alloc", "core", "samara_domain", "samara_rref", "std"];

/// How a path to the crate's own items begins.
pub(super) const OWN: &[&str] = &["crate", "self", "super"];

/// What is known of where a path leads.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::lifetimes) struct Origin {
    /// It may be another crate's, even if this one has one of the name.
    pub(in crate::lifetimes) is_foreign: bool,
    /// It is the standard library's, by the name that it has there.
    pub(in crate::lifetimes) is_std: bool,
}

impl Definitions {
    pub(in crate::lifetimes) fn origin(&self, path: &Path) -> Origin {
        Origin {
            is_foreign: self.may_be_foreign(path),
            is_std: self.is_std(path),
        }
    }

    /// Whether a path can lead nowhere but to the standard library, to what has this name there.
    fn is_std(&self, path: &Path) -> bool {
        let mut segments = path.segments.iter().map(|it| it.ident.to_string());
        let first = segments.next().unwrap_or_default();
        let last = segments.last();
        let (is_alone, last) = match &last {
            Some(last) => (false, last),
            None => (true, &first),
        };
        if self.is_made_here(last) {
            return false;
        }
        if is_alone {
            return path.leading_colon.is_none()
                && self.glob_roots.is_empty()
                && self.is_imported_from_std(last);
        }
        if STD.contains(&first.as_str()) {
            return !self.is_made_here(&first);
        }
        let is_reexported = OWN.contains(&first.as_str()) && self.import_roots.contains_key(last);
        let is_module = self.import_roots.contains_key(&first) && !self.is_made_here(&first);
        path.leading_colon.is_none()
            && ((is_reexported && self.is_imported_from_std(last))
                || (is_module && self.is_imported_from_std(&first)))
    }

    /// Whether each import of this name begins in the standard library: of its prelude there is none.
    fn is_imported_from_std(&self, name: &str) -> bool {
        let roots = self.import_roots.get(name).into_iter().flatten();
        roots.into_iter().all(|root| {
            OWN.contains(&root.as_str())
                || (STD.contains(&root.as_str()) && !self.is_made_here(root))
        })
    }

    /// Whether the crate gives this name to something: by a definition, or to what has another one.
    fn is_made_here(&self, name: &str) -> bool {
        self.types.contains_key(name)
            || self.traits.contains_key(name)
            || self.renamed.contains_key(name)
            || self.modules.contains(name)
    }
}
