//! LINKS shows a change of the link late, or shows a link although there is none.

use samara_interfaces::net::{Exchanged, Link, NetDevice};
use samara_ixgbe::Nic;
use samara_ixgbe_emulator::Loop;
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, bench, comes_up, empty, frames, small, with};

/// Takes the link down, or brings it up again.
fn cut(bench: &Bench, down: bool) {
    bench.bus.link(|link| link.down = down);
    bench.bus.settle();
}

/// Makes exchanges, each with a frame to send, until the result of one is `done`. Returns whether that happened.
/// Gives up after 6,400 calls, in which the driver makes a hundred looks.
fn polled(bench: &Bench, nic: &Nic, done: impl Fn(&Exchanged) -> bool) -> bool {
    (0..6_400).any(|_| {
        let exchanged = nic
            .exchange(0, frames([&frame(60, 1)[..]]), empty(1))
            .unwrap();
        bench.bus.settle();
        done(&exchanged)
    })
}

#[test]
fn a_link_query_reports_a_late_change_at_once() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench.bus.inject(with(|faults| faults.links_stale = true));
    for _ in 0..5 {
        cut(&bench, true);
        assert_eq!(nic.link().unwrap(), Link::Down);
        cut(&bench, false);
        assert_eq!(nic.link().unwrap(), Link::Up { mbps: 10_000 });
    }
    drop(nic);
    bench.finish();
}

#[test]
fn polling_finds_a_link_change_that_is_told_late() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench.bus.inject(with(|faults| faults.links_stale = true));
    for _ in 0..5 {
        cut(&bench, true);
        assert!(polled(&bench, &nic, |exchanged| exchanged.unsent == 1));
        cut(&bench, false);
        assert!(polled(&bench, &nic, |exchanged| exchanged.unsent == 0));
    }
    assert_eq!(nic.statistics().unwrap().resets, 0);
    drop(nic);
    bench.finish();
}

#[test]
fn crosstalk_is_not_reported_as_a_link() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    cut(&bench, true);
    bench.bus.inject(with(|faults| faults.links_ghost = true));
    for shift in 0..2 {
        // Every other read of LINKS shows a link. The shift decides whether the driver's even or odd reads show one.
        for _ in 0..shift {
            bench.bus.register(0x42A4);
        }
        for _ in 0..10 {
            assert_eq!(nic.link().unwrap(), Link::Down);
        }
        assert!(!polled(&bench, &nic, |exchanged| exchanged.unsent == 0));
    }
    cut(&bench, false);
    assert!(polled(&bench, &nic, |exchanged| exchanged.unsent == 0));
    assert!(nic.link().unwrap().is_up());
    // The link goes down, but LINKS still shows a link now and then.
    cut(&bench, true);
    assert!(polled(&bench, &nic, |exchanged| exchanged.unsent == 1));
    assert_eq!(nic.link().unwrap(), Link::Down);
    assert_eq!(nic.statistics().unwrap().resets, 0);
    drop(nic);
    bench.finish();
}

#[test]
fn a_link_loss_under_crosstalk_is_reported() {
    for shift in 0..2 {
        let bench = Bench::new(Loop::open());
        let nic = bench.nic(small());
        bench.bus.inject(with(|faults| faults.links_ghost = true));
        for _ in 0..shift {
            bench.bus.register(0x42A4);
        }
        cut(&bench, true);
        assert_eq!(nic.link().unwrap(), Link::Down);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn a_link_that_the_eeprom_disables_comes_up() {
    comes_up(bench(|faults| faults.link_disabled = true));
}
