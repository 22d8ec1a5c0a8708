//! A domain's own source files, as they were written: what the expanded code says of them, they say themselves.

use std::fs;
use std::path::PathBuf;

use proc_macro2::TokenStream;

use super::{misread, on_a_large_stack, search};
use crate::finding::{Finding, Findings, Rule};
use crate::review::Review;

/// Checks each source file that a unit was made from.
pub(super) fn check(files: &[PathBuf], review: &Review) -> Findings {
    let mut findings = Findings::new();
    for file in files {
        let is_source = file.extension().is_some_and(|end| end == "rs");
        let source = match fs::read_to_string(file) {
            Ok(source) => source,
            // Bytes that are included are no source, and text that is no UTF-8 can be none.
            Err(_) if !is_source => continue,
            Err(error) => {
                findings.push(Finding::new(Rule::NotUnderstood, error.to_string()).at(file));
                continue;
            }
        };
        if misread::has_shebang(&source) {
            let what = "the file begins with a line for an interpreter";
            findings.push(Finding::new(Rule::Misread, what).at(file));
        }
        // Other files may be texts. What is included from them as code is looked at after expansion.
        if is_source {
            let found = on_a_large_stack(|| {
                let tokens = misread::compiled(&source).parse::<TokenStream>();
                Ok(search::written(
                    tokens.map_err(|error| error.to_string())?,
                    review,
                ))
            });
            let found =
                found.unwrap_or_else(|problem| vec![Finding::new(Rule::NotUnderstood, problem)]);
            findings.extend(found.into_iter().map(|finding| finding.at(file)));
        }
    }
    findings
}
