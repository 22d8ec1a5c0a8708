//! The reviewers' decisions as data. Only they grant exceptions from the checks.

mod lists;

use std::path::PathBuf;

use crate::build::Package;

/// A name that was reviewed, and the reason why it is allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The name; each list says how it is spelled.
    pub name: String,
    /// The reason why it is harmless.
    pub reason: String,
}

impl Entry {
    /// Makes an entry of a list.
    pub fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Entry {
            name: name.into(),
            reason: reason.into(),
        }
    }
}

/// The source of a package.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// The registry crates.io.
    CratesIo,
    /// A member of the workspace that is checked.
    Member,
    /// A package that is given by its path, in or below this directory.
    Path(PathBuf),
    /// Cargo's spelling of another source, as in `Cargo.lock`.
    Exact(String),
}

impl Source {
    const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

    /// Whether `package` comes from this source.
    pub fn holds(&self, package: &Package) -> bool {
        match self {
            Source::CratesIo => package.source.as_deref() == Some(Self::CRATES_IO),
            Source::Member => package.member,
            Source::Path(path) => package.source.is_none() && package.directory.starts_with(path),
            Source::Exact(source) => package.source.as_ref() == Some(source),
        }
    }
}

/// A crate that may be part of a domain, and the results of its review.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reviewed {
    /// The package's name.
    pub name: String,
    /// The source of the reviewed package. A package of this name from another source was not reviewed.
    pub source: Source,
    /// Whether a domain may name it in its own manifest. If not, a domain may be linked with the crate only through
    /// other reviewed crates, because the crate has authority, or because a domain does not need it.
    pub direct: bool,
    /// Whether the crate may have writable statics. A crate of the trusted side may, because its state belongs to the
    /// host and is meant to outlive a domain.
    pub statics: bool,
    /// Whether its build script was reviewed too.
    pub build_script: bool,
    /// The features that it was reviewed with.
    pub features: Features,
    /// The lowest reviewed version without a known unsoundness, as `major.minor.patch`. Earlier versions are refused,
    /// and later compatible ones are allowed. `None` allows every version.
    pub since: Option<String>,
    /// Names of items of the crate that are unsound, or that are not meant for other crates. A domain that is linked
    /// with the crate may not contain any of these words, even if it means something else by them.
    pub refused: Vec<Entry>,
    /// Whether this crate marks its users as domains. A crate that is linked with it then counts as a domain, unless
    /// that crate was reviewed too.
    pub marks_domains: bool,
    /// The reason why it may be part of a domain.
    pub reason: String,
}

/// Features of a reviewed crate. Any domain's manifest can turn a feature on for the whole build.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Features {
    /// All features that its authors offer.
    Any,
    /// These features, each of which may be on or off.
    These(Vec<String>),
}

impl Features {
    pub(crate) fn allow(&self, feature: &str) -> bool {
        match self {
            Features::Any => true,
            Features::These(features) => features.iter().any(|it| it == feature),
        }
    }
}

impl Reviewed {
    /// Makes an entry for a crate that domains use directly, and that may not have writable statics. It was reviewed
    /// with all features off.
    pub fn domain_side(name: impl Into<String>, source: Source, reason: impl Into<String>) -> Self {
        Reviewed {
            name: name.into(),
            source,
            direct: true,
            statics: false,
            build_script: false,
            features: Features::These(Vec::new()),
            since: None,
            refused: Vec::new(),
            marks_domains: false,
            reason: reason.into(),
        }
    }

    /// Returns the same entry, changed so that only other crates may name the crate, and domains may not.
    #[must_use]
    pub fn indirect(mut self) -> Self {
        self.direct = false;
        self
    }

    /// Makes an entry for a trusted crate that domains use only through other crates.
    pub fn trusted(name: impl Into<String>, source: Source, reason: impl Into<String>) -> Self {
        Reviewed {
            direct: false,
            statics: true,
            ..Self::domain_side(name, source, reason)
        }
    }

    /// Makes an entry for a trusted crate that domains use directly.
    pub fn trusted_for_domains(
        name: impl Into<String>,
        source: Source,
        reason: impl Into<String>,
    ) -> Self {
        Reviewed {
            direct: true,
            ..Self::trusted(name, source, reason)
        }
    }

    /// Returns the same entry, reviewed with these features.
    #[must_use]
    pub fn with_features(mut self, features: Features) -> Self {
        self.features = features;
        self
    }

    /// Returns the same entry, reviewed from this version on.
    #[must_use]
    pub fn since(mut self, version: impl Into<String>) -> Self {
        self.since = Some(version.into());
        self
    }

    /// Returns the same entry, with these words added to [`Reviewed::refused`].
    #[must_use]
    pub fn refusing(mut self, words: impl IntoIterator<Item = Entry>) -> Self {
        self.refused.extend(words);
        self
    }

    /// Returns the same entry, changed so that it marks the crates that are linked with it as domains.
    #[must_use]
    pub fn marking_domains(mut self) -> Self {
        self.marks_domains = true;
        self
    }

    /// Whether `package` is the crate that was reviewed, and not another one of the same name.
    pub(crate) fn is(&self, package: &Package) -> bool {
        self.name == package.name && self.source.holds(package) && self.covers(&package.version)
    }

    /// Whether the entry allows this version: it is the version in the field `since`, or a later one that is
    /// compatible with that version.
    pub(crate) fn covers(&self, version: &str) -> bool {
        let Some(since) = &self.since else {
            return true;
        };
        match (numbers(version), numbers(since)) {
            (Some(version), Some(since)) => version >= since && promise(version) == promise(since),
            _ => false,
        }
    }

    /// Returns the same entry, with a reviewed build script.
    #[must_use]
    pub fn with_build_script(mut self) -> Self {
        self.build_script = true;
        self
    }
}

/// Returns the part of a version that compatible versions share: up to the first number that is not zero.
fn promise(version: [u64; 3]) -> [u64; 3] {
    match version {
        [0, 0, patch] => [0, 0, patch],
        [0, minor, _] => [0, minor, 0],
        [major, ..] => [major, 0, 0],
    }
}

/// Returns the numbers of a version. Returns `None` for a pre-release, so that it is never covered: it may be older
/// than the release with the same numbers.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let version = version.split('+').next()?;
    let numbers: Option<Vec<u64>> = version.split('.').map(|it| it.parse().ok()).collect();
    numbers?.try_into().ok()
}

/// The lists that reviewers keep.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Review {
    /// All crates that may be linked into a domain, and procedural macros that may expand in it.
    pub crates: Vec<Reviewed>,
    /// Traits, by their last name, whose `unsafe impl` a reviewed derive macro writes after it has checked the
    /// trait's demands.
    pub derived_unsafe_traits: Vec<Entry>,
    /// Attributes, as paths without spaces, that may stay in expanded code: harmless ones that the compiler knows,
    /// and helpers of reviewed derives.
    pub attributes: Vec<Entry>,
    /// Compiler flags that are allowed in addition to those that Cargo passes for a plain library. An entry `-C
    /// name=value` allows one value, and `-C name` allows every value. Other flags are spelled as on the command
    /// line.
    pub flags: Vec<Entry>,
    /// Conditions passed by `--cfg`, in addition to features.
    pub cfgs: Vec<Entry>,
    /// Environment variables that a domain's code may read while it is compiled.
    pub environment: Vec<Entry>,
    /// Writable statics in crates of the standard library, as `crate::symbol`.
    pub sysroot_statics: Vec<Entry>,
}

impl Review {
    /// Returns the review that covers this package's name, source and version.
    pub fn of(&self, package: &Package) -> Option<&Reviewed> {
        self.crates.iter().find(|reviewed| reviewed.is(package))
    }

    /// Whether a crate of this name marks the crates linked with it as domains. Only the name counts, because another
    /// crate of that name may have been put in its place.
    pub(crate) fn marks_domains(&self, name: &str) -> bool {
        let mut crates = self.crates.iter();
        crates.any(|reviewed| reviewed.marks_domains && reviewed.name == name)
    }

    /// Returns the review of a crate with this name. The crate of that name in a build may be another one than was
    /// reviewed.
    pub fn find(&self, name: &str) -> Option<&Reviewed> {
        self.crates.iter().find(|reviewed| reviewed.name == name)
    }
}

/// Whether a list has an entry with this name.
pub(crate) fn names(list: &[Entry], name: &str) -> bool {
    list.iter().any(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::{Reviewed, Source};

    /// Invariant: CHECK-8
    #[test]
    fn versions_are_compared_as_numbers() {
        let reviewed = Reviewed::domain_side("x", Source::CratesIo, "").since("0.10.1");
        for version in ["0.10.1", "0.10.2", "0.10.1+more"] {
            assert!(reviewed.covers(version), "{version}");
        }
        for version in ["0.10.0", "0.9.12", "0.10.2-beta.1", "", "0.10", "x.y.z"] {
            assert!(!reviewed.covers(version), "{version}");
        }
    }

    /// Invariant: CHECK-8
    #[test]
    fn incompatible_versions_are_not_covered() {
        for (since, same, other) in [
            ("0.10.1", "0.10.9", "0.11.0"),
            ("0.10.1", "0.10.1", "1.10.1"),
            ("1.3.2", "1.4.0", "2.0.0"),
            ("0.0.3", "0.0.3", "0.0.4"),
        ] {
            let reviewed = Reviewed::domain_side("x", Source::CratesIo, "").since(since);
            assert!(reviewed.covers(same) && !reviewed.covers(other), "{since}");
        }
    }
}
