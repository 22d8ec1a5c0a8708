//! What `mode=demo` shows: the machine, the driver in its domain, and a disk behind a proxy.

use core::time::Duration;

use samara::prelude::*;
use samara_interfaces::BlockDevice;
use samara_nvme::Args;

use crate::arch::exit::ExitCode;
use crate::host::{runtime, slot};
use crate::pci::{self, Class};
use crate::{println, report};

/// Restarts of the driver that the demonstration allows.
const RESTARTS: Restart = Restart::limited(100, Duration::from_secs(60));

/// Runs the demonstration.
pub(crate) fn run() -> ExitCode {
    report::memory();
    for function in pci::functions() {
        println!("pci: {function}");
    }
    match show_disk() {
        Ok(()) => ExitCode::Success,
        Err(message) => {
            println!("error: {message}");
            ExitCode::Failure
        }
    }
}

fn show_disk() -> Result<(), &'static str> {
    let driver = spawn_driver()?;
    let disk = driver.shadow().map_err(|_| "no memory for a shadow")?;
    let geometry = disk.geometry().map_err(|_| "the driver does not answer")?;
    println!(
        "disk: {} blocks of {} bytes",
        geometry.blocks, geometry.block_size
    );
    report::domains();
    Ok(())
}

/// Starts the driver for the machine's NVMe controller.
fn spawn_driver() -> Result<Domain<dyn BlockDevice>, &'static str> {
    let mut functions = pci::functions().iter();
    let controller = functions.find(|function| function.class == Class::NVME);
    let controller = controller.ok_or("no NVMe controller: give the machine a disk")?;
    let slot = slot(controller).ok_or("the controller cannot be claimed")?;
    let mint = Mint::fallible(move || slot.claim().map(Args::from));
    let spec = DomainSpec::new("nvme").restart(RESTARTS);
    runtime()
        .spawn(spec, samara_nvme::init, mint)
        .map_err(|error| {
            println!("nvme: {error}");
            "the driver did not start"
        })
}
