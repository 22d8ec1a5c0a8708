//! A finished build: its packages, its artifacts, and the compiler invocations that made them.

pub(crate) mod artifact;
pub(crate) mod metadata;
mod record;
mod wrapper;

pub use artifact::{Artifact, BadMessage};
pub use metadata::{BadMetadata, Metadata, Package};
pub use record::{BadRecord, Invocation};
pub(crate) use record::{digest, feature, unescaped};
pub use wrapper::{RECORDS, record_if_wrapped};

use std::path::{Path, PathBuf};

use crate::review::{Review, Reviewed};

/// A finished build, as the checks see it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Build {
    /// The workspace's packages and their dependencies.
    pub metadata: Metadata,
    /// Everything that the build produced or found up to date.
    pub artifacts: Vec<Artifact>,
    /// The build's target directory. It contains the directory [`Build::records`].
    pub target: PathBuf,
}

impl Build {
    /// Makes a build from its parts.
    pub fn new(metadata: Metadata, artifacts: Vec<Artifact>, target: impl Into<PathBuf>) -> Self {
        Build {
            metadata,
            artifacts,
            target: target.into(),
        }
    }

    /// Returns the directory for the records of builds in the target directory `target`. The variable [`RECORDS`]
    /// must be set to this directory.
    pub fn records(target: &Path) -> PathBuf {
        target.join("samara-invocations")
    }

    /// Returns the directory for the output of repeated compiler calls.
    pub(crate) fn checked(&self) -> PathBuf {
        self.target.join("samara-checked")
    }

    /// Whether the package is part of the build. Cargo's metadata also list packages that only a disabled feature
    /// would add.
    pub fn contains(&self, package: &Package) -> bool {
        self.artifacts
            .iter()
            .any(|artifact| artifact.package == package.id)
    }

    /// Returns all packages that a package's library is linked with, itself included, sorted by name. Besides the
    /// dependencies in cargo's metadata these are the crates that the recorded compiler calls name, and the crates
    /// that the calls for those crates name in turn. The metadata alone leave out crates that a feature of this build
    /// adds. If no call is recorded, the result contains only dependencies from the metadata.
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

    /// Returns the packages that a package itself names, in its manifest or in the recorded calls that compiled it.
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

    /// Returns the files that the recorded calls for a package's libraries name, each with the artifact to which the
    /// file belongs.
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

    /// Returns the packages of the build that are domains, sorted by name. A reviewed library is not a domain, and
    /// one of the `hosts` is not either. Any other library is a domain in three cases: its package is a member of the
    /// workspace or is given by a path; it is linked with a crate that marks domains; or it is linked with a file
    /// that belongs to no package. A crate with the name of a reviewed crate is not exempt if it comes from another
    /// source.
    pub fn domains<'a>(&'a self, review: &Review, hosts: &[Reviewed]) -> Vec<&'a Package> {
        let is_known =
            |it: &Package| review.of(it).is_some() || hosts.iter().any(|host| host.is(it));
        let of_domains = |it: &Package| {
            let linked = self.linked_with(it);
            let mut packages = linked.packages.iter();
            it.source.is_none()
                || !linked.unknown.is_empty()
                || packages.any(|it| review.marks_domains(&it.name))
        };
        let libraries = self
            .artifacts
            .iter()
            .filter(|it| it.libraries().next().is_some());
        let packages = libraries.filter_map(|it| self.metadata.get(&it.package));
        let mut domains: Vec<_> = packages
            .filter(|it| !is_known(it) && of_domains(it))
            .collect();
        domains.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        domains.dedup_by(|a, b| a.id == b.id);
        domains
    }

    /// Returns other packages of the build that have a library with the same name as one of this package's.
    pub(crate) fn namesakes<'a>(&'a self, package: &Package) -> Vec<&'a Package> {
        let libraries = || {
            let all = self.artifacts.iter();
            all.filter(|it| it.libraries().next().is_some())
        };
        let own: Vec<_> = libraries()
            .filter(|it| it.package == package.id)
            .map(Artifact::crate_name)
            .collect();
        let others = libraries().filter(|it| it.package != package.id);
        let named = others.filter(|it| own.contains(&it.crate_name()));
        let mut ids: Vec<_> = named.map(|it| it.package.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .filter_map(|id| self.metadata.get(id))
            .collect()
    }

    /// Returns the compiled libraries of a package.
    pub fn libraries<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Path> {
        self.artifacts
            .iter()
            .filter(|artifact| artifact.package == package.id)
            .flat_map(Artifact::libraries)
    }

    /// Returns the libraries of a package's procedural macros, which the compiler loads.
    pub(crate) fn macros<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Path> {
        let own = self.artifacts.iter().filter(|it| it.package == package.id);
        own.flat_map(Artifact::macros)
    }
}

/// The packages and the unknown files that a library is linked with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linked<'a> {
    /// The packages.
    pub packages: Vec<&'a Package>,
    /// Files that the compiler calls name as crates and that belong to no package of the metadata.
    pub unknown: Vec<PathBuf>,
}

/// Returns the strings in a JSON array.
pub(crate) fn strings(value: &serde_json::Value) -> impl Iterator<Item = String> + '_ {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned))
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::artifact::tests::message;
    use super::metadata::tests::{MadeUp, made_up, of_packages};
    use super::{Artifact, Build, Metadata, digest};
    use crate::review::{Review, Reviewed, Source};

    /// Returns a build of these packages. Each has a library, but `samara-kernel` is a program.
    fn built<'a>(metadata: Metadata, ids: impl IntoIterator<Item = &'a str>) -> Build {
        let artifacts = ids.into_iter().map(|id| {
            let file = if id == "samara-kernel" {
                "kernel"
            } else {
                "libx.rlib"
            };
            let name = id.split('#').next().unwrap_or(id);
            let message = message(id, name, "lib", &format!("/{file}"));
            let artifact = Artifact::from_message(&message).expect("valid");
            artifact.expect("an artifact")
        });
        Build::new(metadata, artifacts.collect(), "")
    }

    /// Returns the domains of a build with these edges as dependencies, without the package `left_out`. The package
    /// `samara-testkit` is a host.
    fn domains_without(edges: &[(&str, &str)], left_out: &str) -> Vec<String> {
        let names = edges.iter().flat_map(|&(from, to)| [from, to]);
        let build = built(made_up(edges), names.filter(|&name| name != left_out));
        let hosts = [Reviewed::trusted(
            "samara-testkit",
            Source::Member,
            "a host",
        )];
        let domains = build.domains(&Review::samara(&Source::Member), &hosts);
        domains.iter().map(|it| it.name.clone()).collect()
    }

    /// Invariant: AUTH-13
    #[test]
    fn an_unknown_library_is_a_domain() {
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
        let names = domains_without(&edges, "samara-not-built");
        assert_eq!(names, ["far-domain", "samara-forgotten", "samara-nvme"]);
    }

    /// Invariant: AUTH-13
    #[test]
    fn a_namesake_of_a_reviewed_crate_is_a_domain() {
        // The reviewed crate comes from crates.io, and not from the source of this one.
        let found = domains_without(&[("samara-kernel", "talc"), ("talc", "samara-domain")], "");
        assert_eq!(found, ["talc"]);
    }

    /// Invariant: AUTH-13
    #[test]
    fn a_part_of_samara_domain_marks_domains_as_well() {
        for part in [
            "samara-rref",
            "samara-proxy",
            "samara-interfaces",
            "samara-shared-heap",
        ] {
            let found = domains_without(&[("samara-kernel", "far"), ("far", part)], "");
            assert_eq!(found, ["far"], "{part}");
        }
    }

    /// Returns a build of these packages, each given as its id, whether it is a member, and its source. All are
    /// linked with `samara-domain`. The part of an id before `#` is the package's name.
    pub(crate) fn of_sources(packages: &[(&str, bool, Option<&str>)]) -> Build {
        let all = || packages.iter().chain(&[("samara-domain", true, None)]);
        let made_up = all().map(|&(id, member, source)| MadeUp {
            id,
            name: id.split('#').next().unwrap_or(id),
            member,
            source,
            kind: "lib",
            dependencies: if id == "samara-domain" {
                vec![]
            } else {
                vec!["samara-domain"]
            },
        });
        let metadata = of_packages(&made_up.collect::<Vec<_>>());
        built(metadata, all().map(|it| it.0))
    }

    /// Invariant: AUTH-13
    #[test]
    fn two_domains_with_one_name_are_both_found() {
        let build = of_sources(&[
            ("samara-nvme", true, None),
            ("samara-nvme#far", false, Some("git+https://far")),
        ]);
        let domains = build.domains(&Review::samara(&Source::Member), &[]);
        let ids: Vec<_> = domains.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, ["samara-nvme", "samara-nvme#far"]);
        for domain in domains {
            let namesakes = build.namesakes(domain);
            assert!(namesakes.len() == 1 && namesakes[0].id != domain.id);
        }
    }

    /// Invariant: AUTH-13
    #[test]
    fn a_crate_with_an_unknown_file_is_a_domain() {
        let target = std::env::temp_dir().join(format!("samara-linked-{}", std::process::id()));
        let records = Build::records(&target);
        std::fs::create_dir_all(&records).expect("writable");
        let library = target.join("libx.rlib");
        std::fs::write(&library, "far").expect("writable");
        for (named, is_domain) in [("--extern=y=/nowhere/liby.rlib", true), ("-O", false)] {
            let record = json!({
                "program": "rustc", "arguments": ["--crate-name=x", named], "directory": "/",
                "environment": {}, "digest": digest(&library), "sources": {},
            });
            std::fs::write(records.join("x.json"), record.to_string()).expect("writable");
            let mut build = built(made_up(&[("far", "bitflags")]), ["far"]);
            build.target.clone_from(&target);
            build.artifacts[0].files = vec![library.clone()];
            let domains = build.domains(&Review::samara(&Source::Member), &[]);
            assert_eq!(domains.len(), usize::from(is_domain), "{named}");
        }
        std::fs::remove_dir_all(target).expect("it was made");
    }

    /// Invariant: AUTH-13
    #[test]
    fn a_namesake_of_a_host_is_a_domain() {
        let build = of_sources(&[
            ("samara-testkit", true, None),
            ("samara-testkit#path", false, None),
            ("samara-testkit#far", false, Some("git+https://far")),
        ]);
        let hosts = [Reviewed::trusted(
            "samara-testkit",
            Source::Member,
            "a host",
        )];
        let domains = build.domains(&Review::samara(&Source::Member), &hosts);
        let ids: Vec<_> = domains.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, ["samara-testkit#far", "samara-testkit#path"]);
    }
}
