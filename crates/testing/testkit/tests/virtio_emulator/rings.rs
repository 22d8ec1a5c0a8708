//! The device's work on correct rings, and on malformed rings that no driver should make.

use samara_testkit::virtio_emulator::{Shape, Violation};

use super::block::{Bench, IN};
use super::support::{Dma, NEXT, WRITE, at, status};

#[test]
fn chains_are_given_back_in_order() {
    let mut bench = Bench::new(Shape {
        latency: 2,
        ..Shape::BLOCK
    });
    let heads: Vec<u16> = (0..3).map(|i| bench.request(IN, i, 512)).collect();
    for &head in &heads {
        bench.driver.rings[0].offer(head);
    }
    bench.driver.notify(0);
    bench.driver.model.tick(1);
    assert_eq!(bench.driver.rings[0].used(), None);
    assert_eq!(bench.driver.model.in_flight(), 3);
    bench.driver.model.tick(1);
    for head in heads {
        assert_eq!(bench.driver.rings[0].used(), Some((head.into(), 513)));
    }
    let counts = bench.driver.model.counts();
    assert_eq!((counts.chains, counts.most_in_flight), (3, 3));
    bench.driver.finish();
}

#[test]
fn chains_may_be_given_back_in_reverse() {
    let mut bench = Bench::new(Shape {
        latency: 1,
        reorder: true,
        ..Shape::BLOCK
    });
    let heads: Vec<u16> = (0..3).map(|i| bench.request(IN, i, 512)).collect();
    for &head in &heads {
        bench.driver.submit(0, head);
    }
    bench.driver.model.tick(1);
    for head in heads.into_iter().rev() {
        assert_eq!(bench.driver.rings[0].used(), Some((head.into(), 513)));
    }
    bench.driver.finish();
}

#[test]
fn ring_indices_wrap_around() {
    let mut bench = Bench::new(Shape {
        queue_size: 4,
        ..Shape::BLOCK
    });
    // The indices wrap at 2^16. The test uses three chains more than that.
    for _ in 0..0x1_0003 {
        assert_eq!(bench.execute(IN, 0, 512), (0, 513));
    }
    assert_eq!(bench.driver.rings[0].used_index(), 3);
    bench.driver.finish();
}

#[test]
fn a_queue_that_was_not_notified_is_not_looked_at() {
    let mut bench = Bench::new(Shape::BLOCK);
    let head = bench.request(IN, 0, 512);
    bench.driver.rings[0].offer(head);
    bench.driver.model.tick(5);
    assert_eq!(bench.driver.rings[0].used(), None);
    bench.driver.notify(0);
    assert_eq!(bench.driver.rings[0].used(), Some((head.into(), 513)));
    // A notification of an empty queue does no harm.
    bench.driver.notify(0);
    bench.driver.finish();
}

#[test]
fn each_queue_has_its_own_notification_address() {
    let bench = Bench::new(Shape::NET);
    let driver = &bench.driver;
    // The three notifications are at the other queue's address, at no queue's address, and of a queue that does not
    // exist.
    driver.notify_at(4, 0);
    driver.notify_at(12, 1);
    driver.notify_at(0, 2);
    driver.broke(&[Violation::Notify; 3]);
    driver.model.write(4, 0x3008, 4, 0);
    assert_eq!(driver.model.violations()[3..], [Violation::Width]);
    driver.reset();
    driver.notify_at(8, 0);
    assert_eq!(driver.model.violations()[4..], [Violation::Notify]);
}

#[test]
fn a_notification_before_driver_ok_is_a_violation() {
    let mut driver = super::support::Driver::new(Shape::BLOCK);
    assert!(driver.negotiate(driver.offered()));
    driver.enable(0, 64);
    driver.notify(0);
    driver.broke(&[Violation::Notify]);
}

#[test]
fn without_bus_mastering_nothing_is_accessed() {
    let mut bench = Bench::new(Shape {
        latency: 1,
        ..Shape::BLOCK
    });
    let first = bench.request(IN, 0, 512);
    bench.driver.submit(0, first);
    bench.driver.config.command(true, false);
    let second = bench.request(IN, 1, 512);
    bench.driver.submit(0, second);
    bench.driver.model.tick(1);
    assert_eq!(bench.driver.rings[0].used(), None);
    // The notification counts the notified queue. The pause counts that queue again, and the chain that is due.
    assert_eq!(bench.driver.model.counts().refused_accesses, 3);
    bench.driver.config.command(true, true);
    bench.driver.model.tick(2);
    assert_eq!(bench.driver.rings[0].used(), Some((first.into(), 513)));
    assert_eq!(bench.driver.rings[0].used(), Some((second.into(), 513)));
    bench.driver.finish();
}

/// Has the device take the chain that `make` builds. Asserts that the device breaks with this one violation, and that a
/// reset repairs it.
fn breaks(make: impl FnOnce(&mut Bench) -> u16, violation: Violation) {
    let mut bench = Bench::new(Shape::BLOCK);
    let head = make(&mut bench);
    bench.driver.submit(0, head);
    assert_eq!(bench.driver.status(), status::LIVE | status::NEEDS_RESET);
    assert_eq!(bench.driver.rings[0].used(), None);
    bench.driver.broke(&[violation]);
    assert_eq!(bench.driver.isr(), 2);
    // A reset is enough to use the device again.
    bench.driver.bring_up();
    assert_eq!(bench.execute(IN, 0, 512), (0, 513));
}

#[test]
fn malformed_chains_break_the_device() {
    let header = |bench: &Bench| (bench.memory.bus(0), 16);
    breaks(|_| 64, Violation::HeadOutOfRange);
    breaks(|_| 0xFFFF, Violation::HeadOutOfRange);
    breaks(
        |bench| {
            let ring = &bench.driver.rings[0];
            ring.descriptor(3, header(bench), NEXT, 64);
            3
        },
        Violation::NextOutOfRange,
    );
    breaks(
        |bench| {
            let ring = &bench.driver.rings[0];
            ring.descriptor(3, header(bench), NEXT, 4);
            ring.descriptor(4, header(bench), NEXT, 3);
            3
        },
        Violation::ChainTooLong,
    );
    breaks(
        |bench| {
            bench.driver.rings[0].descriptor(0, header(bench), 4, 0);
            0
        },
        Violation::Indirect,
    );
    breaks(
        |bench| {
            let ring = &bench.driver.rings[0];
            ring.descriptor(0, header(bench), NEXT | WRITE, 1);
            ring.descriptor(1, header(bench), 0, 0);
            0
        },
        Violation::ElementOrder,
    );
    breaks(
        |bench| {
            bench.driver.rings[0].descriptor(0, (bench.memory.bus(0), 0), 0, 0);
            0
        },
        Violation::EmptyElement,
    );
    breaks(
        |bench| {
            bench.driver.rings[0].set_available(64);
            0
        },
        Violation::AvailIndex,
    );
    breaks(
        |bench| {
            bench.driver.rings[0].set_available(0xFFF0);
            0
        },
        Violation::AvailIndex,
    );
}

#[test]
fn offering_a_chain_in_flight_breaks_the_device() {
    let mut bench = Bench::new(Shape {
        latency: 1,
        ..Shape::BLOCK
    });
    let head = bench.request(IN, 0, 512);
    bench.driver.submit(0, head);
    bench.driver.submit(0, head);
    bench.driver.broke(&[Violation::HeadInFlight]);
    assert!(!bench.driver.model.is_running());
}

#[test]
fn memory_that_was_not_translated_is_a_stray() {
    let foreign = Dma::unreachable(4096);
    let mut bench = Bench::new(Shape::BLOCK);
    for (bus, length) in [
        (foreign.bus(0), 512),
        (0x10, 512),
        (u64::MAX - 3, 512),
        (bench.memory.bus(0xFE01), 512),
        (bench.memory.bus(0), u32::MAX),
    ] {
        let strays = bench.driver.model.counts().stray_accesses;
        bench.driver.bring_up();
        let memory = bench.memory;
        let head = bench.driver.rings[0].chain(
            &[(memory.bus(0), 16)],
            &[(bus, length), (memory.bus(0x800), 1)],
        );
        bench.driver.submit(0, head);
        assert_eq!(bench.driver.model.counts().stray_accesses, strays + 1);
        assert_ne!(bench.driver.status() & status::NEEDS_RESET, 0);
    }
    bench.driver.broke(&[]);
}

#[test]
fn rings_that_were_not_translated_are_strays() {
    for part in 0..3 {
        let mut bench = Bench::new(Shape::BLOCK);
        bench.driver.negotiate(bench.driver.offered());
        let mut parts = bench.driver.rings[0].parts();
        parts[part] = 0x1000;
        bench.driver.set_addresses(parts);
        bench.driver.set(at::QUEUE_ENABLE, 2, 1);
        bench.driver.add_status(status::DRIVER_OK);
        let head = bench.request(IN, 0, 512);
        bench.driver.submit(0, head);
        assert_eq!(bench.driver.model.counts().stray_accesses, 1);
        assert!(!bench.driver.model.is_running());
    }
}
