//! The demo, `mode=demo`: a disk is read and written through a driver domain that is crashed again and again, and no
//! request is lost.
//!
//! | module | concept |
//! |---|---|
//! | `disk` | finds a disk, and starts and stops its driver domain |
//! | `plan` | decides which request meets which fault |
//! | `fault_kinds` | the manners in which the driver dies |
//! | `crashes` | counts and prints crashes and recoveries, by the runtime's events |
//! | `client` | makes requests through the shadow |
//! | `work` | reads the whole disk, writes a region, and reads that back |
//! | `nic` | finds a network device, and starts and stops the three domains of the network |
//! | `serve` | serves a body over HTTP again and again |
//! | `totals` | counts objects and frames, before and after |

mod client;
mod crashes;
mod disk;
mod fault_kinds;
mod nic;
mod plan;
mod serve;
mod totals;
mod work;

use alloc::string::String;

use samara_serial_protocol as protocol;

use crate::arch::exit::ExitCode;
use crate::boot::command_line::CommandLine;
use crate::host::set_event_sink;
use crate::{pci, println, report};
use crashes::Driver;
use disk::Disk;
use fault_kinds::Manners;
use serve::Service;
use totals::Totals;
use work::{Outcome, Part};

/// The parameters of the demo, from the command line.
#[derive(Clone)]
struct Parameters {
    manners: Manners,
    seed: u64,
    crashes: u32,
    bytes: u64,
    /// The network's part, if there is one.
    service: Option<Service>,
}

impl Parameters {
    fn parse(command_line: &CommandLine) -> Option<Self> {
        let number = |key: &str| command_line.get(key)?.parse::<u64>().ok();
        let service = match number("requests") {
            Some(requests) => Some(Service {
                seed: number("seed")?,
                requests,
                crashes: number("nic_crashes")?,
                bytes: number("body")?,
            }),
            None => None,
        };
        Some(Self {
            service,
            manners: Manners::parse(command_line.get("faults")?)?,
            seed: number("seed")?,
            crashes: number("crashes")?.try_into().ok()?,
            bytes: number("bytes")?,
        })
    }
}

/// Runs the demo with the parameters of the command line.
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
    match run_demo(parameters) {
        Ok(true) => ExitCode::Success,
        Ok(false) => ExitCode::Failure,
        Err(message) => {
            println!("error: {message}");
            ExitCode::Failure
        }
    }
}

/// Runs the demo. Returns true if all crashes occurred and were recovered from, nothing was lost or leaked, and the
/// network's part succeeded.
fn run_demo(parameters: Parameters) -> Result<bool, String> {
    set_event_sink(crashes::event);
    let slot = disk::find()?;
    let network = match parameters.service {
        Some(service) => Some((nic::find()?, service)),
        None => None,
    };
    // A round that only reads precedes the first totals. Otherwise memory that the kernel sets up at first use (page
    // tables of windows, the host's own heap) would count as a leak.
    let rehearsal = Parameters {
        crashes: parameters.crashes.min(1),
        bytes: parameters.bytes.min(2 * work::REQUEST as u64),
        ..parameters.clone()
    };
    println!("rehearsal:");
    round(slot, &rehearsal, Part::Rehearsal)?;
    if let Some((nic, service)) = network {
        serve::rehearse(nic, service)?;
    }
    crashes::reset();

    println!("the demo:");
    let before = Totals::now();
    let outcome = round(slot, &parameters, Part::Whole)?;
    let served = match network {
        Some((nic, service)) => {
            println!("the network's part:");
            Some((service, serve::run(nic, service, &parameters.manners)?))
        }
        None => None,
    };
    let after = Totals::now();

    let (leaked_objects, leaked_pages) = after.leaked_since(before);
    let crashed = crashes::counts(Driver::Disk);
    let [panics, faults, overflows, hangs, double_panics] = crashed.by_manner.map(u64::from);
    report::memory();
    let network_is_well = served.is_none_or(|(service, served)| report_network(service, &served));
    println!(
        "{}",
        protocol::Totals {
            crashes: crashed.crashes.into(),
            recovered: crashed.recovered.into(),
            lost: outcome.lost,
            leaked_objects: leaked_objects as u64,
            leaked_pages: leaked_pages as u64,
            panics,
            faults,
            overflows,
            hangs,
            double_panics,
        }
    );
    Ok(network_is_well
        && outcome.lost == 0
        && crashed.crashes == parameters.crashes
        && crashed.recovered == crashed.crashes
        && leaked_objects == 0
        && leaked_pages == 0)
}

/// Reports the network's part. Returns true if all requests were answered, and all crashes occurred and were
/// recovered from.
fn report_network(service: Service, served: &serve::Served) -> bool {
    let serve::Served { http, net } = served;
    let crashed = crashes::counts(Driver::Nic);
    println!(
        "the network: {} frames in, {} out, {} in doubt at {} failed exchanges; {} segments sent again",
        net.frames_in, net.frames_out, net.frames_in_doubt, net.failures, net.retransmitted
    );
    println!(
        "{}",
        protocol::NetworkTotals {
            answered: http.answered,
            broken: http.broken,
            accepted: http.accepted,
            crashes: crashed.crashes.into(),
            recovered: crashed.recovered.into(),
            retransmitted: net.retransmitted,
        }
    );
    http.answered == service.requests
        && http.broken == 0
        && u64::from(crashed.crashes) == service.crashes
        && crashed.recovered == crashed.crashes
}

/// Starts the driver, does the work, and stops the driver.
fn round(slot: disk::Slot, parameters: &Parameters, part: Part) -> Result<Outcome, String> {
    let disk = Disk::start(slot)?;
    report::domains();
    let outcome = work::run(&disk, parameters, part);
    report::domains();
    disk.stop()?;
    outcome
}
