//! `cargo xtask`: the commands that build, boot and check Samara.
//!
//! * `run`: boots the reference kernel in QEMU, crashes its disk and network drivers while they work, and checks the
//!   disk;
//! * `test`: runs all tests, hosted and in QEMU, and the static checks on domains;
//! * `ci`: runs all checks that must pass before a merge;
//! * `test-emulator`: runs unmodified Linux and iPXE on the model of the 82599;
//! * `targets`: builds and runs the minimal program for targets without an operating system;
//! * `holes`: puts past holes of the core and of devices back, one at a time, and shows which of them the tests find;
//! * `trusted`: counts the lines of code that a kernel trusts;
//! * `documents`: writes generated lists and counts into the documents;
//! * `bench`: runs the hosted benchmarks.
//!
//! Progress goes to standard error, results go to standard output. Every program that a command starts has a time
//! limit, so no command hangs.

mod cargo;
mod checks;
mod cli;
mod commands;
mod disk;
mod disk_space;
mod documents;
mod error;
mod guest;
mod harness;
mod holes;
mod imports;
mod kernel;
mod machine;
mod network;
mod rendered_docs;
mod tally;
mod targets;
mod trusted;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Builds of the kernel set this program as `RUSTC_WRAPPER`, so cargo starts it in place of the compiler.
    if let Some(code) = samara_domain_check::record_if_wrapped() {
        return code;
    }
    match commands::dispatch(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
