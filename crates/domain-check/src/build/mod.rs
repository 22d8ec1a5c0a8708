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

    /// The compiled libraries of a package.
    pub fn libraries<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Path> {
        self.artifacts
            .iter()
            .filter(|artifact| artifact.package == package.id)
            .flat_map(Artifact::libraries)
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
