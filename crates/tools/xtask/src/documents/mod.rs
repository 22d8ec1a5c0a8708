//! Generated parts of documents, and checks of documents. The generated parts are the lists of the tests that attack an
//! invariant or cause a failure, and the counts of trusted lines.
//!
//! A line in the doc comment of a test names the invariant or failure: `/// Invariant: OWN-3`, `/// Failure: F-12`.
//! Several names are separated by commas. The lists in the documents are generated from these lines, so a list cannot
//! name a test that does not exist.
//!
//! | module | concept |
//! |---|---|
//! | `tags` | the lines in doc comments, and the tests that they belong to |
//! | `invariants` | `docs/invariants.md`: each invariant with its statement and its tests |
//! | `failures` | `docs/failure-matrix.md`: each failure with hosted tests and the kernel's tests |
//! | `counts` | the tables with counts of trusted lines |
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

/// The document with the invariants.
const INVARIANTS: &str = "docs/invariants.md";
/// The document with the failures.
const FAILURES: &str = "docs/failure-matrix.md";
/// The document with the counts of each trusted crate.
const CRATES: &str = "README.md";
/// The document with the counts of each part of the device engine.
const PARTS: &str = "docs/design.md";

/// Writes the lists of tests and the counts into the documents.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Error> {
    for (path, _, generated) in all(workspace)? {
        let path = workspace.root().join(path);
        fs::write(&path, generated).map_err(Error::io("write", &path))?;
    }
    Ok(())
}

/// Returns the title and the findings of each check. The generated parts of each document must be up to date. Each
/// line that tags a test must belong to a test. Cited invariants must exist. Links must lead to existing files and
/// headings.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<(String, Vec<String>)>, Error> {
    let mut checks = Vec::new();
    for (path, text, generated) in all(workspace)? {
        let stale = (text != generated)
            .then(|| format!("{path} is out of date; run `cargo xtask documents`"));
        let title = format!("the generated parts of {path} are up to date");
        checks.push((title, stale.into_iter().collect()));
    }
    let misplaced = Tags::collect(workspace)?.misplaced().to_vec();
    checks.push((
        "every line that names an invariant or failure as tested belongs to a test".into(),
        misplaced,
    ));
    let path = workspace.root().join(INVARIANTS);
    let invariants = read(&path)?;
    let findings = citations::unknown(workspace, &invariants::ids(&invariants))?;
    checks.push(("every cited invariant exists".into(), findings));
    let findings = links::dangling(workspace)?;
    checks.push((
        "every link in documents and comments has a target".into(),
        findings,
    ));
    Ok(checks)
}

/// A document: its path, its present text, and the text that is generated from the sources.
type Generated = (&'static str, String, String);

/// Returns all documents with generated parts.
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
