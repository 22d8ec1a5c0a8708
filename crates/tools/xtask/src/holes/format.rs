//! The format of a hole's file.
//!
//! ```text
//! title: Nested objects keep their former owner
//! wrong: What went wrong, for the readers of the file.
//! rule: The rule that excludes it now
//! guard: samara-proxy moves::a_nested_argument
//!
//! @@ rref/src/rref.rs
//!  a line that stays
//! -a line that goes
//! +a line that comes
//! ```
//!
//! A guard is `package target::test` for a test in an integration test of the package, or `package --lib test` for a
//! unit test. The field `profile: dev` names the cargo profile with which the guard is built. Without the field, the
//! profile is [`CHECKED`].

use super::edit::{Edit, Line, Misfit};
use super::error::HoleError;
use super::state_machine::Of;

/// One past hole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hole {
    /// Its kind and the name of its file without the extension: `kind/name`.
    pub(crate) name: String,
    /// The path of its file, below the workspace's root.
    pub(crate) file: String,
    /// A description in one line.
    pub(crate) title: String,
    /// The consequences that the hole had.
    pub(crate) wrong: String,
    /// The rule that now prevents such a hole.
    pub(crate) rule: String,
    /// The test that fails if the hole is put back.
    pub(crate) guard: Guard,
    /// The edits that put it back.
    pub(crate) edits: Vec<Edit>,
}

/// A test that guards against a hole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Guard {
    /// Its package.
    pub(crate) package: String,
    /// The integration test that contains it. `None` for a unit test.
    pub(crate) target: Option<String>,
    /// Its path in that test program.
    pub(crate) test: String,
    /// The cargo profile with which it is built.
    pub(crate) profile: String,
}

/// The kind of the holes of devices.
pub(crate) const DEVICES: &str = "devices";

/// The cargo profile of the machines, and of guards that do not name a profile. It is a release profile with the
/// checks of a debug build. It optimises, because some holes in cuts show only in optimised code.
pub(crate) const CHECKED: &str = "checked";

impl Guard {
    fn parse(text: &str, profile: &str) -> Option<Self> {
        let (package, rest) = text.split_once(' ')?;
        let (target, test) = match rest.strip_prefix("--lib ") {
            Some(test) => (None, test),
            None => {
                let (target, test) = rest.split_once("::")?;
                (Some(target.to_owned()), test)
            }
        };
        Some(Guard {
            package: package.into(),
            target,
            test: test.into(),
            profile: if profile.is_empty() { CHECKED } else { profile }.into(),
        })
    }

    /// Returns the name of the test as docs/holes.md shows it.
    pub(crate) fn name(&self) -> String {
        match &self.target {
            Some(target) => format!("{target}::{}", self.test),
            None => self.test.clone(),
        }
    }
}

impl Hole {
    /// Parses `text`, the contents of `file`, as the hole `name`.
    pub(crate) fn parse(name: &str, file: &str, text: &str) -> Result<Self, HoleError> {
        let malformed = |line: usize, problem: &str| HoleError::Malformed {
            file: file.into(),
            line: line + 1,
            problem: problem.into(),
        };
        let keys = ["title", "wrong", "rule", "guard", "profile"];
        let mut fields = keys.map(|key| (key, String::new()));
        let mut edits: Vec<Edit> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if let Some(path) = line.strip_prefix("@@ ") {
                edits.push(Edit {
                    path: path.into(),
                    lines: Vec::new(),
                });
                continue;
            }
            let Some(edit) = edits.last_mut() else {
                if let Some((key, value)) = line.split_once(": ") {
                    let field = fields.iter_mut().find(|(known, _)| *known == key);
                    let field = field.ok_or_else(|| {
                        malformed(
                            number,
                            "unknown field; the fields are title, wrong, rule, guard and profile",
                        )
                    })?;
                    field.1 = value.into();
                } else if !line.is_empty() {
                    return Err(malformed(
                        number,
                        "the line is neither a field `key: value` nor the beginning of an edit `@@ path`",
                    ));
                }
                continue;
            };
            let mut chars = line.chars();
            let line = match (chars.next(), chars.as_str().to_owned()) {
                (Some('-'), text) => Line::Remove(text),
                (Some('+'), text) => Line::Insert(text),
                (Some(' '), text) => Line::Keep(text),
                (None, _) => continue,
                _ => {
                    return Err(malformed(
                        number,
                        "a line of an edit must begin with ' ', '-' or '+'",
                    ));
                }
            };
            edit.lines.push(line);
        }
        let last = text.lines().count().saturating_sub(1);
        if let Some((key, _)) = fields[..4].iter().find(|(_, value)| value.is_empty()) {
            return Err(malformed(0, &format!("the field {key} is missing")));
        }
        let changes = |edit: &Edit| {
            edit.lines
                .iter()
                .any(|line| !matches!(line, Line::Insert(_)))
        };
        if edits.is_empty() || !edits.iter().all(changes) {
            return Err(malformed(
                last,
                "the file has no edit, or an edit without a line that begins with ' ' or '-' and shows the place",
            ));
        }
        let [title, wrong, rule, guard, profile] = fields.map(|(_, value)| value);
        Ok(Hole {
            name: name.into(),
            file: file.into(),
            title,
            wrong,
            rule,
            guard: Guard::parse(&guard, &profile).ok_or_else(|| {
                malformed(
                    0,
                    "a guard must be `package target::test` or `package --lib test`",
                )
            })?,
            edits,
        })
    }

    /// Returns the part of the system that the hole belongs to.
    pub(crate) fn of(&self) -> Of {
        match self.kind() {
            DEVICES => Of::Devices,
            _ => Of::Core,
        }
    }

    /// Returns its kind, which is the name of its folder.
    pub(crate) fn kind(&self) -> &str {
        self.name.split_once('/').map_or("", |(kind, _)| kind)
    }

    /// Returns the paths of the files that it changes, with their changed texts. `read` returns a file's text without
    /// the hole.
    pub(crate) fn apply<E: From<HoleError>>(
        &self,
        mut read: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Vec<(String, String)>, E> {
        let mut changed: Vec<(String, String)> = Vec::new();
        for edit in &self.edits {
            let misfit = |misfit: Misfit| HoleError::NoLongerApplies {
                file: self.file.clone(),
                source: edit.path.clone(),
                misfit,
            };
            match changed.iter_mut().find(|(path, _)| *path == edit.path) {
                Some((_, text)) => *text = edit.apply(text).map_err(misfit)?,
                None => {
                    let text = read(&edit.path)?;
                    changed.push((edit.path.clone(), edit.apply(&text).map_err(misfit)?));
                }
            }
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECKED, Guard, Hole};
    use crate::holes::HoleError;

    const FILE: &str = "title: A\nwrong: B: c\nrule: `d`\nguard: p t::e\n\n@@ x\n-gone\n+come\n@@ x\n kept\n-two\n";

    fn parse(text: &str) -> Result<Hole, HoleError> {
        Hole::parse("k/n", "k/n.hole", text)
    }

    #[test]
    fn a_file_is_parsed_and_its_edits_apply_in_order() {
        let hole = parse(FILE).expect("the text is valid");
        assert_eq!((hole.title.as_str(), hole.wrong.as_str()), ("A", "B: c"));
        assert_eq!((hole.kind(), hole.guard.name().as_str()), ("k", "t::e"));
        let read = |_: &str| Ok::<_, HoleError>("gone\nkept\ntwo\n".into());
        let changed = hole.apply(read).expect("the edits apply");
        assert_eq!(changed, [("x".into(), "come\nkept\n".into())]);
    }

    #[test]
    fn a_unit_test_can_be_a_guard() {
        let guard = Guard::parse("p --lib a::tests::b", "").expect("the text is valid");
        assert_eq!((guard.target, guard.test.as_str()), (None, "a::tests::b"));
        assert_eq!(guard.profile, CHECKED);
    }

    #[test]
    fn a_malformed_file_is_reported_with_its_line() {
        for (text, line) in [
            (FILE.replace("-gone", "gone"), 7),
            (FILE.replace("rule", "role"), 3),
            (FILE.replace("rule: `d`\n", ""), 1),
            (FILE.replace("p t::e", "nothing"), 1),
            (FILE.replace("-gone", "+gone"), 11),
        ] {
            let error = parse(&text).expect_err("the text is malformed").to_string();
            assert!(error.starts_with(&format!("k/n.hole:{line}: ")), "{error}");
        }
    }
}
