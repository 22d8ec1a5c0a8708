//! Tests that each name that a reviewed crate hides from its docs is either refused or was reviewed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use samara_domain_check::{Metadata, Package, Review, Source};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ImplItemFn, Item, TraitItemFn, Visibility};

use crate::workspace::run;

/// Hidden names that are harmless: the crate, the names, and a description of the items.
const LOOKED_AT: &[(&str, &[&str], &str)] = &[
    (
        "bitflags",
        &["_core"],
        "the crate core, by a name of its own",
    ),
    (
        "smoltcp",
        &["RxToken", "SegmentingTxToken", "TxToken"],
        "packets of the devices that smoltcp offers, and of its tests: safe code with private fields",
    ),
];

/// Common names of modules that are not meant for other crates, even if the docs show them.
const NOT_FOR_OTHERS: &[&str] = &[
    "bench",
    "benchable",
    "benchmarks",
    "detail",
    "details",
    "export",
    "hidden",
    "imp",
    "internal",
    "internals",
    "macro_support",
    "private",
    "support",
];

/// Collects public names that are hidden.
#[derive(Default)]
struct Hidden {
    names: Vec<String>,
}

impl Hidden {
    fn see(&mut self, attributes: &[Attribute], is_public: bool, name: &Ident) {
        let name = name.to_string();
        let hides = attributes.iter().any(|it| {
            let list = it.meta.require_list();
            it.path().is_ident("doc") && list.is_ok_and(|it| it.tokens.to_string() == "hidden")
        });
        let is_odd = name.starts_with('_') && name != "_" || NOT_FOR_OTHERS.contains(&&*name);
        if is_public && (hides || is_odd) {
            self.names.push(name);
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    let tests = |it: &Attribute| {
        let list = it.meta.require_list();
        it.path().is_ident("cfg") && list.is_ok_and(|it| it.tokens.to_string() == "test")
    };
    attributes.iter().any(tests)
}

impl<'ast> Visit<'ast> for Hidden {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Const(it) => self.see(&it.attrs, is_public(&it.vis), &it.ident),
            Item::Enum(it) => self.see(&it.attrs, is_public(&it.vis), &it.ident),
            Item::ExternCrate(it) => {
                let name = it.rename.as_ref().map_or(&it.ident, |(_, name)| name);
                self.see(&it.attrs, is_public(&it.vis), name);
            }
            Item::Fn(it) => self.see(&it.attrs, is_public(&it.vis), &it.sig.ident),
            Item::Macro(it) => {
                let exported = it.attrs.iter().any(|it| it.path().is_ident("macro_export"));
                if let Some(name) = &it.ident {
                    self.see(&it.attrs, exported, name);
                }
            }
            Item::Mod(it) if is_test(&it.attrs) => return,
            Item::Mod(it) => self.see(&it.attrs, is_public(&it.vis), &it.ident),
            Item::Static(it) => self.see(&it.attrs, is_public(&it.vis), &it.ident),
            Item::Struct(it) => self.see(&it.attrs, is_public(&it.vis), &it.ident),
            Item::Trait(it) => self.see(&it.attrs, is_public(&it.vis), &it.ident),
            Item::Type(it) => self.see(&it.attrs, is_public(&it.vis), &it.ident),
            Item::Union(it) => self.see(&it.attrs, is_public(&it.vis), &it.ident),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.see(&item.attrs, is_public(&item.vis), &item.sig.ident);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.see(&item.attrs, true, &item.sig.ident);
    }
}

fn sources(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}

/// Returns the hidden public names of a package.
fn hidden(package: &Package) -> Vec<String> {
    let mut files = Vec::new();
    sources(&package.directory.join("src"), &mut files);
    let mut hidden = Hidden::default();
    for file in files {
        let text = fs::read_to_string(&file).expect("readable");
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        hidden.visit_file(&file);
    }
    hidden.names.sort_unstable();
    hidden.names.dedup();
    hidden.names
}

/// Invariant: CHECK-9
#[test]
fn hidden_names_are_refused_or_reviewed() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(repository);
    cargo.args(["metadata", "--format-version", "1"]);
    let metadata = run("cargo metadata", cargo).expect("it runs");
    let metadata = Metadata::from_json(&metadata).expect("cargo's metadata");
    let review = Review::samara(&Source::Member);
    let mut looked_at = 0;
    let mut missed = Vec::new();
    for package in metadata.packages() {
        let reviewed = review.of(package).filter(|it| it.direct);
        let Some(reviewed) = reviewed.filter(|it| it.source == Source::CratesIo) else {
            continue;
        };
        looked_at += 1;
        let known = LOOKED_AT.iter().filter(|(of, ..)| *of == package.name);
        let known: Vec<_> = known.flat_map(|(_, names, _)| names.iter()).collect();
        for name in hidden(package) {
            // A domain may use no name that begins with two underscores.
            let is_refused =
                name.starts_with("__") || reviewed.refused.iter().any(|it| it.name == name);
            if !is_refused && !known.contains(&&&*name) {
                missed.push(format!("{} {}: {name}", package.name, package.version));
            }
        }
    }
    assert!(
        looked_at >= 4,
        "only {looked_at} crates of other authors were checked"
    );
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
}
