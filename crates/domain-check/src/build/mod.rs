//! A build that was made: its packages, what came out, and the compiler invocations that made it.

mod artifact;
pub(crate) mod metadata;
mod record;
mod wrapper;

pub use artifact::{Artifact, BadMessage};
pub use metadata::{BadMetadata, Metadata, Package};
pub use record::{BadRecord, Invocation};
pub(crate) use record::{digest, feature, unescaped};
pub use wrapper::{RECORDS, record_if_wrapped};

use std::path::{Path, PathBuf};

use crate::review::{Entry, Review, names};

/// The crate through which a domain reaches all that it may use.
const DOMAIN_SIDE: &str = "samara-domain";

/// A finished build, as the checks see it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Build {
    /// The workspace's packages and their dependencies.
    pub metadata: Metadata,
    /// Everything that the build produced or found up to date.
    pub artifacts: Vec<Artifact>,
    /// Its target directory, with [`Build::records`] in it.
    pub target: PathBuf,
}

impl Build {
    /// A build from its parts.
    pub fn new(metadata: Metadata, artifacts: Vec<Artifact>, target: impl Into<PathBuf>) -> Self {
        Build {
            metadata,
            artifacts,
            target: target.into(),
        }
    }

    /// The directory for records of builds in a target directory: what [`RECORDS`] is to be set to.
    pub fn records(target: &Path) -> PathBuf {
        target.join("samara-invocations")
    }

    /// The directory for what comes out when a call is made once more.
    pub(crate) fn checked(&self) -> PathBuf {
        self.target.join("samara-checked")
    }

    /// Whether the package is part of what was built: cargo also lists what a feature that nobody turns on
    /// would bring.
    pub fn contains(&self, package: &Package) -> bool {
        self.artifacts
            .iter()
            .any(|artifact| artifact.package == package.id)
    }

    /// All that a package's library is linked with, itself included, sorted by name: what the calls of the
    /// compiler named, and theirs. Cargo's metadata leave out what a feature of this build brings. Where no
    /// record tells, the metadata do.
    pub fn linked_with<'a>(&'a self, package: &'a Package) -> Linked<'a> {
        let known = self.metadata.linked_with(package).into_iter();
        let built = known.filter(|it| it.id == package.id || self.contains(it));
        let mut linked = Linked {
            packages: built.collect(),
            unknown: Vec::new(),
        };
        let mut next = 0;
        while let Some(&package) = linked.packages.get(next) {
            next += 1;
            if !package.procedural_macro {
                for (file, artifact) in self.named_by(package) {
                    let id = artifact.map(|it| it.package.as_str());
                    match id.and_then(|id| self.metadata.get(id)) {
                        Some(named) if linked.packages.iter().all(|it| it.id != named.id) => {
                            linked.packages.push(named);
                        }
                        Some(_) => {}
                        None => linked.unknown.push(file),
                    }
                }
            }
        }
        linked.unknown.sort_unstable();
        linked.unknown.dedup();
        linked.packages.sort_by(|a, b| a.name.cmp(&b.name));
        linked
    }

    /// What a package names itself: in its manifest, and in the recorded calls.
    pub(crate) fn direct<'a>(&'a self, package: &'a Package) -> Vec<&'a Package> {
        let manifest = package.dependencies.iter().map(String::as_str);
        let named = self.named_by(package).into_iter();
        let named = named.filter_map(|(_, artifact)| Some(artifact?.package.as_str()));
        let mut ids: Vec<_> = manifest.chain(named).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .filter_map(|id| self.metadata.get(id))
            .collect()
    }

    /// The files that the recorded calls for a package's libraries name, and the artifact of each.
    fn named_by(&self, package: &Package) -> Vec<(PathBuf, Option<&Artifact>)> {
        let records = Build::records(&self.target);
        let libraries = self.libraries(package);
        let calls = libraries.filter_map(|it| Invocation::of(it, &records).ok());
        let files = calls.flat_map(|call| call.externs());
        let artifact = |path: &PathBuf| {
            let by_name = |it: &&Artifact| it.files.contains(path);
            let found = self.artifacts.iter().find(by_name);
            found.or_else(|| self.artifacts.iter().find(|it| it.has_copy_of(path)))
        };
        files.map(|path| (path.clone(), artifact(&path))).collect()
    }

    /// The packages of the build that are domains, sorted by name: each library of the workspace's own, or from a
    /// path, or linked with `samara-domain`, that is neither reviewed nor `trusted` by name. One that nobody thought
    /// of is among them.
    pub fn domains<'a>(&'a self, review: &Review, trusted: &[Entry]) -> Vec<&'a Package> {
        let is_known = |it: &Package| review.find(&it.name).is_some() || names(trusted, &it.name);
        let of_domains = |it: &Package| {
            it.source.is_none()
                || self
                    .linked_with(it)
                    .packages
                    .iter()
                    .any(|it| it.name == DOMAIN_SIDE)
        };
        let libraries = self
            .artifacts
            .iter()
            .filter(|it| it.libraries().next().is_some());
        let packages = libraries.filter_map(|it| self.metadata.get(&it.package));
        let mut domains: Vec<_> = packages
            .filter(|it| !is_known(it) && of_domains(it))
            .collect();
        domains.sort_by(|a, b| a.name.cmp(&b.name));
        domains.dedup_by(|a, b| a.id == b.id);
        domains
    }

    /// The compiled libraries of a package.
    pub fn libraries<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Path> {
        self.artifacts
            .iter()
            .filter(|artifact| artifact.package == package.id)
            .flat_map(Artifact::libraries)
    }

    /// What the compiler loads of a package's procedural macros.
    pub(crate) fn macros<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Path> {
        let own = self.artifacts.iter().filter(|it| it.package == package.id);
        own.flat_map(Artifact::macros)
    }
}

/// What a library is linked with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linked<'a> {
    /// The packages.
    pub packages: Vec<&'a Package>,
    /// Files of crates that belong to no package of the metadata.
    pub unknown: Vec<PathBuf>,
}

/// The strings in a JSON array.
pub(crate) fn strings(value: &serde_json::Value) -> impl Iterator<Item = String> + '_ {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::metadata::tests::made_up;
    use super::{Artifact, Build};
    use crate::review::{Entry, Review, Source};

    #[test]
    fn whatever_nobody_knows_is_a_domain() {
        let edges = [
            ("samara-nvme", "samara-domain"),
            ("samara-forgotten", "bitflags"),
            ("samara-kernel", "samara-nvme"),
            ("samara-kernel", "samara-testkit"),
            ("samara-kernel", "far-domain"),
            ("far-domain", "samara-domain"),
            ("samara-kernel", "acpi"),
            ("samara-not-built", "samara-domain"),
        ];
        let names = edges.iter().flat_map(|&(from, to)| [from, to]);
        let built = names.filter(|name| *name != "samara-not-built");
        let artifacts = built.map(|name| {
            let file = if name == "samara-kernel" {
                "kernel"
            } else {
                "libx.rlib"
            };
            let message = format!(
                r#"{{"reason":"compiler-artifact","package_id":"{name}","filenames":["/{file}"]}}"#
            );
            let artifact = Artifact::from_message(&message).expect("valid");
            artifact.expect("an artifact")
        });
        let build = Build::new(made_up(&edges), artifacts.collect(), "");
        let trusted = [Entry::new("samara-testkit", "plants faults")];
        let domains = build.domains(&Review::samara(&Source::Member), &trusted);
        let names: Vec<_> = domains.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["far-domain", "samara-forgotten", "samara-nvme"]);
    }
}
