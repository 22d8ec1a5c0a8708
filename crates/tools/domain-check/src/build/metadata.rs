//! Cargo's metadata about the workspace's packages and their dependencies.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use cargo_metadata::{DependencyKind, MetadataCommand, NodeDep, PackageId, TargetKind};

use super::strings;

/// All packages in the output of `cargo metadata`: the members of the workspace and their dependencies.
#[derive(Clone, Debug)]
pub struct Metadata {
    packages: HashMap<String, Package>,
}

/// Output of `cargo metadata` in a form that this crate does not know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadMetadata(pub String);

impl fmt::Display for BadMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadMetadata {}

/// One package.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Package {
    /// Cargo's identifier.
    pub id: String,
    /// The name in its manifest.
    pub name: String,
    /// Its version, in the manifest's spelling.
    pub version: String,
    /// Its source, in cargo's spelling; `None` for a package that is given by its path.
    pub source: Option<String>,
    /// The directory of its manifest.
    pub directory: PathBuf,
    /// Whether it belongs to the workspace.
    pub member: bool,
    /// Whether it has a build script.
    pub build_script: bool,
    /// The native library that its manifest links.
    pub links: Option<String>,
    /// Whether it may be published.
    pub published: bool,
    /// Whether it is a procedural macro, which runs in the compiler and not in the built program.
    pub procedural_macro: bool,
    /// The root source file of its library.
    pub library: Option<PathBuf>,
    /// The features that docs.rs enables in addition to the default ones.
    pub documented_features: Vec<String>,
    /// The dependencies of its library, by identifier, without development and build dependencies.
    pub dependencies: Vec<String>,
}

impl Metadata {
    /// Reads the output of `cargo metadata --format-version 1`.
    ///
    /// # Errors
    ///
    /// If this crate does not know the form of the output.
    pub fn from_json(output: &str) -> Result<Self, BadMetadata> {
        let metadata =
            MetadataCommand::parse(output).map_err(|error| BadMetadata(error.to_string()))?;
        let members = metadata.workspace_members;
        let packages = metadata.packages.into_iter();
        let packages = packages.map(|package| Package::of(package, &members));
        let mut packages: HashMap<_, _> = packages
            .map(|package| (package.id.clone(), package))
            .collect();
        let resolved = metadata
            .resolve
            .ok_or_else(|| BadMetadata("it lists no dependencies".into()))?;
        for node in resolved.nodes {
            let unknown = || BadMetadata(format!("{} is no package", node.id));
            let package = packages.get_mut(&node.id.repr).ok_or_else(unknown)?;
            let is_normal = |dependency: &&NodeDep| {
                let mut kinds = dependency.dep_kinds.iter();
                kinds.any(|info| info.kind == DependencyKind::Normal)
            };
            let normal = node.deps.iter().filter(is_normal);
            package.dependencies = normal.map(|it| it.pkg.repr.clone()).collect();
        }
        Ok(Metadata { packages })
    }

    /// Returns the package with this identifier.
    pub fn get(&self, id: &str) -> Option<&Package> {
        self.packages.get(id)
    }

    /// Returns all packages, in no particular order.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// Returns the workspace member with this name.
    pub fn member(&self, name: &str) -> Option<&Package> {
        self.packages
            .values()
            .find(|package| package.member && package.name == name)
    }

    /// Returns the members that are published, sorted by name.
    pub fn published(&self) -> Vec<&Package> {
        let published = self
            .packages
            .values()
            .filter(|package| package.member && package.published);
        let mut packages: Vec<_> = published.collect();
        packages.sort_unstable_by_key(|package| &package.name);
        packages
    }

    /// Returns the names of the members that are not published, sorted.
    pub fn unpublished(&self) -> Vec<&str> {
        let private = self
            .packages
            .values()
            .filter(|package| package.member && !package.published);
        let mut names: Vec<_> = private.map(|package| package.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// Returns all packages that a package's library is linked with, itself included. Dependencies of procedural
    /// macros stay in the compiler and are left out. Sorted by name.
    pub fn linked_with<'a>(&'a self, package: &'a Package) -> Vec<&'a Package> {
        let mut found = vec![package];
        let mut next = 0;
        while let Some(&package) = found.get(next) {
            next += 1;
            if package.procedural_macro {
                continue;
            }
            for dependency in package.dependencies.iter().filter_map(|id| self.get(id)) {
                if found.iter().all(|known| known.id != dependency.id) {
                    found.push(dependency);
                }
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}

/// Shows the name. If the package is not a member of the workspace, it also shows the identifier, because several
/// such packages may have the same name.
impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.member {
            write!(f, " ({})", self.id)?;
        }
        Ok(())
    }
}

impl Package {
    fn of(package: cargo_metadata::Package, members: &[PackageId]) -> Self {
        let of_kind = |wanted: &[TargetKind]| {
            let mut targets = package.targets.iter();
            targets.find(|target| target.kind.iter().any(|kind| wanted.contains(kind)))
        };
        let library = of_kind(&[TargetKind::Lib, TargetKind::RLib]);
        Package {
            name: package.name.to_string(),
            version: package.version.to_string(),
            source: package.source.as_ref().map(ToString::to_string),
            directory: package
                .manifest_path
                .parent()
                .map_or_else(PathBuf::new, PathBuf::from),
            member: members.contains(&package.id),
            build_script: of_kind(&[TargetKind::CustomBuild]).is_some(),
            links: package.links.clone(),
            // Cargo reports `publish = false` as an empty list of registries.
            published: package
                .publish
                .as_ref()
                .is_none_or(|registries| !registries.is_empty()),
            procedural_macro: of_kind(&[TargetKind::ProcMacro]).is_some(),
            library: library.map(|target| PathBuf::from(&target.src_path)),
            documented_features: strings(&package.metadata["docs"]["rs"]["features"]).collect(),
            dependencies: Vec::new(),
            id: package.id.repr,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::Metadata;

    /// A package for tests: its identifier, its name, whether it is a member, its source, the kind of its target, and
    /// its dependencies.
    pub(crate) struct MadeUp<'a> {
        pub(crate) id: &'a str,
        pub(crate) name: &'a str,
        pub(crate) member: bool,
        pub(crate) source: Option<&'a str>,
        pub(crate) kind: &'a str,
        pub(crate) dependencies: Vec<&'a str>,
    }

    impl MadeUp<'_> {
        fn package(&self) -> Value {
            let Self {
                id,
                name,
                source,
                kind,
                ..
            } = self;
            json!({
                "id": id, "name": name, "version": "99.0.0", "publish": null, "source": source,
                "manifest_path": format!("/{id}/Cargo.toml"), "dependencies": [], "features": {},
                "targets": [{ "name": name, "kind": [kind], "src_path": format!("/{id}/lib.rs") }],
            })
        }

        fn node(&self) -> Value {
            let dependency = |id: &&str| json!({ "name": id, "pkg": id, "dep_kinds": [{ "kind": null, "target": null }] });
            let deps: Vec<_> = self.dependencies.iter().map(dependency).collect();
            json!({ "id": self.id, "deps": deps, "dependencies": self.dependencies })
        }
    }

    /// Returns the metadata of packages for tests.
    pub(crate) fn of_packages(packages: &[MadeUp<'_>]) -> Metadata {
        let members = packages.iter().filter(|package| package.member);
        let value = json!({
            "workspace_members": members.map(|package| package.id).collect::<Vec<_>>(),
            "packages": packages.iter().map(MadeUp::package).collect::<Vec<_>>(),
            "resolve": { "nodes": packages.iter().map(MadeUp::node).collect::<Vec<_>>() },
            "workspace_root": "/", "target_directory": "/target", "version": 1,
        });
        Metadata::from_json(&value.to_string()).expect("of the right form")
    }

    /// Returns the metadata of a build for tests. `edges` are pairs of names: package and dependency. Names that end
    /// in `-macro` are procedural macros; names that begin with `samara` are members.
    pub(crate) fn made_up(edges: &[(&str, &str)]) -> Metadata {
        let mut names: Vec<&str> = edges.iter().flat_map(|&(from, to)| [from, to]).collect();
        names.sort_unstable();
        names.dedup();
        let packages = names.iter().map(|&name| {
            let member = name.starts_with("samara");
            let edges = edges.iter().filter(|&&(from, _)| from == name);
            MadeUp {
                id: name,
                name,
                member,
                source: (!member).then_some("made up"),
                kind: if name.ends_with("-macro") {
                    "proc-macro"
                } else {
                    "lib"
                },
                dependencies: edges.map(|&(_, to)| to).collect(),
            }
        });
        of_packages(&packages.collect::<Vec<_>>())
    }

    #[test]
    fn linking_is_transitive_and_stops_at_macros() {
        let metadata = made_up(&[
            ("samara-a", "b"),
            ("b", "c"),
            ("c", "b"),
            ("samara-a", "d-macro"),
            ("d-macro", "syn"),
            ("other", "far"),
        ]);
        let package = metadata.member("samara-a").expect("a member");
        let names: Vec<_> = metadata
            .linked_with(package)
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(names, ["b", "c", "d-macro", "samara-a"]);
        assert!(metadata.member("b").is_none());
    }
}
