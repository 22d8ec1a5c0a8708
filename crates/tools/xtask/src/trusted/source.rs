//! The code of a source file without its comments and tests, counted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree};

use crate::error::Error;

/// What a file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    /// Lines with anything but a comment.
    pub(super) lines: usize,
    /// Places that say `unsafe`: blocks, functions, traits, implementations, attributes.
    pub(super) unsafe_sites: usize,
}

impl Source {
    /// Reads a file and counts.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        Self::of(&text).map_err(|error| Error::Output {
            what: path.display().to_string(),
            problem: error.to_string(),
        })
    }

    /// Counts in `text`.
    fn of(text: &str) -> Result<Self, LexError> {
        let mut seen = Seen::default();
        seen.visit(text.parse()?);
        Ok(Source {
            lines: seen.lines.len(),
            unsafe_sites: seen.unsafe_sites,
        })
    }
}

/// The tokens that were visited.
#[derive(Default)]
struct Seen {
    lines: BTreeSet<usize>,
    unsafe_sites: usize,
}

impl Seen {
    /// Visits all tokens but those of documentation and of items for tests only.
    fn visit(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            if matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#') {
                let inner = tokens.next_if(
                    |next| matches!(next, TokenTree::Punct(mark) if mark.as_char() == '!'),
                );
                let attribute = tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
                match attribute.as_ref().map(without_spaces).as_deref() {
                    Some(text) if text.starts_with("[doc=") => continue,
                    Some("[cfg(test)]") => {
                        skip_item(&mut tokens);
                        continue;
                    }
                    _ => {}
                }
                for part in [Some(token), inner, attribute].into_iter().flatten() {
                    self.take(part);
                }
            } else {
                self.take(token);
            }
        }
    }

    fn take(&mut self, token: TokenTree) {
        match token {
            TokenTree::Group(group) => {
                for span in [group.span_open(), group.span_close()] {
                    self.lines.insert(span.start().line);
                }
                self.visit(group.stream());
            }
            TokenTree::Ident(word) if word == "unsafe" => {
                self.lines.insert(word.span().start().line);
                self.unsafe_sites += 1;
            }
            token => {
                let span = token.span();
                self.lines.extend(span.start().line..=span.end().line);
            }
        }
    }
}

fn without_spaces(token: &TokenTree) -> String {
    let mut text = token.to_string();
    text.retain(|character| !character.is_whitespace());
    text
}

/// Takes the tokens of an item: up to its semicolon or its braces.
fn skip_item(tokens: &mut impl Iterator<Item = TokenTree>) {
    for token in tokens {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == ';' || mark.as_char() == ',' => return,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            _ => {}
        }
    }
}

/// The file itself, or all Rust sources below the folder, without those of tests.
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
        let counted = Source::of(text).expect("it is Rust");
        assert_eq!(
            counted,
            Source {
                lines: 2,
                unsafe_sites: 2
            }
        );
    }
}
