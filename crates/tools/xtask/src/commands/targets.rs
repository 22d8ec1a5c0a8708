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
    let mut programs = Tally::default();
    targets::check(workspace, &mut programs)?;
    if programs.failed == 0 {
        tally.add(programs);
        return Ok(());
    }
    Err(Error::Checks {
        failed: programs.failed,
        of: format!("{} programs", programs.sum()),
    })
}
