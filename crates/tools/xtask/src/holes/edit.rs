//! Edits that replace lines of a file. An edit finds its lines by their text, so their indentation and the code around
//! them may change.

use std::fmt;

/// A line of an edit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    /// A line that stays. It is there to find the place of the edit.
    Keep(String),
    /// A line that the edit removes.
    Remove(String),
    /// A line that the edit inserts.
    Insert(String),
}

/// Consecutive lines of one file, and the lines that replace them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Edit {
    /// The file, below the workspace's root.
    pub(crate) path: String,
    /// The lines to keep, remove and insert, in order.
    pub(crate) lines: Vec<Line>,
}

/// The reason why an edit cannot be applied to a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Misfit {
    /// The text does not contain the lines.
    Missing,
    /// The text contains the lines this many times.
    Ambiguous(usize),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the file does not contain the lines of the edit"),
            Self::Ambiguous(times) => {
                write!(
                    f,
                    "the file contains the lines of the edit {times} times, but they must be unique"
                )
            }
        }
    }
}

impl Line {
    /// Returns the text that the file must contain in this place, without indentation. Returns `None` for an inserted
    /// line.
    fn expected(&self) -> Option<&str> {
        match self {
            Self::Keep(text) | Self::Remove(text) => Some(text.trim()),
            Self::Insert(_) => None,
        }
    }
}

impl Edit {
    /// Returns `text` with the lines replaced.
    ///
    /// # Errors
    /// If `text` does not contain the lines exactly once.
    pub(crate) fn apply(&self, text: &str) -> Result<String, Misfit> {
        let expected: Vec<&str> = self.lines.iter().filter_map(Line::expected).collect();
        let found: Vec<&str> = text.lines().collect();
        let is_here = |lines: &&[&str]| {
            lines
                .iter()
                .map(|line| line.trim())
                .eq(expected.iter().copied())
        };
        let places: Vec<usize> = found
            .windows(expected.len().max(1))
            .enumerate()
            .filter_map(|(at, lines)| is_here(&lines).then_some(at))
            .collect();
        let [at] = places[..] else {
            return Err(match places.len() {
                0 => Misfit::Missing,
                times => Misfit::Ambiguous(times),
            });
        };
        let mut out: Vec<&str> = found[..at].to_vec();
        let mut old = found[at..].iter();
        for line in &self.lines {
            match line {
                Line::Keep(_) => out.extend(old.next()),
                Line::Remove(_) => {
                    old.next();
                }
                Line::Insert(text) => out.push(text),
            }
        }
        out.extend(old);
        Ok(out.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::{Edit, Line, Misfit};

    fn edit() -> Edit {
        Edit {
            path: "f.rs".into(),
            lines: vec![
                Line::Keep("fn f() {".into()),
                Line::Remove("    check();".into()),
                Line::Insert("    // nothing".into()),
            ],
        }
    }

    #[test]
    fn lines_are_found_whatever_their_indentation() {
        let text = "a\n  fn f() {\n      check();\n  }\n";
        let expected = "a\n  fn f() {\n    // nothing\n  }\n";
        assert_eq!(edit().apply(text), Ok(expected.into()));
    }

    #[test]
    fn missing_and_repeated_lines_are_told_apart() {
        assert_eq!(edit().apply("fn f() {\n}\n"), Err(Misfit::Missing));
        assert_eq!(edit().apply(""), Err(Misfit::Missing));
        let twice = "fn f() {\ncheck();\n}\n".repeat(2);
        assert_eq!(edit().apply(&twice), Err(Misfit::Ambiguous(2)));
    }
}
