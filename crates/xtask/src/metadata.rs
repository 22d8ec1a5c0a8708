//! What cargo knows about the workspace's packages and their dependencies.

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::cargo::{LIMIT, cargo, strings};
use crate::error::Error;
use crate::process::Job;
use crate::workspace::Workspace;

/// Every package of the build, the workspace's own and others.
#[derive(Debug)]
pub(crate) struct Metadata {
    packages: HashMap<String, Package>,
}

/// One package.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    /// Cargo's identifier.
    pub(crate) id: String,
    /// The name in its manifest.
    pub(crate) name: String,
    /// Whether it belongs to the workspace.
    pub(crate) member: bool,
    /// Whether it may be published.
    pub(crate) published: bool,
    /// Whether it is a procedural macro, which runs in the compiler and not in what is built.
    pub(crate) procedural_macro: bool,
    /// The root source file of its library.
    pub(crate) library: Option<PathBuf>,
    /// The features that docs.rs shows it with, beside the default ones.
    pub(crate) documented_features: Vec<String>,
    /// What its library depends on, by identifier; development and build dependencies apart.
    pub(crate) dependencies: Vec<String>,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn load(workspace: &Workspace) -> Result<Self, Error> {
        const WHAT: &str = "cargo metadata";
        let mut command = cargo(workspace, "metadata");
        command.args(["--format-version", "1", "--quiet"]);
        let output = Job::new(WHAT, command, LIMIT).capture()?;
        let problem = |problem: String| Error::Output {
            what: WHAT.into(),
            problem,
        };
        let value: Value =
            serde_json::from_str(&output).map_err(|error| problem(error.to_string()))?;
        Self::parse(&value)
            .ok_or_else(|| problem("it is not of the form this program knows".into()))
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
    pub(crate) fn get(&self, id: &str) -> Option<&Package> {
        self.packages.get(id)
    }

    /// The member of the workspace with this name.
    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.packages
            .values()
            .find(|package| package.member && package.name == name)
    }

    /// The members that are published, sorted by name.
    pub(crate) fn published(&self) -> Vec<&Package> {
        let published = self
            .packages
            .values()
            .filter(|package| package.member && package.published);
        let mut packages: Vec<_> = published.collect();
        packages.sort_unstable_by_key(|package| &package.name);
        packages
    }

    /// The names of the members that are not published, sorted.
    pub(crate) fn unpublished(&self) -> Vec<&str> {
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
    pub(crate) fn linked_with<'a>(&'a self, package: &'a Package) -> Vec<&'a Package> {
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
            member: members.contains(&id),
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
    use crate::workspace::Workspace;

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
            json!({ "id": name, "name": name, "publish": null,
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

    #[test]
    fn this_workspace_is_understood() {
        let metadata = Metadata::load(&Workspace::locate()).expect("cargo is there");
        let xtask = metadata.member("xtask").expect("this crate");
        assert!(!xtask.published && xtask.library.is_none());
        assert!(
            metadata
                .linked_with(xtask)
                .iter()
                .any(|package| package.name == "samara-testkit")
        );
        assert!(metadata.unpublished().contains(&"xtask"));
        assert!(metadata.member("samara-rref").expect("a member").published);
        let runtime = metadata.member("samara-domain-runtime").expect("a member");
        assert_eq!(runtime.documented_features, ["contain"]);
        assert!(
            metadata
                .published()
                .iter()
                .any(|package| package.id == runtime.id)
        );
    }
}
