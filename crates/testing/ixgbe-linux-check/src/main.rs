//! Checks the emulator under QEMU with Debian's unmodified Linux and its `ixgbe` driver, and with iPXE.
//!
//! It fetches Debian packages through the machine's own apt, unpacks them below the build directory, and installs
//! nothing. It prints a line for each verdict, and fails if one of them fails.
#![forbid(unsafe_code)]

mod error;
mod initramfs;
mod machine;
mod rounds;

use std::path::PathBuf;
use std::process::ExitCode;

use samara_provision::packages::Packages;
use samara_provision::qemu::Qemu;
use samara_provision::tree;

use crate::error::CheckError;

/// The guest's packages. They are those of Debian bookworm (Linux 6.1), because the emulator was developed from
/// traces of that kernel's driver.
const GUEST: Packages<'_> = Packages {
    names: &[
        "linux-image-amd64",
        "busybox-static",
        "ethtool",
        "iproute2",
        "ipxe",
    ],
    suites: &["bookworm"],
    with_dependencies: true,
    size: "110 MB",
};

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("ixgbe-linux-check: {failed} failed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("ixgbe-linux-check: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all rounds and returns the number of verdicts that failed.
fn run() -> Result<usize, CheckError> {
    let program =
        std::env::current_exe().map_err(|error| CheckError::io("find", "myself", error))?;
    let target = program
        .ancestors()
        .nth(2)
        .map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let home = target.join("linux-check");
    let model = program.with_file_name("ixgbe-emulator");
    if !model.is_file() {
        return Err(CheckError::Program(format!(
            "{} is missing: build it with `cargo build --release -p samara-ixgbe-emulator`",
            model.display()
        )));
    }
    let qemu = Qemu::provide_with_vfio_user(&target.join("qemu-vfio-user"))?;
    let guest = GUEST.unpacked(&home.join("guest"))?;
    let image = home.join("initramfs");
    let kernel = initramfs::build(&guest, &image)?;
    // Each run has its own directory, so that emulators that a killed run has left do not interfere. It is in the
    // system's temporary directory, because the paths of sockets must be short.
    let run = std::env::temp_dir().join(format!("ixgbe-linux-check.{}", std::process::id()));
    std::fs::create_dir_all(&run).map_err(|error| CheckError::io("create", &run, error))?;
    let failed = rounds::all(&machine::Setup {
        model,
        qemu,
        kernel,
        image,
        ipxe: tree::one(&guest, "ipxe.lkrn")?,
        run: run.clone(),
    })?;
    if failed == 0 {
        std::fs::remove_dir_all(&run).map_err(|error| CheckError::io("remove", &run, error))?;
    } else {
        eprintln!("ixgbe-linux-check: logs are in {}", run.display());
    }
    Ok(failed)
}
