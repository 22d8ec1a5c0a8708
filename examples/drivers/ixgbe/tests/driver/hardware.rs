//! Faults that were reported of real 82599s, case by case; `docs/hardware-cases.md` has the sources. Each test checks
//! the behaviour that the driver's callers must see.

mod filters;
mod interrupts;
mod link;
mod receive;
mod resets;

use samara_interfaces::net::NetDevice;
use samara_ixgbe::Nic;
use samara_ixgbe_emulator::{Faults, Loop, Omissions};
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, empty, frames, poll, small};

const MILLI: u64 = 1_000_000;

/// Returns the faults that `change` makes.
fn with(change: impl FnOnce(&mut Faults)) -> Faults {
    let mut faults = Faults::default();
    change(&mut faults);
    faults
}

/// Returns a device with these faults on an open cable.
fn bench(change: impl FnOnce(&mut Faults)) -> Bench {
    let bench = Bench::new(Loop::open());
    bench.bus.inject(with(change));
    bench
}

/// Checks that the link is up, and that frames leave and arrive.
fn works(bench: &Bench, nic: &Nic) {
    bench.bus.settle();
    assert!(nic.link().unwrap().is_up());
    let some: Vec<_> = (0..40).map(|seed| frame(300, seed)).collect();
    for batch in some.chunks(8) {
        bench
            .bus
            .link(|link| link.inbound.extend(batch.iter().cloned()));
        let sent = frames(batch.iter().map(|frame| &frame[..]));
        drop(nic.exchange(0, sent, empty(0)).unwrap());
        bench.bus.settle();
        assert_eq!(poll(nic, 0).unwrap(), batch);
    }
    let sent: Vec<_> = bench.bus.link(|link| link.outbound.drain(..).collect());
    assert_eq!(sent, some);
}

/// Makes the driver reset the device: the device reports a frame that is longer than its buffer.
fn reset(bench: &Bench, nic: &Nic) {
    use samara_ixgbe_emulator::WriteBack;
    let before = nic.statistics().unwrap().resets;
    let faults = bench.bus.faults();
    let mut corrupted = faults;
    corrupted.write_back = WriteBack::Corrupted([0, 0x8000 << 32]);
    bench.bus.inject(corrupted);
    bench.bus.link(|link| link.inbound.push_back(frame(60, 1)));
    bench.bus.settle();
    bench.bus.inject(faults);
    drop(nic.exchange(0, empty(0), empty(4)).unwrap());
    assert_eq!(nic.statistics().unwrap().resets, before + 1);
}

/// Checks that the device comes up and works, at first, after a reset, and for the next owner. Also checks that it
/// stops in an orderly way. Returns the milliseconds of the longest start or reset.
fn comes_up(bench: Bench) -> u64 {
    let mut longest = 0;
    for _ in 0..2 {
        let start = bench.bus.now();
        let nic = bench.nic(small());
        longest = longest.max(bench.bus.now() - start);
        works(&bench, &nic);
        let start = bench.bus.now();
        reset(&bench, &nic);
        longest = longest.max(bench.bus.now() - start);
        works(&bench, &nic);
        nic.shut_down().unwrap();
    }
    bench.finish();
    longest / MILLI
}

/// Does the same as [`comes_up`]. Also checks that the driver has made every step that the hardware requires.
fn comes_up_with_care(bench: Bench) -> u64 {
    let bus = bench.bus;
    let longest = comes_up(bench);
    assert_eq!(bus.omissions(), Omissions::default());
    longest
}
