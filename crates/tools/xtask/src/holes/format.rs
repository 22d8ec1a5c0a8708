//! A hole's file.
//!
//! ```text
//! title: Nested objects keep their former owner
//! wrong: What went wrong, for who reads the table.
//! rule: What excludes it now
//! guard: samara-proxy moves::a_nested_argument
//!
//! @@ rref/src/rref.rs
//!  a line that stays
//! -a line that goes
//! +a line that comes
//! ```
//!
//! A guard is a package, then a test of one of its integration tests, or `--lib` and a unit test. A field
//! `profile: dev` has it built as that says; else it is optimised, with the checks of a debug build.

use super::edit::{Edit, Line, Misfit};
use super::error::HoleError;
use super::state_machine::Of;

/// One past hole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hole {
    /// Its file below the folder of all, without the extension: `kind/name`.
    pub(crate) name: String,
    /// Its file, below the workspace's root.
    pub(crate) file: String,
    /// What it is, in a line.
    pub(crate) title: String,
    /// What went wrong.
    pub(crate) wrong: String,
    /// What excludes it now.
    pub(crate) rule: String,
    /// The test that fails with it.
    pub(crate) guard: Guard,
    /// What puts it back.
    pub(crate) edits: Vec<Edit>,
}

/// A test.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Guard {
    /// Its package.
    pub(crate) package: String,
    /// The integration test that it is in; `None` for a unit test.
    pub(crate) target: Option<String>,
    /// Its path in there.
    pub(crate) test: String,
    /// The profile that it is built by.
    pub(crate) profile: String,
}

/// The kind of holes that are about devices.
pub(crate) const DEVICES: &str = "devices";

/// How guards are built, and the machine: as what ships, with the checks of a debug build. Cuts need
/// optimised code.
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

    /// As the documentation names it.
    pub(crate) fn name(&self) -> String {
        match &self.target {
            Some(target) => format!("{target}::{}", self.test),
            None => self.test.clone(),
        }
    }
}

impl Hole {
    /// Reads the hole `name` from `text`, which is that of `file`.
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
                    let field = field.ok_or_else(|| malformed(number, "unknown field"))?;
                    field.1 = value.into();
                } else if !line.is_empty() {
                    return Err(malformed(number, "neither a field nor an edit"));
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
                        "a line of an edit begins with ' ', '-' or '+'",
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
            return Err(malformed(last, "no edit, or one that shows no place"));
        }
        let [title, wrong, rule, guard, profile] = fields.map(|(_, value)| value);
        Ok(Hole {
            name: name.into(),
            file: file.into(),
            title,
            wrong,
            rule,
            guard: Guard::parse(&guard, &profile)
                .ok_or_else(|| malformed(0, "a guard is `package target::test`"))?,
            edits,
        })
    }

    /// What it is a hole of.
    pub(crate) fn of(&self) -> Of {
        match self.kind() {
            DEVICES => Of::Devices,
            _ => Of::Core,
        }
    }

    /// Its folder, which is its kind.
    pub(crate) fn kind(&self) -> &str {
        self.name.split_once('/').map_or("", |(kind, _)| kind)
    }

    /// The files that it changes with their text, of which `read` gives what they are without it.
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
    fn a_file_is_read_and_its_edits_follow_each_other() {
        let hole = parse(FILE).expect("valid");
        assert_eq!((hole.title.as_str(), hole.wrong.as_str()), ("A", "B: c"));
        assert_eq!((hole.kind(), hole.guard.name().as_str()), ("k", "t::e"));
        let read = |_: &str| Ok::<_, HoleError>("gone\nkept\ntwo\n".into());
        let changed = hole.apply(read).expect("it applies");
        assert_eq!(changed, [("x".into(), "come\nkept\n".into())]);
    }

    #[test]
    fn unit_tests_guard_too() {
        let guard = Guard::parse("p --lib a::tests::b", "").expect("valid");
        assert_eq!((guard.target, guard.test.as_str()), (None, "a::tests::b"));
        assert_eq!(guard.profile, CHECKED);
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_line() {
        for (text, line) in [
            (FILE.replace("-gone", "gone"), 7),
            (FILE.replace("rule", "role"), 3),
            (FILE.replace("rule: `d`\n", ""), 1),
            (FILE.replace("p t::e", "nothing"), 1),
            (FILE.replace("-gone", "+gone"), 11),
        ] {
            let error = parse(&text).expect_err("malformed").to_string();
            assert!(error.starts_with(&format!("k/n.hole:{line}: ")), "{error}");
        }
    }
}
