//! The reference kernel of Samara: the smallest that shows every host hook, for x86_64 under QEMU.
//!
//! One processor; threads are taken turns by the tick, devices are polled. Command line: `mode=test`
//! runs the kernel's own tests (feature `kernel-tests`), `mode=demo` the demonstration (feature
//! `demo`).
#![no_std]
#![no_main]
#![cfg_attr(
    not(any(feature = "demo", feature = "kernel-tests")),
    allow(
        dead_code,
        unused_imports,
        reason = "without a mode there is little to do"
    )
)]
#![expect(unsafe_code, reason = "a kernel: devices, page tables, traps")]

extern crate alloc;

mod arch;
mod backtrace;
mod boot;
mod console;
#[cfg(feature = "demo")]
mod demo;
mod firmware;
mod host;
mod mm;
mod panic;
mod pci;
mod report;
mod symbols;
mod sync;
#[cfg(feature = "kernel-tests")]
mod tests;
mod thread;
mod time;
mod trap;

use arch::exit::{ExitCode, exit};
use boot::command_line::CommandLine;
use boot::start_info::BootInfo;
use spin::Once;

/// What the loader said.
static BOOT_INFO: Once<BootInfo> = Once::new();

/// The kernel, once there is a stack to run on. `start_info` is the physical address that the
/// loader passed.
extern "C" fn kernel_main(start_info: u32) -> ! {
    thread::cpu::init(0);
    console::init();
    arch::descriptors::init(trap::stub);
    // From here on a panic tells where.
    thread::cut::init();
    // SAFETY: the entry code passes on what the loader gave it, and nothing has used memory outside
    // the image yet.
    let info = unsafe { BootInfo::copy(start_info) }.expect("not started by a PVH loader");
    let info = BOOT_INFO.call_once(|| info);
    init(info);
    exit(run(&info.command_line))
}

/// Sets up memory, clock and devices.
///
/// # Panics
/// Where the machine lacks what the kernel cannot do without.
fn init(info: &'static BootInfo) {
    let module = info.symbols();
    mm::frames::init(&info.memory, module);
    mm::address_space::init(&info.memory);
    mm::window::init(&info.memory);
    // SAFETY: what the loader left, reserved above.
    unsafe { symbols::init(module) };
    // SAFETY: from the loader; the tables lie in memory that the map does not call usable.
    let firmware = unsafe { firmware::read(info.rsdp) }.expect("no ACPI tables");
    assert!(
        time::init(&firmware),
        "no clock: neither HPET nor ACPI timer"
    );
    pci::init(&firmware);
    pci::scan();
    if pci::left_out() > 0 {
        println!(
            "pci: {} more functions, which are not looked at: take devices out, or raise MAX_FUNCTIONS",
            pci::left_out()
        );
    }
    thread::init();
}

/// Does what the command line asks for.
fn run(command_line: &CommandLine) -> ExitCode {
    match command_line.get("mode") {
        #[cfg(feature = "kernel-tests")]
        Some("test") => tests::run_all(command_line),
        #[cfg(feature = "kernel-tests")]
        Some("fault") => tests::fatal_faults::run(command_line.get("kind").unwrap_or_default()),
        #[cfg(feature = "demo")]
        Some("demo") => demo::run(command_line),
        mode => {
            println!(
                "nothing to do: mode={} is not built in",
                mode.unwrap_or("(none)")
            );
            report::memory();
            ExitCode::Failure
        }
    }
}
