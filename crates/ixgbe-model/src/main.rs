//! `ixgbe-model`: the device as a vfio-user server, for QEMU and other VMMs.
#![forbid(unsafe_code)]

mod server;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = server::Arguments::parse();
    match server::serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ixgbe-model: {error}");
            ExitCode::FAILURE
        }
    }
}
