//! A domain is built only from reviewed crates (docs/design.md#d10-a-domain-is-safe-rust-from-reviewed-crates), each
//! from the source that was reviewed, and under the name that its author gave it.

use crate::build::{Build, Invocation, Package};
use crate::finding::{Finding, Findings, Rule};
use crate::review::Review;

/// Checks the crates that `domain` names in its manifest, and all crates that it is linked with.
pub(super) fn check(build: &Build, review: &Review, domain: &Package) -> Findings {
    let mut findings = manifest(domain);
    for namesake in build.namesakes(domain) {
        let what = format!(
            "{} and {} of the build have one name, by which reports and macros tell crates apart",
            domain.id, namesake.id
        );
        findings.push(Finding::new(Rule::CrateName, what).at(domain.directory.join("Cargo.toml")));
    }
    let linked = build.linked_with(domain);
    for dependency in build.direct(domain) {
        if review
            .find(&dependency.name)
            .is_some_and(|reviewed| !reviewed.direct)
        {
            findings.push(Finding::new(
                Rule::Authority,
                format!(
                    "{} names {} in its manifest, which is not meant for domains",
                    domain.name, dependency.name
                ),
            ));
        }
    }
    for file in linked.unknown {
        let what = format!(
            "{} is part of {} but of no package in the metadata",
            file.display(),
            domain.name
        );
        findings.push(Finding::new(Rule::UnreviewedCrate, what));
    }
    for package in linked.packages {
        if package.id != domain.id {
            findings.extend(dependency(review, domain, package));
            findings.extend(features(build, review, package));
        }
    }
    findings
}

/// Checks the domain's own manifest.
fn manifest(domain: &Package) -> Findings {
    let mut findings = Findings::new();
    let manifest = domain.directory.join("Cargo.toml");
    let mut find = |rule, what: String| findings.push(Finding::new(rule, what).at(&manifest));
    if domain.build_script {
        find(
            Rule::BuildScript,
            format!("{} has a build script", domain.name),
        );
    }
    if let Some(library) = &domain.links {
        let what = format!("{} links the native library {library}", domain.name);
        find(Rule::NativeLibrary, what);
    }
    if domain.procedural_macro {
        let what = format!("{} is a procedural macro", domain.name);
        find(Rule::CrateKind, what);
    }
    findings
}

fn dependency(review: &Review, domain: &Package, package: &Package) -> Option<Finding> {
    let name = &package.name;
    let Some(reviewed) = review.of(package).or_else(|| review.find(name)) else {
        let what = format!("{name} is part of {} but not reviewed", domain.name);
        return Some(Finding::new(Rule::UnreviewedCrate, what));
    };
    let manifest = package.directory.join("Cargo.toml");
    if !reviewed.source.holds(package) {
        let source = package.source.as_deref().unwrap_or("a path");
        let what = format!(
            "{name} comes from {source}; the reviewed source is {:?}",
            reviewed.source
        );
        return Some(Finding::new(Rule::CrateSource, what).at(manifest));
    }
    if !reviewed.covers(&package.version) {
        let since = reviewed.since.as_deref().unwrap_or_default();
        let version = &package.version;
        let what = format!(
            "{name} has version {version}; the reviewed versions are {since} and later ones that are compatible with it"
        );
        return Some(Finding::new(Rule::CrateSource, what).at(manifest));
    }
    if package.build_script && !reviewed.build_script {
        let what = format!("{name} has a build script that was not reviewed");
        return Some(Finding::new(Rule::BuildScript, what).at(manifest));
    }
    None
}

/// Checks the features that a reviewed package was compiled with.
fn features(build: &Build, review: &Review, package: &Package) -> Findings {
    let mut findings = Findings::new();
    let Some(reviewed) = review.of(package) else {
        return findings;
    };
    for library in build.libraries(package).chain(build.macros(package)) {
        let invocation = match Invocation::of(library, &Build::records(&build.target)) {
            Ok(invocation) => invocation,
            Err(problem) => {
                findings.push(Finding::new(Rule::NoRecord, problem.to_string()).at(library));
                continue;
            }
        };
        for feature in invocation.features() {
            if !reviewed.features.allow(feature) {
                let what = format!("{} is built with the feature {feature}", package.name);
                findings.push(Finding::new(Rule::Feature, what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::build::artifact::tests::message;
    use crate::build::metadata::tests::made_up;
    use crate::build::tests::of_sources;
    use crate::build::{Artifact, Build};
    use crate::finding::Rule;
    use crate::review::{Review, Source};

    /// Returns the findings for a build of these packages, without the package that is left out. The packages come
    /// from the reviewed sources.
    fn findings_without(edges: &[(&str, &str)], left_out: &str) -> Vec<String> {
        let metadata = made_up(edges);
        let names = edges.iter().flat_map(|&(from, to)| [from, to]);
        let built = names.filter(|&name| name != left_out).map(|name| {
            Artifact::from_message(&message(name, name, "lib", ""))
                .expect("valid")
                .expect("an artifact")
        });
        let build = Build::new(metadata, built.collect(), "");
        let mut review = Review::samara(&Source::Member);
        for reviewed in &mut review.crates {
            if !reviewed.name.starts_with("samara") {
                reviewed.source = Source::Exact("made up".into());
                reviewed.since = None;
            }
        }
        let domain = build.metadata.member("samara-nvme").expect("a member");
        let findings = check(&build, &review, domain);
        findings.iter().map(ToString::to_string).collect()
    }

    fn findings(edges: &[(&str, &str)]) -> Vec<String> {
        findings_without(edges, "")
    }

    #[test]
    fn reviewed_crates_are_accepted() {
        let good = [
            ("samara-nvme", "samara-domain"),
            ("samara-nvme", "bitflags"),
            ("samara-domain", "samara-shared-heap"),
            ("samara-shared-heap", "spin"),
        ];
        assert_eq!(findings(&good), [""; 0]);
    }

    /// Invariant: AUTH-13
    #[test]
    fn a_namesake_in_the_build_is_reported() {
        let far = ("samara-nvme#far", false, Some("git+https://far"));
        for (packages, is_told) in [
            (&[("samara-nvme", true, None), far][..], true),
            (&[("samara-nvme", true, None), ("other", true, None)], false),
        ] {
            let build = of_sources(packages);
            let review = Review::samara(&Source::Member);
            let domain = build.metadata.get("samara-nvme").expect("a member");
            let findings = check(&build, &review, domain);
            let mut found = findings.iter().map(|it| it.rule);
            assert_eq!(
                found.any(|it| it == Rule::CrateName),
                is_told,
                "{findings:?}"
            );
        }
    }

    /// Invariant: CHECK-5
    #[test]
    fn authority_may_not_be_named() {
        let findings = findings(&[("samara-nvme", "samara-domain-runtime")]);
        assert!(
            findings.len() == 1 && findings[0].contains("not meant for domains"),
            "{findings:?}"
        );
    }

    #[test]
    fn unbuilt_packages_are_no_part_of_a_domain() {
        let findings = findings_without(&[("samara-nvme", "x"), ("x", "y")], "y");
        assert!(
            findings.len() == 1 && findings[0].contains(": x is part of"),
            "{findings:?}"
        );
    }

    /// Invariant: CHECK-5
    #[test]
    fn unreviewed_crates_are_found_at_any_depth() {
        let findings = findings(&[
            ("samara-nvme", "samara-domain"),
            ("samara-domain", "x"),
            ("x", "y"),
        ]);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(
            findings
                .iter()
                .all(|finding| finding.contains("not reviewed"))
        );
    }
}
