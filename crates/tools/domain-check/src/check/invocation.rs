//! Checks that a domain is compiled as Cargo compiles a plain library, and that each compiler flag is known to be
//! harmless.

use std::collections::HashSet;

use super::Unit;
use crate::build::{Build, Invocation, feature};
use crate::finding::{Finding, Findings, Rule};
use crate::review::{Review, names};

/// Options that Cargo passes and that take a value.
const OPTIONS: &[&str] = &[
    "--check-cfg",
    "--color",
    "--crate-name",
    "--diagnostic-width",
    "--emit",
    "--error-format",
    "--json",
    "--out-dir",
    "--target",
    // These options set the levels of lints. The name of each lint is checked.
    "--allow",
    "--deny",
    "--forbid",
    "--warn",
    "-A",
    "-D",
    "-F",
    "-W",
    // The value of each of these options is checked too.
    "--cfg",
    "--crate-type",
    "--edition",
    "--extern",
    "-C",
    "-L",
];

/// Code generation options that affect speed and debugging, but not behaviour.
const CODEGEN: &[&str] = &[
    "codegen-units",
    "debug-assertions",
    "debuginfo",
    "embed-bitcode",
    "extra-filename",
    "incremental",
    "inline-threshold",
    "linker-plugin-lto",
    "lto",
    "metadata",
    "opt-level",
    "overflow-checks",
    "panic",
    "split-debuginfo",
    "strip",
    "symbol-mangling-version",
];

/// Editions in which `::name` is a crate, and which have every keyword that code of a later edition uses.
const EDITIONS: &[&str] = &["2021", "2024"];

/// Crates that a domain's macros name by absolute paths.
const SYSROOT: &[&str] = &["core", "alloc", "std", "proc_macro", "test"];

/// Checks the invocation of a domain's unit.
pub(super) fn check(unit: &Unit<'_>, build: &Build, review: &Review) -> Findings {
    let mut check = Check {
        unit,
        review,
        findings: Findings::new(),
    };
    let externs = check.arguments();
    check.externs(&externs, build);
    check.names(&externs);
    check.environment();
    check.findings
}

struct Check<'a> {
    unit: &'a Unit<'a>,
    review: &'a Review,
    findings: Findings,
}

impl Check<'_> {
    fn find(&mut self, rule: Rule, what: impl Into<String>) {
        let name = &self.unit.domain.name;
        let what = format!("{name} is compiled with {}", what.into());
        self.findings.push(Finding::new(rule, what));
    }

    fn invocation(&self) -> &Invocation {
        &self.unit.invocation
    }

    /// Checks each argument, and returns the values of `--extern`.
    fn arguments(&mut self) -> Vec<String> {
        let arguments = self.invocation().arguments.clone();
        let mut externs = Vec::new();
        let mut edition = "2015".to_owned();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if !argument.starts_with('-') {
                if !argument.ends_with(".rs") {
                    self.find(Rule::CompilerFlag, format!("the argument {argument}"));
                }
                continue;
            }
            if let Some(value) = argument.strip_prefix("--cap-lints") {
                let value = value.strip_prefix('=').map(str::to_owned);
                let value = value.or_else(|| rest.next().cloned()).unwrap_or_default();
                self.find(Rule::LintUndone, format!("--cap-lints {value}"));
                continue;
            }
            let (name, value) = match split(argument) {
                Some((name, Some(value))) => (name, value.to_owned()),
                Some((name, None)) => (name, rest.next().cloned().unwrap_or_default()),
                None => {
                    if !names(&self.review.flags, argument) {
                        self.find(Rule::CompilerFlag, argument.as_str());
                    }
                    continue;
                }
            };
            match name {
                "--edition" => edition = value,
                "--extern" => externs.push(value),
                "--cfg" => self.cfg(&value),
                "--crate-type" if value != "lib" && value != "rlib" => {
                    self.find(Rule::CrateKind, format!("the crate type {value}"));
                }
                "-C" => self.codegen(&value),
                "-L" if !value.starts_with("dependency=") => {
                    let flag = format!("-L {value}");
                    if !names(&self.review.flags, &flag) {
                        self.find(Rule::CompilerFlag, flag);
                    }
                }
                "--allow" | "--warn" | "-A" | "-W" if is_protecting(&value) => {
                    self.find(Rule::LintUndone, format!("{name} {value}"));
                }
                _ => {}
            }
        }
        if !EDITIONS.contains(&edition.as_str()) {
            self.find(Rule::Edition, format!("edition {edition}"));
        }
        externs
    }

    fn cfg(&mut self, value: &str) {
        if feature(value).is_none() && !names(&self.review.cfgs, value) {
            self.find(Rule::Cfg, format!("--cfg {value}"));
        }
    }

    fn codegen(&mut self, value: &str) {
        let name = value.split('=').next().unwrap_or(value);
        let written = [format!("-C {value}"), format!("-C {name}")];
        let reviewed = written.iter().any(|flag| names(&self.review.flags, flag));
        if !CODEGEN.contains(&name) && !reviewed {
            self.find(Rule::CompilerFlag, written[0].as_str());
        }
    }

    /// Checks that the build made each crate that the call names, and that the call uses the crate's own name.
    fn externs(&mut self, externs: &[String], build: &Build) {
        let targets = build.artifacts.iter();
        let made: HashSet<_> = targets.map(|it| it.target.replace('-', "_")).collect();
        for value in externs {
            let Some((name, path)) = value.split_once('=') else {
                self.find(Rule::CompilerFlag, format!("--extern {value}"));
                continue;
            };
            let path = self.invocation().directory.join(path);
            // Cargo's hash follows the crate's name.
            let file = path.file_stem().unwrap_or_default().to_string_lossy();
            let target = file.strip_prefix("lib").unwrap_or(&file);
            let target = target.split('-').next().unwrap_or(target);
            if !path.starts_with(&build.target) || !made.contains(target) {
                let what = format!("--extern {value}, which the build did not make");
                self.find(Rule::CompilerFlag, what);
            } else if target != name {
                let what = format!("the crate {target} under the name {name}");
                self.find(Rule::CrateName, what);
            }
        }
    }

    /// Checks that a domain does not have the name of another crate. Macros name their support crates by absolute
    /// paths, which would then lead to the domain.
    fn names(&mut self, externs: &[String]) {
        let name = self.invocation().value("--crate-name").unwrap_or_default();
        let name = name.to_owned();
        let taken = |known: &str| known.replace('-', "_") == name;
        let domain = self.unit.domain;
        let mut reviewed = self.review.crates.iter();
        let is_reviewed = reviewed.any(|it| taken(&it.name) && !it.is(domain));
        let is_named = externs.iter().any(|it| it.split('=').next() == Some(&name));
        if is_reviewed || is_named || SYSROOT.contains(&name.as_str()) {
            self.find(Rule::CrateName, format!("the name {name} of another crate"));
        }
    }

    fn environment(&mut self) {
        let name = self.invocation().value("--crate-name").unwrap_or_default();
        let bootstrap = self.invocation().environment.get("RUSTC_BOOTSTRAP");
        let value = bootstrap.filter(|value| value.split(',').any(|it| it == "1" || it == name));
        if let Some(value) = value.cloned() {
            self.find(Rule::Unstable, format!("RUSTC_BOOTSTRAP={value}"));
        }
    }
}

/// Returns the name of a known option, and its value if the value is part of the argument.
fn split(argument: &str) -> Option<(&'static str, Option<&str>)> {
    OPTIONS.iter().find_map(|&name| {
        let rest = argument.strip_prefix(name)?;
        if rest.is_empty() {
            return Some((name, None));
        }
        match (name.starts_with("--"), rest.strip_prefix('=')) {
            (true, Some(value)) => Some((name, Some(value))),
            // `-Cname`
            (false, _) => Some((name, Some(rest))),
            (true, None) => None,
        }
    })
}

/// Whether a lint is the one that protects a domain.
pub(super) fn is_protecting(lint: &str) -> bool {
    matches!(lint, "unsafe_code" | "unsafe-code")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{check, is_protecting, split};
    use crate::build::Invocation;
    use crate::build::tests::of_sources;
    use crate::check::Unit;
    use crate::finding::Rule;
    use crate::review::{Review, Source};

    /// Invariant: AUTH-13
    #[test]
    fn a_domain_takes_no_reviewed_name() {
        let build = of_sources(&[
            ("samara-rref", true, None),
            ("samara-rref#far", false, Some("git+https://far")),
        ]);
        for (id, is_taken) in [("samara-rref", false), ("samara-rref#far", true)] {
            let arguments = ["--crate-name=samara_rref", "--edition=2024"];
            let unit = Unit {
                domain: build.metadata.get(id).expect("a package"),
                invocation: Invocation {
                    program: "rustc".into(),
                    arguments: arguments.map(str::to_owned).to_vec(),
                    directory: "/".into(),
                    environment: BTreeMap::new(),
                    digest: None,
                    sources: BTreeMap::new(),
                },
            };
            let findings = check(&unit, &build, &Review::samara(&Source::Member));
            let mut found = findings.iter().map(|it| it.rule);
            assert_eq!(
                found.any(|it| it == Rule::CrateName),
                is_taken,
                "{findings:?}"
            );
        }
    }

    /// Invariant: CHECK-4
    #[test]
    fn options_and_values_are_told_apart() {
        assert_eq!(split("--cfg"), Some(("--cfg", None)));
        assert_eq!(split("--edition=2024"), Some(("--edition", Some("2024"))));
        assert_eq!(split("-Copt-level=3"), Some(("-C", Some("opt-level=3"))));
        assert_eq!(split("-Aunsafe-code"), Some(("-A", Some("unsafe-code"))));
        for other in [
            "--cap-lints",
            "-Zcrate-attr=x",
            "--sysroot=/x",
            "--cfgs",
            "-l",
            "-O",
        ] {
            assert_eq!(split(other), None, "{other}");
        }
        assert!(is_protecting("unsafe-code") && !is_protecting("dead_code"));
    }
}
