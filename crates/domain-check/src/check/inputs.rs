//! A domain's code is its package's: no file from elsewhere, no text from the environment.

use std::path::Path;

use super::expand::Inputs;
use crate::build::Package;
use crate::finding::{Finding, Findings, Rule};
use crate::review::{Review, names};

/// Checks what a unit of `domain` was made from. `target` is where builds write, maybe in the package.
pub(super) fn check(inputs: &Inputs, domain: &Package, target: &Path, review: &Review) -> Findings {
    let mut findings = Findings::new();
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let package = real(&domain.directory);
    let target = real(target);
    for file in &inputs.files {
        // Links are followed: what they lead to is what is read.
        let path = real(file);
        if !path.starts_with(&package) || path.starts_with(&target) {
            let what = format!("{} reads a file that is not its own", domain.name);
            findings.push(Finding::new(Rule::OutsideFile, what).at(file));
        }
    }
    for variable in &inputs.variables {
        if !variable.starts_with("CARGO_") && !names(&review.environment, variable) {
            let what = format!("{} is compiled with the value of {variable}", domain.name);
            findings.push(Finding::new(Rule::Environment, what));
        }
    }
    findings
}
