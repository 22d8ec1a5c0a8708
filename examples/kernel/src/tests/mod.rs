//! The kernel's own tests. They run in the machine that the kernel has booted.
//!
//! The linker collects the tests. A test fails if it panics, or if a thread that it has started panics. The panic is
//! contained, and the other tests run.

mod arena;
mod backtraces;
mod budgets;
mod callers;
mod chains;
mod crashing_domain;
mod death_with_resources;
mod deaths;
mod deep_stacks;
mod domain_threads;
mod domains;
pub(crate) mod fatal_faults;
mod frames;
mod interrupts;
mod matrix;
mod memory_functions;
mod memory_rights;
mod middle_domain;
mod mixed_faults;
mod nested_panics;
mod nvme;
mod object_collection;
mod pair;
mod panics;
mod pci;
mod quotas;
mod register_pattern;
mod serving;
mod single_step;
mod sizes;
mod stack_exhaustion;
mod starts;
mod stepped;
mod stop_in_destructors;
mod threads;
mod tick_each_instruction;
mod time;
mod time_accounting;
mod totals;
mod traps;
mod victim;

use alloc::vec::Vec;
use core::sync::atomic::Ordering::Relaxed;

use linkme::distributed_slice;
use samara_serial_protocol::{Message, TestTotals};

use crate::arch::exit::ExitCode;
use crate::boot::command_line::CommandLine;
use crate::host::set_event_sink;
use crate::thread::spawn::PANICKED;
use crate::{println, report};

/// The least number of tests. If there are fewer, the linker has dropped a module of tests, or a module was not
/// built.
const EXPECTED: usize = 123;

/// A test's name and body.
pub(crate) struct KernelTest {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
}

/// All tests that were linked.
#[distributed_slice]
pub(crate) static KERNEL_TESTS: [KernelTest];

/// Declares tests. A test is a plain function, which the macro enters in [`KERNEL_TESTS`] under its path.
macro_rules! kernel_tests {
    ($($(#[$attribute:meta])* fn $name:ident() $body:block)*) => { $(
        $(#[$attribute])*
        fn $name() $body

        const _: () = {
            #[linkme::distributed_slice($crate::tests::KERNEL_TESTS)]
            static TEST: $crate::tests::KernelTest = $crate::tests::KernelTest {
                name: concat!(module_path!(), "::", stringify!($name)),
                run: $name,
            };
        };
    )* };
}
pub(crate) use kernel_tests;

fn report_test(name: &str, passed: bool) {
    println!("{}", Message::Test { name, passed });
}

/// Runs all tests in the order of their names, prints a line for each, and then prints the totals. With `only=…` on
/// the command line, runs only the tests whose names contain that text.
pub(crate) fn run_all(command_line: &CommandLine) -> ExitCode {
    // Tests crash hundreds of domains, whose events would fill the console.
    set_event_sink(|_| {});
    let (mut passed, mut failed) = (0, 0);
    // The order in which the linker collects the tests changes from build to build.
    let mut tests: Vec<_> = KERNEL_TESTS.iter().collect();
    tests.sort_unstable_by_key(|test| test.name);
    if let Some(only) = command_line.get("only") {
        tests.retain(|test| test.name.contains(only));
    }
    let chosen = tests.len() as u64;
    for test in tests {
        // Leaves out the crate's name, which all names start with.
        let name = test
            .name
            .split_once("tests::")
            .map_or(test.name, |(_, name)| name);
        let panicked = PANICKED.load(Relaxed);
        match samara_unwind::catch(test.run) {
            Ok(()) if PANICKED.load(Relaxed) != panicked => {
                failed += 1;
                report_test(name, false);
            }
            Ok(()) => {
                passed += 1;
                report_test(name, true);
            }
            Err(payload) => {
                payload.dispose();
                failed += 1;
                report_test(name, false);
            }
        }
    }
    report::domains(); // domains that a test has left running
    println!(
        "{}",
        TestTotals {
            passed,
            failed,
            collected: chosen,
        }
    );
    if KERNEL_TESTS.len() < EXPECTED {
        println!("tests: {EXPECTED} expected, but some were not linked: see kernel.ld");
        return ExitCode::Failure;
    }
    if failed == 0 {
        ExitCode::Success
    } else {
        ExitCode::Failure
    }
}
