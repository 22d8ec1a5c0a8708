//! The commands, one file for each. The command `documents` is in `crate::documents`.

mod bench;
mod broken_disks;
mod ci;
mod doomed;
mod fatal_faults;
mod holes;
mod run;
mod targets;
mod test;
mod test_emulator;
mod trusted;

use crate::cli::{Cli, Command};
use crate::disk_space;
use crate::documents;
use crate::error::Error;
use crate::workspace::Workspace;

/// Runs the command that the command line names.
pub(crate) fn dispatch(cli: Cli) -> Result<(), Error> {
    let workspace = Workspace::locate();
    if matches!(cli.command, Command::Test(_) | Command::Ci) {
        disk_space::tell(&workspace);
    }
    match cli.command {
        Command::Run(args) => run::run(&workspace, &args),
        Command::Test(args) => test::run(&workspace, &args),
        Command::Ci => ci::run(&workspace),
        Command::TestEmulator => test_emulator::run(&workspace),
        Command::Targets => targets::run(&workspace),
        Command::Holes(args) => holes::run(&workspace, &args),
        Command::Documents => documents::write(&workspace),
        Command::Trusted => trusted::run(&workspace),
        Command::Bench(args) => bench::run(&workspace, &args),
    }
}
