//! What cargo knows about the workspace's packages and their dependencies.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::strings;

/// Every package of the build, the workspace's own and others.
#[derive(Clone, Debug)]
pub struct Metadata {
    packages: HashMap<String, Package>,
}

/// Output of `cargo metadata` that is not of the form this crate knows.
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
    /// Where it comes from, in cargo's spelling; nothing for a path.
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
    /// Whether it is a procedural macro, which runs in the compiler and not in what is built.
    pub procedural_macro: bool,
    /// The root source file of its library.
    pub library: Option<PathBuf>,
    /// The features that docs.rs shows it with, beside the default ones.
    pub documented_features: Vec<String>,
    /// What its library depends on, by identifier; development and build dependencies apart.
    pub dependencies: Vec<String>,
}

impl Metadata {
    /// Reads what `cargo metadata --format-version 1` prints.
    ///
    /// # Errors
    ///
    /// If that is not of the form this crate knows.
    pub fn from_json(output: &str) -> Result<Self, BadMetadata> {
        let value: Value =
            serde_json::from_str(output).map_err(|error| BadMetadata(error.to_string()))?;
        Self::parse(&value)
            .ok_or_else(|| BadMetadata("it is not of the form this program knows".into()))
    }

    fn parse(value: &Value) -> Option<Self> {
        let members: Vec<String> = strings(&value["workspace_members"]).collect();
        let mut packages = HashMap::new();
        for package in value["packages"].as_array()? {
            let package = Package::parse(package, &members)?;
            packages.insert(package.id.clone(), package);
        }
        for node in value["resolve"]["nodes"].as_array()? {
            let package = packages.get_mut(node["id"].as_str()?)?;
            for dependency in node["deps"].as_array()? {
                // A kind of null is a normal dependency.
                if dependency["dep_kinds"]
                    .as_array()?
                    .iter()
                    .any(|kind| kind["kind"].is_null())
                {
                    package
                        .dependencies
                        .push(dependency["pkg"].as_str()?.to_owned());
                }
            }
        }
        Some(Metadata { packages })
    }

    /// The package of this identifier.
    pub fn get(&self, id: &str) -> Option<&Package> {
        self.packages.get(id)
    }

    /// Every package, in no order.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// The member of the workspace with this name.
    pub fn member(&self, name: &str) -> Option<&Package> {
        self.packages
            .values()
            .find(|package| package.member && package.name == name)
    }

    /// The members that are published, sorted by name.
    pub fn published(&self) -> Vec<&Package> {
        let published = self
            .packages
            .values()
            .filter(|package| package.member && package.published);
        let mut packages: Vec<_> = published.collect();
        packages.sort_unstable_by_key(|package| &package.name);
        packages
    }

    /// The names of the members that are not published, sorted.
    pub fn unpublished(&self) -> Vec<&str> {
        let private = self
            .packages
            .values()
            .filter(|package| package.member && !package.published);
        let mut names: Vec<_> = private.map(|package| package.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// All that a package's library is linked with, itself included; what procedural macros depend on
    /// stays in the compiler and is left out. Sorted by name.
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

/// By its name, and by its identifier if it is of another workspace: others may have the name.
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
    fn parse(value: &Value, members: &[String]) -> Option<Self> {
        let id = value["id"].as_str()?.to_owned();
        let targets = value["targets"].as_array()?;
        let of_kind = |wanted: &[&str]| {
            targets
                .iter()
                .find(|target| strings(&target["kind"]).any(|kind| wanted.contains(&kind.as_str())))
        };
        let library = of_kind(&["lib", "rlib"]).and_then(|target| target["src_path"].as_str());
        Some(Package {
            name: value["name"].as_str()?.to_owned(),
            version: value["version"].as_str()?.to_owned(),
            source: value["source"].as_str().map(str::to_owned),
            directory: PathBuf::from(value["manifest_path"].as_str()?)
                .parent()?
                .to_owned(),
            member: members.contains(&id),
            build_script: of_kind(&["custom-build"]).is_some(),
            links: value["links"].as_str().map(str::to_owned),
            // `publish = false` is given as an empty list of registries.
            published: value["publish"]
                .as_array()
                .is_none_or(|registries| !registries.is_empty()),
            procedural_macro: of_kind(&["proc-macro"]).is_some(),
            library: library.map(PathBuf::from),
            documented_features: strings(&value["metadata"]["docs"]["rs"]["features"]).collect(),
            dependencies: Vec::new(),
            id,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::Metadata;

    /// A made-up build. `edges` are pairs of names: package and dependency. Names that end in `-macro`
    /// are procedural macros; names that begin with `samara` are members.
    pub(crate) fn made_up(edges: &[(&str, &str)]) -> Metadata {
        let mut names: Vec<&str> = edges.iter().flat_map(|&(from, to)| [from, to]).collect();
        names.sort_unstable();
        names.dedup();
        let package = |name: &&str| {
            let kind = if name.ends_with("-macro") {
                "proc-macro"
            } else {
                "lib"
            };
            let source = (!name.starts_with("samara")).then_some("made up");
            json!({ "id": name, "name": name, "version": "99.0.0", "publish": null, "source": source, "manifest_path": format!("/{name}/Cargo.toml"),
                    "targets": [{ "kind": [kind], "src_path": format!("/{name}/lib.rs") }] })
        };
        let node = |name: &&str| {
            let deps: Vec<Value> = edges
                .iter()
                .filter(|(from, _)| from == name)
                .map(|(_, to)| json!({ "pkg": to, "dep_kinds": [{ "kind": null }] }))
                .collect();
            json!({ "id": name, "deps": deps })
        };
        let value = json!({
            "workspace_members": names.iter().filter(|name| name.starts_with("samara")).collect::<Vec<_>>(),
            "packages": names.iter().map(package).collect::<Vec<_>>(),
            "resolve": { "nodes": names.iter().map(node).collect::<Vec<_>>() },
        });
        Metadata::parse(&value).expect("of the right form")
    }

    #[test]
    fn what_is_linked_is_transitive_and_stops_at_macros() {
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
