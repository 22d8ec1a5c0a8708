//! A build that was made: its packages, what came out, and the compiler invocations that made it.

mod artifact;
pub(crate) mod metadata;
mod record;
mod wrapper;

pub use artifact::{Artifact, BadMessage};
pub use metadata::{BadMetadata, Metadata, Package};
pub(crate) use record::feature;
pub use record::{BadRecord, Invocation};
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

    /// Whether the package is part of what was built: cargo also lists what a feature that nobody turns on
    /// would bring.
    pub fn contains(&self, package: &Package) -> bool {
        self.artifacts
            .iter()
            .any(|artifact| artifact.package == package.id)
    }

    /// The compiled libraries of a package.
    pub fn libraries<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Path> {
        self.artifacts
            .iter()
            .filter(|artifact| artifact.package == package.id)
            .flat_map(Artifact::libraries)
    }
}

/// The strings in a JSON array.
pub(crate) fn strings(value: &serde_json::Value) -> impl Iterator<Item = String> + '_ {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned))
}
