//! What `mode=demo` shows: a disk is read and written through a driver domain that is crashed again
//! and again, and nothing is lost.
//!
//! | module | concept |
//! |---|---|
//! | `disk` | the driver domain: found, started, stopped |
//! | `plan` | which request meets which fault |
//! | `manners` | in which ways the driver dies |
//! | `crashes` | what became of each crash, from the runtime's events |
//! | `client` | requests through the shadow |
//! | `work` | read it all, write a region, read that back |
//! | `totals` | what there is in the machine, before and after |

mod client;
mod crashes;
mod disk;
mod manners;
mod plan;
mod totals;
mod work;

use alloc::string::String;

use crate::arch::exit::ExitCode;
use crate::boot::command_line::CommandLine;
use crate::host::set_event_sink;
use crate::{pci, println, report};
use disk::Disk;
use manners::Manners;
use totals::Totals;
use work::{Outcome, Part};

/// What the command line asks for.
#[derive(Clone)]
struct Parameters {
    manners: Manners,
    seed: u64,
    crashes: u32,
    bytes: u64,
}

impl Parameters {
    fn parse(command_line: &CommandLine) -> Option<Self> {
        let number = |key: &str| command_line.get(key)?.parse::<u64>().ok();
        Some(Self {
            manners: Manners::parse(command_line.get("faults")?)?,
            seed: number("seed")?,
            crashes: number("crashes")?.try_into().ok()?,
            bytes: number("bytes")?,
        })
    }
}

/// Runs the demonstration.
pub(crate) fn run(command_line: &CommandLine) -> ExitCode {
    report::memory();
    for function in pci::functions() {
        println!("pci: {function}");
    }
    let Some(parameters) = Parameters::parse(command_line) else {
        println!(
            "error: the demo needs seed=N crashes=N bytes=N faults=KIND,… on the command line"
        );
        return ExitCode::Failure;
    };
    match tell(parameters) {
        Ok(true) => ExitCode::Success,
        Ok(false) => ExitCode::Failure,
        Err(message) => {
            println!("error: {message}");
            ExitCode::Failure
        }
    }
}

/// The story; true if all went as it should.
fn tell(parameters: Parameters) -> Result<bool, String> {
    set_event_sink(crashes::event);
    let slot = disk::find()?;
    // Once round, reading only, before the totals are taken: what the kernel sets up at first use
    // (page tables of windows, the host's own heap) is no leak.
    let rehearsal = Parameters {
        crashes: parameters.crashes.min(1),
        bytes: parameters.bytes.min(2 * work::REQUEST as u64),
        ..parameters.clone()
    };
    println!("rehearsal:");
    round(slot, &rehearsal, Part::Rehearsal)?;
    crashes::reset();

    println!("the story:");
    let before = Totals::now();
    let outcome = round(slot, &parameters, Part::Whole)?;
    let after = Totals::now();

    let (leaked_objects, leaked_pages) = after.leaked_since(before);
    let crashed = crashes::counts();
    let [panics, faults, overflows, hangs, double_panics] = crashed.by_manner;
    report::memory();
    println!(
        "@totals crashes={} recovered={} lost={} leaked_objects={leaked_objects} \
         leaked_pages={leaked_pages} panics={panics} faults={faults} overflows={overflows} \
         hangs={hangs} double_panics={double_panics}",
        crashed.crashes, crashed.recovered, outcome.lost
    );
    Ok(outcome.lost == 0
        && crashed.crashes == parameters.crashes
        && crashed.recovered == crashed.crashes
        && leaked_objects == 0
        && leaked_pages == 0)
}

/// From the start of the driver to its stop.
fn round(
    slot: &'static samara_device_io::PciSlot,
    parameters: &Parameters,
    part: Part,
) -> Result<Outcome, String> {
    let disk = Disk::start(slot)?;
    report::domains();
    let outcome = work::run(&disk, parameters, part);
    report::domains();
    disk.stop()?;
    outcome
}
