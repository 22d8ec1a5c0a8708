//! `ixgbe-emulator`: the device as a vfio-user server, for QEMU and other VMMs.
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod server;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use clap::Parser;

    let arguments = server::Arguments::parse();
    match server::serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ixgbe-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("ixgbe-emulator: vfio-user needs Linux; elsewhere use the device in process");
    ExitCode::FAILURE
}
