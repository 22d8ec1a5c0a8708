//! Documents that can't lie: lists of the tests that attack an invariant or make a failure happen, and links that lead somewhere.
//!
//! A test says so itself, in a line of its documentation: `/// Invariant: OWN-3`, `/// Failure: F-12`, with commas between several.
//! The lists in the documents are generated from these lines, so neither can name a test that isn't there.
//!
//! | module | concept |
//! |---|---|
//! | `tags` | the lines, and the tests that they stand at |
//! | `invariants` | `docs/invariants.md`: a statement for each invariant, and its tests |
//! | `failures` | `docs/failure-matrix.md`: a row for each failure, with hosted tests and the kernel's |
//! | `counts` | rows of the tables that count trusted lines |
//! | `citations` | names of invariants in comments and documents |
//! | `links` | links between documents, and from comments to them |

mod citations;
mod counts;
mod failures;
mod invariants;
mod links;
mod tags;

use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::trusted;
use crate::workspace::Workspace;

use self::tags::Tags;

/// The list of invariants.
const INVARIANTS: &str = "docs/invariants.md";
/// The list of failures.
const FAILURES: &str = "docs/failure-matrix.md";
/// The document that shows what each trusted crate has.
const CRATES: &str = "README.md";
/// The document that shows what each part of the device engine has.
const PARTS: &str = "docs/design.md";

/// Writes the lists of tests and the counts into the documents.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Error> {
    for (path, _, generated) in all(workspace)? {
        let path = workspace.root().join(path);
        fs::write(&path, generated).map_err(Error::io("write", &path))?;
    }
    Ok(())
}

/// Findings on each document: that its lists are not those of the tests, or that a name is of no invariant.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<(String, Vec<String>)>, Error> {
    let mut checks = Vec::new();
    for (path, text, generated) in all(workspace)? {
        let stale = (text != generated)
            .then(|| format!("{path} is not what the sources say: run `cargo xtask documents`"));
        let title = format!("{path} shows what the sources say");
        checks.push((title, stale.into_iter().collect()));
    }
    let misplaced = Tags::collect(workspace)?.misplaced().to_vec();
    checks.push(("every line of evidence stands at a test".into(), misplaced));
    let path = workspace.root().join(INVARIANTS);
    let invariants = read(&path)?;
    let findings = citations::unknown(workspace, &invariants::ids(&invariants))?;
    checks.push(("every cited invariant is one".into(), findings));
    let findings = links::dangling(workspace)?;
    checks.push((
        "every link in documents and comments leads somewhere".into(),
        findings,
    ));
    Ok(checks)
}

/// A document: its path, its text of today, and the text that the sources make of it.
type Generated = (&'static str, String, String);

fn all(workspace: &Workspace) -> Result<Vec<Generated>, Error> {
    let tags = Tags::collect(workspace)?;
    let crates = trusted::count_crates(workspace)?;
    let parts = trusted::count_parts(workspace)?;
    let paths = [INVARIANTS, FAILURES, CRATES, PARTS];
    let documents = paths.into_iter().map(|path| {
        let text = read(&workspace.root().join(path))?;
        let generated = match path {
            INVARIANTS => invariants::with_tests(&text, &tags),
            FAILURES => failures::with_tests(&text, &tags),
            CRATES => counts::with_rows(&text, &crates),
            _ => counts::with_rows(&text, &parts),
        };
        let generated = generated.map_err(|problem| Error::Output {
            what: path.into(),
            problem,
        })?;
        Ok((path, text, generated))
    });
    documents.collect()
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::io("read", path))
}
