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
//! | `citations` | names of invariants in comments and documents |
//! | `links` | links between documents, and from comments to them |

mod citations;
mod failures;
mod invariants;
mod links;
mod tags;

use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::workspace::Workspace;

use self::tags::Tags;

/// A document whose lists of tests are generated.
type Generated = (&'static str, fn(&str, &Tags) -> Result<String, String>);

const DOCUMENTS: [Generated; 2] = [
    ("docs/invariants.md", invariants::with_tests),
    ("docs/failure-matrix.md", failures::with_tests),
];

/// Writes the lists of tests into the documents.
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
            .then(|| format!("{path} is not what the tests say: run `cargo xtask documents`"));
        let title = format!("{path} lists the tests that say so");
        checks.push((title, stale.into_iter().collect()));
    }
    let path = workspace.root().join(DOCUMENTS[0].0);
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

/// Each document with its text of today and the text that the tests make of it.
fn all(workspace: &Workspace) -> Result<Vec<(&'static str, String, String)>, Error> {
    let tags = Tags::collect(workspace)?;
    let documents = DOCUMENTS.iter().map(|&(path, generate)| {
        let text = read(&workspace.root().join(path))?;
        let generated = generate(&text, &tags).map_err(|problem| Error::Output {
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
