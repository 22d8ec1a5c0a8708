//! Checks that a domain's code comes from its package alone, and not from other files or from the environment.

use std::collections::BTreeMap;
use std::path::Path;

use super::Unit;
use super::expand::Inputs;
use super::places;
use crate::build::{Invocation, digest};
use crate::finding::{Finding, Findings, Rule};
use crate::review::{Review, names};

/// Checks the inputs of a unit. `target` is the directory into which builds write, which may be inside the package.
pub(super) fn check(inputs: &Inputs, unit: &Unit<'_>, target: &Path, review: &Review) -> Findings {
    let mut findings = Findings::new();
    let (domain, invocation) = (unit.domain, &unit.invocation);
    let package = domain.directory.canonicalize().ok();
    let target = target.canonicalize().ok();
    let is_own = |file: &Path| {
        // Symbolic links are resolved, because the compiler reads the file that a link leads to.
        let (Ok(path), Some(package), Some(target)) = (file.canonicalize(), &package, &target)
        else {
            return false;
        };
        path.starts_with(package) && !path.starts_with(target)
    };
    let mut recorded = BTreeMap::new();
    for (file, digest) in &invocation.sources {
        recorded.insert(invocation.directory.join(file), digest);
    }
    for file in &inputs.files {
        // The compiler prints the file's name without the directory of the call.
        let printed = file.to_str().unwrap_or("\"");
        let directory = invocation.directory.to_str().unwrap_or_default();
        let printed = printed.strip_prefix(directory).unwrap_or(printed);
        // The user chooses the directory's name, so it may contain any character but those that end a place (see
        // `places`).
        if !places::is_plain(printed) || directory.contains(['}', '>']) {
            let what = format!(
                "{} reads a file whose name may be taken for code: letters, digits, spaces and `_-./+'` are plain",
                domain.name
            );
            findings.push(Finding::new(Rule::OutsideFile, what).at(file));
        }
        if !is_own(file) {
            let what = format!("{} reads a file that is not its own", domain.name);
            findings.push(Finding::new(Rule::OutsideFile, what).at(file));
        }
        if digest(file).as_ref() != recorded.get(file).copied() {
            let what = format!(
                "{} was compiled from a file that changed since",
                domain.name
            );
            findings.push(Finding::new(Rule::NoRecord, what).at(file));
        }
    }
    for variable in &inputs.variables {
        if !Invocation::is_of_package(variable) && !names(&review.environment, variable) {
            let what = format!("{} is compiled with the value of {variable}", domain.name);
            findings.push(Finding::new(Rule::Environment, what));
        }
    }
    findings
}
