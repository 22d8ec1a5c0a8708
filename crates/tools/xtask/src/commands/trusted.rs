//! `cargo xtask trusted`: counts the code that a kernel trusts.

use crate::error::Error;
use crate::trusted::{count_crates, count_parts};
use crate::workspace::Workspace;

/// Prints the lines and `unsafe` sites that a kernel trusts. Fails if a part of the device engine has more lines than
/// its limit.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    println!("| crate | lines of code | `unsafe` sites | files with one |\n|---|---|---|---|");
    for count in count_crates(workspace)? {
        println!("{count}");
    }
    let parts = count_parts(workspace)?;
    println!("\n| part | lines of code | at most |\n|---|---|---|");
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
