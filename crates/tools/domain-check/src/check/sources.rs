//! Checks a domain's own source files for constructs that expanded code no longer shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::plain;
use super::{hidden, misread, on_a_large_stack, search};
use crate::build::{Build, Package};
use crate::finding::{Finding, Findings, Rule};
use crate::review::{Review, Reviewed};

/// The prefix of names that macros make up. The output of a reviewed derive is correct only if no item of the domain
/// has such a name.
const MADE_UP: &str = "__";

/// The rules that a domain's own words must follow.
pub(super) struct Sources<'a> {
    review: &'a Review,
    linked: Vec<&'a Reviewed>,
    /// The names of the `cfg` conditions that differ between the linked build and the expansion.
    differing: BTreeSet<String>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(
        build: &Build,
        review: &'a Review,
        domain: &Package,
        differing: BTreeSet<String>,
    ) -> Self {
        let packages = build.linked_with(domain).packages.into_iter();
        let others = packages.filter(|package| package.id != domain.id);
        Sources {
            review,
            linked: others.filter_map(|it| review.find(&it.name)).collect(),
            differing,
        }
    }

    /// Checks each file that a unit of the domain was made from. Also returns the words of these files that have the
    /// form of hidden names.
    pub(super) fn check(&self, files: &[PathBuf]) -> (Findings, BTreeSet<String>) {
        // For `Path`, a file that is called `.rs` has no extension.
        let (code, others): (Vec<_>, Vec<_>) = files
            .iter()
            .partition(|file| file.as_os_str().as_encoded_bytes().ends_with(b".rs"));
        let mut findings = Findings::new();
        let mut written = BTreeSet::new();
        let mut includes = false;
        for file in code {
            match fs::read_to_string(file) {
                Ok(source) => includes |= self.file(file, &source, &mut findings, &mut written),
                Err(error) => {
                    findings.push(Finding::new(Rule::NotUnderstood, error.to_string()).at(file));
                }
            }
        }
        // The other files are texts, and are checked only if they may be code: all of them if a source file contains
        // the word `include`, and otherwise those whose first line names an interpreter. A text cannot be a module's
        // file, because the check of the expanded code refuses a module's file whose name does not end in `.rs`. A
        // file that is not UTF-8 cannot be code.
        for file in others {
            if let Ok(text) = fs::read_to_string(file)
                && (includes || misread::has_shebang(&text))
            {
                self.file(file, &text, &mut findings, &mut written);
            }
        }
        (findings, written)
    }

    /// Adds the findings in a file. Returns whether the file may include files of any name as code.
    fn file(
        &self,
        file: &Path,
        source: &str,
        findings: &mut Findings,
        written: &mut BTreeSet<String>,
    ) -> bool {
        let mut found = Findings::new();
        if misread::has_shebang(source) {
            let what = "the file begins with a line for an interpreter";
            found.push(Finding::new(Rule::Misread, what));
        }
        let looked = on_a_large_stack(|| {
            let tokens = misread::compiled(source).parse::<TokenStream>();
            let tokens = tokens.map_err(|error| error.to_string())?;
            let mut words = BTreeSet::new();
            collect_words(tokens.clone(), &mut words);
            let mut code = search::written(tokens.clone(), self.review);
            code.extend(hidden::search(tokens, None));
            Ok((code, words))
        });
        let mut includes = false;
        match looked {
            Ok((code, words)) => {
                found.extend(code);
                found.extend(self.refused(&words));
                found.extend(words.iter().filter_map(|word| self.judge(word)));
                includes = words.contains("include");
                written.extend(words.into_iter().filter(|word| hidden::is_hidden(word)));
            }
            Err(problem) => found.push(Finding::new(Rule::NotUnderstood, problem)),
        }
        findings.extend(found.into_iter().map(|finding| finding.at(file)));
        includes
    }

    /// Returns a finding if the word may not occur in a domain, in any meaning.
    fn judge(&self, word: &str) -> Option<Finding> {
        if self.differing.contains(word) {
            let what = format!(
                "the condition {word} may have other values in the code that the checks expand than in the build"
            );
            return Some(Finding::new(Rule::Cfg, what));
        }
        if !word.is_ascii() {
            // The compiler normalises combining marks, and maps some letters to others.
            let what = format!("the compiler may read the name {word} as another name");
            return Some(Finding::new(Rule::ReservedName, what));
        }
        word.starts_with(MADE_UP).then(|| {
            let what = format!("the name {word} may be one that macros make up for themselves");
            Finding::new(Rule::ReservedName, what)
        })
    }

    fn refused(&self, words: &BTreeSet<String>) -> Findings {
        let mut findings = Findings::new();
        for reviewed in &self.linked {
            for entry in reviewed
                .refused
                .iter()
                .filter(|it| words.contains(&it.name))
            {
                let (name, reason) = (&reviewed.name, &entry.reason);
                let what = format!("the word {} names a part of {name}: {reason}", entry.name);
                findings.push(Finding::new(Rule::UnsafeCode, what));
            }
        }
        findings
    }
}

/// Adds every word.
fn collect_words(tokens: TokenStream, words: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => {
                words.insert(plain(&word));
            }
            TokenTree::Group(group) => collect_words(group.stream(), words),
            _ => {}
        }
    }
}
