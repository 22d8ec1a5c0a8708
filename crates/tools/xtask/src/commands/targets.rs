//! `cargo xtask targets`: builds and runs the minimal program for the small targets.

use crate::error::Error;
use crate::tally::Tally;
use crate::targets;
use crate::workspace::Workspace;

/// Builds the minimal program for the small targets, runs it, and prints how much memory it needs.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    let mut tally = Tally::default();
    all(workspace, &mut tally)?;
    println!("{tally}");
    Ok(())
}

/// Does the same as [`run`], but adds the counts to `tally`. Fails if a program fails.
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
