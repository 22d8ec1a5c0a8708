//! `cargo xtask trusted`.

use crate::error::Error;
use crate::trusted;
use crate::workspace::Workspace;

/// Prints how many lines a kernel trusts for its devices; fails if a part has more than it may.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    let parts = trusted::count(workspace)?;
    println!("| part | lines of code | at most |\n|---|---|---|");
    for part in &parts {
        println!("{part}");
    }
    let over = parts.iter().filter(|part| part.is_over()).count();
    match over {
        0 => Ok(()),
        failed => Err(Error::Checks {
            failed: failed as u64,
            of: format!("{} parts", parts.len()),
        }),
    }
}
