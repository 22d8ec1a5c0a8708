//! Misbehaviour that was reported of real controllers, case by case: `docs/hardware-cases.md` has the sources. Each
//! test checks the behaviour that the driver's users must see.

mod completions;
mod identify;
mod namespaces;
mod readiness;
mod resets;
mod shutdown;

use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::NvmeDisk;
use samara_testkit::disks::{buffer, expected};
use samara_testkit::nvme_emulator::{Shape, Timing};

use super::Bench;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// Makes a bench whose function has a Function Level Reset if `flr`.
fn bench(shape: Shape, flr: bool) -> Bench {
    Bench::new(Shape { flr, ..shape })
}

fn timed(timing: Timing) -> Shape {
    Shape {
        timing,
        ..Shape::default()
    }
}

/// Reads, writes and flushes. Namespace 1 holds the pattern of [`expected`].
fn works(disk: &NvmeDisk) {
    let read = disk.read(7, buffer(12_288)).unwrap();
    assert_eq!(*read, *expected(7 * 512, 12_288));
    disk.write(7, &read).unwrap();
    disk.flush().unwrap();
}

/// Has one command time out, so that the driver resets the controller. Later commands complete.
fn reset(bench: &Bench, disk: &NvmeDisk) {
    bench.model.switch(|switches| switches.hang = true);
    let error = disk.read(0, buffer(4096)).unwrap_err();
    assert_eq!(error, BlockError::Timeout);
    bench.model.switch(|switches| switches.hang = false);
}

/// Checks that the controller comes up and works: at first, after a reset, and for the next owner.
fn comes_up(shape: Shape) {
    for flr in [true, false] {
        let bench = bench(shape, flr);
        let disk = bench.disk();
        works(&disk);
        reset(&bench, &disk);
        works(&disk);
        drop(disk);
        let disk = bench.disk();
        works(&disk);
        drop(disk);
        bench.finish();
    }
}
