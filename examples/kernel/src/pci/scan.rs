//! Finds every function: bus by bus, from each bridge to the bus behind it.

use arrayvec::ArrayVec;
use pci_types::{HeaderType, PciAddress, PciHeader, PciPciBridgeHeader};
use spin::Once;

use super::ecam::ecam;
use super::function::Function;
use crate::firmware::PciRegion;

/// The most functions that are kept.
const MAX_FUNCTIONS: usize = 64;

/// The result of a scan.
#[derive(Default)]
struct Found {
    functions: ArrayVec<Function, MAX_FUNCTIONS>,
    /// The number of functions for which there was no room.
    left_out: usize,
}

static FOUND: Once<Found> = Once::new();

/// Finds all functions. Only the first call scans. It comes before any code drives a function.
pub(crate) fn scan() {
    FOUND.call_once(|| {
        let mut found = Found::default();
        for region in ecam().regions() {
            scan_region(region, &mut found);
        }
        found
    });
}

/// Returns the functions that [`scan`] found.
pub(crate) fn functions() -> &'static [Function] {
    FOUND.get().map_or(&[], |found| found.functions.as_slice())
}

/// Returns the number of functions for which [`scan`] had no room. They are not used.
pub(crate) fn left_out() -> usize {
    FOUND.get().map_or(0, |found| found.left_out)
}

/// Returns the function at `address`, if the scan found it.
pub(crate) fn find(address: PciAddress) -> Option<&'static Function> {
    functions()
        .iter()
        .find(|function| function.address == address)
}

/// Scans the buses of a region. A bridge may claim that any bus is behind it, even its own, so each bus is visited only
/// once.
fn scan_region(region: &PciRegion, found: &mut Found) {
    let mut seen = [false; 256];
    let mut pending = ArrayVec::<u8, 256>::new();
    seen[usize::from(region.first_bus)] = true;
    pending.push(region.first_bus);
    while let Some(bus) = pending.pop() {
        for (device, function) in
            (0..32).flat_map(|device| (0..8).map(move |function| (device, function)))
        {
            let address = PciAddress::new(region.segment, bus, device, function);
            if function > 0 && !has_functions(region.segment, bus, device) {
                continue;
            }
            let Some(function) = Function::probe(address) else {
                continue;
            };
            if let Some(behind) = bus_behind(address)
                && !seen[usize::from(behind)]
            {
                seen[usize::from(behind)] = true;
                pending.push(behind);
            }
            if found.functions.try_push(function).is_err() {
                found.left_out += 1;
            }
        }
    }
}

/// Whether the device has more functions than its first.
fn has_functions(segment: u16, bus: u8, device: u8) -> bool {
    let first = PciHeader::new(PciAddress::new(segment, bus, device, 0));
    first.id(ecam()).0 != u16::MAX && first.has_multiple_functions(ecam())
}

/// Returns the bus behind a bridge, or `None` if the function is no bridge.
fn bus_behind(address: PciAddress) -> Option<u8> {
    let header = PciHeader::new(address);
    if header.header_type(ecam()) != HeaderType::PciPciBridge {
        return None;
    }
    let bridge = PciPciBridgeHeader::from_header(header, ecam())?;
    Some(bridge.secondary_bus_number(ecam()))
}
