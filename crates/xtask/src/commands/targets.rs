//! `cargo xtask targets`.

use crate::error::Error;
use crate::tally::Tally;
use crate::targets;
use crate::workspace::Workspace;

/// Builds the minimal program for the small targets, runs it, and says what it takes.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    let mut tally = Tally::default();
    all(workspace, &mut tally)?;
    println!("{tally}");
    Ok(())
}

/// As [`run`], counting into `tally`; fails if any test does.
pub(super) fn all(workspace: &Workspace, tally: &mut Tally) -> Result<(), Error> {
    let before = *tally;
    targets::check(workspace, tally)?;
    if tally.failed == before.failed {
        return Ok(());
    }
    Err(Error::Checks {
        failed: tally.failed - before.failed,
        of: format!("{} programs", tally.sum() - before.sum()),
    })
}
