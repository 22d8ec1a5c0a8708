//! A domain's own source files, as they were written: what the expanded code says of them, they say themselves.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::plain;
use super::{hidden, misread, on_a_large_stack, search};
use crate::build::{Build, Package};
use crate::finding::{Finding, Findings, Rule};
use crate::review::{Review, Reviewed};

/// What names begin with that macros make up for themselves. What a derive writes is as it was reviewed only if
/// nobody else has such a name.
const MADE_UP: &str = "__";

/// What a domain's own words are held to.
pub(super) struct Sources<'a> {
    review: &'a Review,
    linked: Vec<&'a Reviewed>,
    /// Conditions on which the linked build and the expansion do not agree.
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

    /// Checks each source file that a unit of the domain was made from. Returns also the words of those that begin
    /// as hidden names do.
    pub(super) fn check(&self, files: &[PathBuf]) -> (Findings, BTreeSet<String>) {
        // A file whose whole name is the ending has none to `Path`.
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
        // Texts, unless one may be taken for code: by `include`, since a module's file ends in `.rs`, or is
        // refused where it is expanded. What is no UTF-8 can be none.
        for file in others {
            if let Ok(text) = fs::read_to_string(file)
                && (includes || misread::has_shebang(&text))
            {
                self.file(file, &text, &mut findings, &mut written);
            }
        }
        (findings, written)
    }

    /// Adds what is wrong with a file; whether it may take files of any name for code.
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

    /// What is wrong with a word, whatever it means.
    fn judge(&self, word: &str) -> Option<Finding> {
        if self.differing.contains(word) {
            let what = format!(
                "the condition {word} has not the same values where the checks expand the code"
            );
            return Some(Finding::new(Rule::Cfg, what));
        }
        if !word.is_ascii() {
            // The compiler composes letters and marks, and takes some letters for others.
            let what = format!("the name {word} may be another one to the compiler");
            return Some(Finding::new(Rule::ReservedName, what));
        }
        word.starts_with(MADE_UP).then(|| {
            let what = format!("the name {word} is of those that macros make up for themselves");
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
