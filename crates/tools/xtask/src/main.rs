//! `cargo xtask`: the commands that build, boot and check Samara.
//!
//! * `run`: boot the reference kernel in QEMU, crash its disk driver while it works, check the disk;
//! * `test`: every test there is, hosted and in QEMU, and the static checks on domains;
//! * `ci`: what must pass before a change is merged;
//! * `targets`: the minimal program on targets without an operating system;
//! * `holes`: past holes of the core and of devices, put back one at a time: which of them the tests find;
//! * `trusted`: lines of code that a kernel trusts for its devices;
//! * `bench`: the hosted benchmarks.
//!
//! Progress goes to standard error, results to standard output. Everything that is started has a time
//! limit, so that no command hangs.

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
    // Builds of the kernel start this program as the compiler's wrapper.
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
