//! Resolves paths to the files that contain the definitions.

use std::collections::BTreeSet;

use super::tree::{FileId, Meaning, ModuleId, Tree};

/// The maximum depth of a resolution. Without it, imports that refer to each other in a circle would not end.
const DEEPEST: usize = 32;

/// The meaning of a resolved name.
#[derive(Clone, Copy)]
enum Found {
    Module(ModuleId),
    /// An item that is defined in this file.
    Item(FileId),
}

impl Tree {
    /// Returns the files with the definitions that `path` names in `module`. Returns no file if the path leads out of
    /// the crate. Returns none for a path that names a module either, because a module's name alone uses no item of
    /// the module.
    pub(super) fn definitions(&self, module: ModuleId, path: &[String]) -> BTreeSet<FileId> {
        let found = self.resolve(module, path, 0);
        let files = found.into_iter().filter_map(|found| match found {
            Found::Item(file) => Some(file),
            Found::Module(_) => None,
        });
        files.collect()
    }

    fn resolve(&self, module: ModuleId, path: &[String], depth: usize) -> Vec<Found> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Found::Module(module)];
        };
        let start = match first.as_str() {
            "crate" => vec![Found::Module(0)],
            "self" => vec![Found::Module(module)],
            "super" => {
                let parent = self.modules[module].parent;
                parent.map(Found::Module).into_iter().collect()
            }
            name => self.lookup(module, name, depth),
        };
        start
            .into_iter()
            .flat_map(|found| self.walk(found, rest, depth))
            .collect()
    }

    fn walk(&self, from: Found, path: &[String], depth: usize) -> Vec<Found> {
        let (Found::Module(module), Some((first, rest))) = (from, path.split_first()) else {
            // The name after an item is that of a variant or an associated item. The path does not show in which file
            // an associated item is defined, so the file of the item counts.
            return vec![from];
        };
        if first == "super" {
            let parent = self.modules[module].parent.map(Found::Module);
            return parent
                .into_iter()
                .flat_map(|parent| self.walk(parent, rest, depth))
                .collect();
        }
        self.lookup(module, first, depth)
            .into_iter()
            .flat_map(|found| self.walk(found, rest, depth))
            .collect()
    }

    /// Returns the meanings of `name` in `module`. Follows re-exports to the definition.
    fn lookup(&self, module: ModuleId, name: &str, depth: usize) -> Vec<Found> {
        if depth > DEEPEST {
            return Vec::new();
        }
        let here = &self.modules[module];
        if let Some(meanings) = here.names.get(name) {
            let found = meanings.iter().flat_map(|meaning| match meaning {
                Meaning::Module(child) => vec![Found::Module(*child)],
                Meaning::Item => vec![Found::Item(here.file)],
                // `use name;` imports the crate `name`, which is another crate.
                Meaning::Import(path) if path.len() == 1 && path[0] == name => Vec::new(),
                Meaning::Import(path) => self.resolve(module, path, depth + 1),
            });
            return found.collect();
        }
        let through = here.globs.iter();
        through
            .flat_map(|path| {
                let from = self.resolve(module, path, depth + 1);
                from.into_iter().flat_map(|found| match found {
                    Found::Module(other) if other != module => self.lookup(other, name, depth + 1),
                    _ => Vec::new(),
                })
            })
            .collect()
    }
}
