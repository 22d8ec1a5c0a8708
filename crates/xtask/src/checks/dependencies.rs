//! A domain is built from reviewed crates only (DESIGN D10).

use super::{Findings, reviewed};
use crate::metadata::{Metadata, Package};

/// Checks what `domain` names in its manifest and what it is linked with. `built` says whether a package
/// is part of the build: cargo also lists what a feature that nobody turns on would bring.
pub(super) fn check(
    metadata: &Metadata,
    domain: &Package,
    built: impl Fn(&Package) -> bool,
) -> Findings {
    let mut findings = Findings::new();
    for dependency in domain.dependencies.iter().filter_map(|id| metadata.get(id)) {
        if reviewed::find(&dependency.name).is_some_and(|reviewed| !reviewed.direct) {
            findings.push(format!(
                "{} names {} in its manifest, which is not meant for domains; use samara-domain",
                domain.name, dependency.name
            ));
        }
    }
    for package in metadata.linked_with(domain) {
        if package.id != domain.id && built(package) && reviewed::find(&package.name).is_none() {
            findings.push(format!(
                "{} is part of {} but not reviewed; review it and add it to xtask's checks/reviewed.rs, \
                 or do without it",
                package.name, domain.name
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::metadata::tests::made_up;

    fn findings(edges: &[(&str, &str)]) -> Vec<String> {
        let metadata = made_up(edges);
        check(
            &metadata,
            metadata.member("samara-nvme").expect("a member"),
            |_| true,
        )
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

    #[test]
    fn authority_may_not_be_named() {
        let findings = findings(&[("samara-nvme", "samara-domain-runtime")]);
        assert!(
            findings.len() == 1 && findings[0].contains("not meant for domains"),
            "{findings:?}"
        );
    }

    #[test]
    fn what_is_not_built_is_no_part() {
        let metadata = made_up(&[("samara-nvme", "x"), ("x", "y")]);
        let domain = metadata.member("samara-nvme").expect("a member");
        let findings = check(&metadata, domain, |package| package.name != "y");
        assert!(
            findings.len() == 1 && findings[0].starts_with("x "),
            "{findings:?}"
        );
    }

    #[test]
    fn unreviewed_crates_are_found_however_deep() {
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
