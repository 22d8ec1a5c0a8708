//! Counts of the code in a source file, without comments and tests.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{LexError, TokenStream, TokenTree};

use crate::error::Error;

/// The counts of a source file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    /// The number of lines that are neither empty nor only a comment.
    pub(super) lines: usize,
    /// The number of `unsafe` keywords: blocks, functions, traits, implementations, attributes.
    pub(super) unsafe_sites: usize,
}

impl Source {
    /// Reads the file at `path` and counts its code.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        Self::of(&text).map_err(|error| Error::Output {
            what: path.display().to_string(),
            problem: error.to_string(),
        })
    }

    /// Counts the code in `text` up to the module of tests, which must be at the end of the file.
    fn of(text: &str) -> Result<Self, LexError> {
        let end = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
        let code = &text[..end];
        let is_code = |line: &&str| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with("//")
        };
        Ok(Source {
            lines: code.lines().filter(is_code).count(),
            unsafe_sites: unsafe_sites(code.parse()?),
        })
    }
}

fn unsafe_sites(tokens: TokenStream) -> usize {
    let sites = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(word) => usize::from(word == "unsafe"),
        TokenTree::Group(group) => unsafe_sites(group.stream()),
        _ => 0,
    });
    sites.sum()
}

/// Returns `path` if it is a file. If it is a folder, returns all Rust sources below it except those of tests.
pub(super) fn sources(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
        let path = entry.map_err(Error::io("read", path))?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn comments_blank_lines_and_tests_do_not_count() {
        let text = "//! Doc.\n\nuse a; // why\n    // unsafe\nunsafe fn f() { unsafe { g() } }\n#[cfg(test)]\nmod tests {\n}\n";
        let counted = Source::of(text).expect("the text is valid Rust");
        assert_eq!(
            counted,
            Source {
                lines: 2,
                unsafe_sites: 2
            }
        );
    }
}
