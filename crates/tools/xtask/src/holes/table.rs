//! The table of results, as docs/holes.md shows it.

use std::fmt;

use super::Hole;
use super::run::{Ended, Outcome};

/// A row of the table: a hole and the outcomes of the suites.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) hole: Hole,
    /// The outcomes of the machine's modes that were run. Empty if the suite was not selected.
    pub(crate) machine: Vec<Outcome>,
    /// The outcome of the hole's own test, if it was run.
    pub(crate) guard: Option<Outcome>,
}

impl Row {
    /// The head of the table.
    pub(crate) const HEAD: &str = "| hole | what went wrong | rule that excludes it | the machine finds it | its test |\n|---|---|---|---|---|";

    /// Whether the machine found the hole.
    pub(crate) fn found(&self) -> bool {
        self.machine.iter().any(Outcome::found)
    }

    /// Whether the hole's own test was run and passed.
    pub(crate) fn is_unguarded(&self) -> bool {
        self.guard.as_ref().is_some_and(|guard| !guard.found())
    }
}

/// Describes a run: the test, its ending, its time, and its steps if they are known.
fn by(outcome: &Outcome) -> String {
    let how = match outcome.ended {
        Ended::Passed => "passes",
        Ended::Failed => "fails",
        Ended::Hung => "hangs",
    };
    let took = outcome.took.as_secs_f32();
    let steps = outcome
        .steps
        .map_or_else(String::new, |steps| format!(", {steps} steps"));
    format!("`{}` {how}: {took:.1} s{steps}", outcome.test)
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hole {
            name, title, rule, ..
        } = &self.hole;
        let machine = match self.machine.split_last() {
            None => "not run".into(),
            Some((last, before)) if last.found() => {
                let passed: f32 = before.iter().map(|one| one.took.as_secs_f32()).sum();
                if before.is_empty() {
                    by(last)
                } else {
                    format!("{}, after {passed:.0} s in others", by(last))
                }
            }
            Some(_) => {
                let all: f32 = self.machine.iter().map(|one| one.took.as_secs_f32()).sum();
                format!("no, in {all:.0} s")
            }
        };
        let guard = match &self.guard {
            None => format!("`{}`", self.hole.guard.name()),
            Some(outcome) => {
                let ended = match outcome.ended {
                    Ended::Passed => "**passes**",
                    Ended::Failed => "fails",
                    Ended::Hung => "hangs",
                };
                format!("`{}` {ended}", self.hole.guard.name())
            }
        };
        write!(f, "| {name} | {title} | {rule} | {machine} | {guard} |")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Row;
    use crate::holes::Hole;
    use crate::holes::run::{Ended, Outcome};

    const FILE: &str = "title: A\nwrong: B\nrule: C\nguard: p t::e\n@@ x\n-gone\n";

    fn outcome(ended: Ended) -> Outcome {
        Outcome {
            test: "m".into(),
            ended,
            took: Duration::from_millis(1500),
            steps: Some(7),
        }
    }

    #[test]
    fn a_row_shows_which_test_found_the_hole() {
        let hole = Hole::parse("k/n", "k/n.hole", FILE).expect("the file is valid");
        let mut row = Row {
            hole,
            machine: vec![outcome(Ended::Failed)],
            guard: Some(outcome(Ended::Passed)),
        };
        let expected = "| k/n | A | C | `m` fails: 1.5 s, 7 steps | `t::e` **passes** |";
        assert_eq!((row.found(), row.to_string().as_str()), (true, expected));
        row.machine = vec![outcome(Ended::Passed)];
        row.guard = None;
        let expected = "| k/n | A | C | no, in 2 s | `t::e` |";
        assert_eq!((row.found(), row.to_string().as_str()), (false, expected));
    }
}
