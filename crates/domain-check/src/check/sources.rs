//! A domain's own source files, as they were written: what the expanded code says of them, they say themselves.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::{is_punct, plain};
use super::{misread, on_a_large_stack, search};
use crate::build::{Build, Package};
use crate::finding::{Finding, Findings, Rule};
use crate::review::{Review, Reviewed};

/// Checks each source file that a unit of `domain` was made from.
pub(super) fn check(
    files: &[PathBuf],
    build: &Build,
    review: &Review,
    domain: &Package,
) -> Findings {
    let packages = build.linked_with(domain).packages.into_iter();
    let others = packages.filter(|package| package.id != domain.id);
    let sources = Sources {
        review,
        linked: others.filter_map(|it| review.find(&it.name)).collect(),
    };
    let (code, others): (Vec<_>, Vec<_>) = files
        .iter()
        .partition(|file| file.extension().is_some_and(|end| end == "rs"));
    let mut findings = Findings::new();
    let mut includes = false;
    for file in code {
        match fs::read_to_string(file) {
            Ok(source) => includes |= sources.file(file, &source, &mut findings),
            Err(error) => {
                findings.push(Finding::new(Rule::NotUnderstood, error.to_string()).at(file));
            }
        }
    }
    // Texts, unless one may be taken for code. What is no UTF-8 can be none.
    for file in others {
        if let Ok(text) = fs::read_to_string(file)
            && (includes || misread::has_shebang(&text))
        {
            sources.file(file, &text, &mut findings);
        }
    }
    findings
}

struct Sources<'a> {
    review: &'a Review,
    linked: Vec<&'a Reviewed>,
}

impl Sources<'_> {
    /// Adds what is wrong with a file; whether it may take files of any name for code.
    fn file(&self, file: &Path, source: &str, findings: &mut Findings) -> bool {
        let mut found = Findings::new();
        if misread::has_shebang(source) {
            let what = "the file begins with a line for an interpreter";
            found.push(Finding::new(Rule::Misread, what));
        }
        let looked = on_a_large_stack(|| {
            let tokens = misread::compiled(source).parse::<TokenStream>();
            let tokens = tokens.map_err(|error| error.to_string())?;
            let mut words = HashSet::new();
            let names_odd_module = collect_words(tokens.clone(), &mut words);
            let code = search::written(tokens, self.review);
            Ok((code, words, names_odd_module))
        });
        let mut includes = false;
        match looked {
            Ok((code, words, names_odd_module)) => {
                found.extend(code);
                found.extend(self.refused(&words));
                includes = words.contains("include") || names_odd_module;
            }
            Err(problem) => found.push(Finding::new(Rule::NotUnderstood, problem)),
        }
        findings.extend(found.into_iter().map(|finding| finding.at(file)));
        includes
    }

    fn refused(&self, words: &HashSet<String>) -> Findings {
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

/// Adds every word; whether a `path =` may give a module a file of another ending than `.rs`.
fn collect_words(tokens: TokenStream, words: &mut HashSet<String>) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut names_odd_module = false;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) => {
                let word = plain(word);
                if word == "path" && is_punct(tokens.get(index + 1), '=') {
                    names_odd_module |= !matches!(tokens.get(index + 2), Some(TokenTree::Literal(file)) if file.to_string().ends_with(".rs\""));
                }
                words.insert(word);
            }
            TokenTree::Group(group) => names_odd_module |= collect_words(group.stream(), words),
            _ => {}
        }
    }
    names_odd_module
}
