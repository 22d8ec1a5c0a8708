//! The reference kernel of Samara, for x86_64 under QEMU: the smallest kernel that shows every host hook.
//!
//! It runs on one CPU. The tick schedules threads by round robin. The demo polls its devices; a driver may also wait
//! for message-signalled interrupts. On the command line, `mode=test` runs the kernel's own tests (feature
//! `kernel-tests`), and `mode=demo` runs the demo (feature `demo`).
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

/// The information that the loader passed.
static BOOT_INFO: Once<BootInfo> = Once::new();

/// Runs the kernel, on the main stack. `start_info` is the physical address that the loader passed.
extern "C" fn kernel_main(start_info: u32) -> ! {
    thread::cpu::init(0);
    console::init();
    arch::descriptors::init(trap::stub);
    // From here on a panic prints a backtrace.
    thread::cut::init();
    // SAFETY: the entry code passes on the address that the loader gave it, its page tables are in force, and no code
    // has used memory outside the image yet.
    let info = unsafe { BootInfo::copy(start_info) }
        .expect("the loader passed no PVH start info, or a memory map of more than 64 entries");
    let info = BOOT_INFO.call_once(|| info);
    init(info);
    exit(run(&info.command_line))
}

/// Sets up memory, the clock, devices and threads.
///
/// # Panics
/// If the machine has no ACPI tables, no clock, no timer, or too little memory.
fn init(info: &'static BootInfo) {
    let module = info.symbols();
    mm::frames::init(&info.memory, module);
    mm::address_space::init(&info.memory);
    mm::window::init(&info.memory);
    // SAFETY: the loader left the module there, and `frames::init` has reserved its memory.
    unsafe { symbols::init(module) };
    // SAFETY: the loader passed the address, and the tables lie in memory that the memory map does not call usable.
    let firmware = unsafe { firmware::read(info.rsdp) }.expect("no ACPI tables");
    assert!(
        time::init(&firmware),
        "no clock: neither HPET nor ACPI timer"
    );
    pci::init(&firmware);
    pci::scan();
    if pci::left_out() > 0 {
        println!(
            "pci: {} more functions were found and are not used: remove devices, or raise MAX_FUNCTIONS",
            pci::left_out()
        );
    }
    thread::init();
}

/// Runs the mode that the command line names.
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
                "nothing to do: mode={} is not built in; build the kernel with the feature for that mode",
                mode.unwrap_or("(none)")
            );
            report::memory();
            ExitCode::Failure
        }
    }
}
