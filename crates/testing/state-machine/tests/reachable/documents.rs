//! Reads rustdoc's JSON output, which has one document for each crate. An item of one crate may refer to an item in
//! another crate's document, by its path.

use rustdoc_types::{Crate, FORMAT_VERSION, Id, Item, ItemEnum};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// `samara-domain` and the crates whose items it may re-export, the innermost first.
const CRATES: [&str; 5] = [
    "samara_shared_heap",
    "samara_rref",
    "samara_domain_runtime",
    "samara_proxy",
    "samara_domain",
];

pub(crate) struct Crates(BTreeMap<String, Crate>);

/// An item, with the crate whose document contains it.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) krate: &'a String,
    document: &'a Crate,
    pub(crate) item: &'a Item,
}

impl<'a> Found<'a> {
    /// Returns another item of the same crate.
    pub(crate) fn sibling(&self, id: Id) -> Option<Self> {
        let item = self.document.index.get(&id)?;
        Some(Self { item, ..*self })
    }
}

impl Crates {
    /// Runs rustdoc on the crates and reads its output.
    pub(crate) fn of(roots: &[&str]) -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("surface");
        let names: Vec<_> = CRATES.iter().chain(roots).copied().collect();
        let documents = names.into_iter().map(|name| {
            let package = name.replace('_', "-");
            let status = Command::new(env!("CARGO"))
                .args([
                    "rustdoc",
                    "--quiet",
                    "--lib",
                    "--package",
                    &package,
                    "--target-dir",
                ])
                .arg(&target)
                .args([
                    "--all-features",
                    "--",
                    "-Zunstable-options",
                    "--output-format",
                    "json",
                ])
                // The JSON format is unstable. This makes the pinned compiler accept the option.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTDOCFLAGS", "--document-hidden-items -Zunstable-options")
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status();
            assert!(
                status.is_ok_and(|status| status.success()),
                "rustdoc failed for {package}"
            );
            let path = target.join("doc").join(format!("{name}.json"));
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
            let document: Crate = serde_json::from_str(&text).unwrap_or_else(|error| {
                panic!("rustdoc's format is not {FORMAT_VERSION}, that of `rustdoc-types`: {error}")
            });
            assert_eq!(
                document.format_version, FORMAT_VERSION,
                "use the version of `rustdoc-types` that has rustdoc's format"
            );
            (name.to_string(), document)
        });
        Self(documents.collect())
    }

    pub(crate) fn root(&self, name: &str) -> Found<'_> {
        let (krate, document) = self
            .0
            .get_key_value(name)
            .unwrap_or_else(|| panic!("rustdoc has no crate {name}"));
        let item = &document.index[&document.root];
        Found {
            krate,
            document,
            item,
        }
    }

    /// Finds the item to which `id` refers in the document of `found`. Returns it from the document of the crate that
    /// defines it.
    pub(crate) fn resolve(&self, found: Found<'_>, id: Id) -> Option<Found<'_>> {
        let (krate, document) = self.0.get_key_value(found.krate)?;
        if let Some(item) = document.index.get(&id) {
            return Some(Found {
                krate,
                document,
                item,
            });
        }
        let summary = document.paths.get(&id)?;
        let (krate, document) = self.0.get_key_value(summary.path.first()?)?;
        let same = |(_, other): &(&Id, &rustdoc_types::ItemSummary)| {
            other.crate_id == 0 && other.path == summary.path && other.kind == summary.kind
        };
        let (id, _) = document.paths.iter().find(same)?;
        let item = document.index.get(id)?;
        Some(Found {
            krate,
            document,
            item,
        })
    }

    /// Returns the path at which the item is defined.
    pub(crate) fn path(&self, found: Found<'_>) -> Vec<String> {
        let summary = self.0[found.krate].paths.get(&found.item.id);
        summary
            .map(|summary| summary.path.clone())
            .unwrap_or_default()
    }

    /// Whether a domain can name the trait. A domain can name traits of the standard library, traits of the crates in
    /// `own`, and those traits of other crates that `samara-domain` re-exports.
    pub(crate) fn is_nameable(&self, found: Found<'_>, id: Id, own: &[&str]) -> bool {
        let path = self.0[found.krate]
            .paths
            .get(&id)
            .map(|summary| &summary.path);
        let Some(path) = path else { return false };
        let exported = ["Exchangeable", "Scratch", "FromRpc"];
        match path.first().map(String::as_str) {
            Some("core" | "alloc" | "std") => true,
            Some(krate) if own.contains(&krate) => true,
            _ => {
                let document = &self.0["samara_domain"];
                let named = path
                    .last()
                    .is_some_and(|name| exported.contains(&name.as_str()));
                named && document.index.values().any(|item| matches!(&item.inner, ItemEnum::Use(import) if Some(&import.name) == path.last()))
            }
        }
    }
}
