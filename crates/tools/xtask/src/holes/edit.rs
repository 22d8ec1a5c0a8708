//! Replacing lines that are found by what they say: indentation, and the code around them, may change.

use std::fmt;

/// A line of an edit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    /// Stays, and shows the place.
    Keep(String),
    /// Goes.
    Remove(String),
    /// Comes.
    Insert(String),
}

/// Lines of one file that follow each other, and what stands there instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Edit {
    /// The file, below the workspace's root.
    pub(crate) path: String,
    /// In order.
    pub(crate) lines: Vec<Line>,
}

/// Why an edit has no place in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Misfit {
    /// The lines are not there.
    Missing,
    /// They are there so often.
    Ambiguous(usize),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("its lines are not there"),
            Self::Ambiguous(times) => {
                write!(f, "its lines are there {times} times, where one is meant")
            }
        }
    }
}

impl Line {
    /// What must be there, without its indentation; `None` for what is inserted.
    fn expected(&self) -> Option<&str> {
        match self {
            Self::Keep(text) | Self::Remove(text) => Some(text.trim()),
            Self::Insert(_) => None,
        }
    }
}

impl Edit {
    /// `text` with the lines replaced.
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
    fn no_place_and_two_places_are_told_apart() {
        assert_eq!(edit().apply("fn f() {\n}\n"), Err(Misfit::Missing));
        assert_eq!(edit().apply(""), Err(Misfit::Missing));
        let twice = "fn f() {\ncheck();\n}\n".repeat(2);
        assert_eq!(edit().apply(&twice), Err(Misfit::Ambiguous(2)));
    }
}
