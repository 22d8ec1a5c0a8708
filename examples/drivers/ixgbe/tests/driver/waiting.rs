//! Interrupts: a device's message sets an event, a thread of a domain that serves the device waits for it.

mod consumer;
mod deaths;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use samara_host_std::runtime;
use samara_interfaces::net::{NetDevice, Waited};
use samara_ixgbe::Limits;
use samara_ixgbe_emulator::Loop;
use samara_proxy::Export;
use samara_testkit::hosted::Stopped;
use samara_testkit::ixgbe_bus::{deliver, frame, stray_messages, vectors_in_use};

use self::consumer::{Consumer, Counts};
use super::crashes::spawn_seen;
use super::{Bench, poll, small};

/// The driver as a domain, and a domain with a thread that waits for it.
struct Pair {
    consumer: Stopped<dyn Consumer>,
    driver: Stopped<dyn NetDevice>,
    /// Starts of the driver that were begun.
    starts: Arc<AtomicU32>,
    /// Last, since the next test begins when it is dropped.
    bench: Bench,
}

impl Pair {
    /// With waits of `micros`.
    fn new(micros: u32) -> Self {
        let bench = Bench::new(Loop::open());
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        let driver = Stopped(spawn_seen(&bench, small(), move || {
            counted.fetch_add(1, SeqCst);
        }));
        let consumer = Stopped(consumer::spawn(&driver, micros));
        Self {
            consumer,
            driver,
            starts,
            bench,
        }
    }

    fn counts(&self) -> Counts {
        self.consumer.proxy().unwrap().counts().unwrap()
    }

    fn until(&self, what: &str, done: impl Fn(&Counts) -> bool) {
        let start = Instant::now();
        while !done(&self.counts()) {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{what}: {:?}",
                self.counts()
            );
            std::thread::yield_now();
        }
    }

    /// Waits until the consumer's thread waits.
    fn until_it_waits(&self) {
        let waits = self.counts().waits;
        self.until("no wait", |counts| counts.waits > waits || counts.waiting);
    }

    /// A frame arrives, and the device does its work.
    fn arrive(&self, count: usize) {
        let some = (0..count).map(|seed| frame(100, seed as u8));
        self.bench.bus.link(|link| link.inbound.extend(some));
        self.bench.bus.pass(1);
        self.bench.bus.settle();
    }

    /// Frames arrive until one is received: until its link is up a device drops them.
    fn until_it_receives(&self) {
        let before = self.counts().received;
        let start = Instant::now();
        while self.counts().received == before {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{:?}",
                self.counts()
            );
            self.arrive(1);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn finish(self) {
        drop((self.consumer, self.driver));
        runtime().reap();
        assert_eq!(vectors_in_use(), 0);
        self.bench.finish();
    }
}

#[test]
fn a_frame_ends_a_wait_and_an_exchange_gets_it() {
    let pair = Pair::new(1_000_000);
    let mut arrived = 0;
    // A frame that comes before the wait is armed is found without a message.
    while pair.bench.bus.messages() == 0 {
        assert!(arrived < 100, "no message: {:?}", pair.counts());
        pair.until_it_waits();
        std::thread::sleep(Duration::from_millis(1));
        pair.arrive(1);
        arrived += 1;
        pair.until("not received", |counts| counts.received == arrived);
    }
    assert_eq!(pair.bench.bus.messages(), 1);
    let counts = pair.counts();
    assert!(counts.ready >= 1 && counts.timed_out == 0, "{counts:?}");
    pair.finish();
}

/// Invariant: DEV-25
#[test]
fn no_wake_up_is_lost() {
    let pair = Pair::new(1_000_000);
    let start = Instant::now();
    const ROUNDS: u64 = 3_000;
    for round in 1..=ROUNDS {
        pair.arrive(1);
        pair.until("lost", |counts| counts.received == round);
    }
    // In time: neither a wait that ended by its timeout nor a park that did.
    let took = start.elapsed();
    assert!(took < Duration::from_millis(20) * ROUNDS as u32, "{took:?}");
    assert_eq!(pair.counts().timed_out, 0, "{:?}", pair.counts());
    pair.finish();
}

/// Invariant: DEV-25
#[test]
fn no_wake_up_is_lost_as_frames_arrive_at_any_time() {
    let pair = Pair::new(1_000_000);
    let mut sent = 0;
    for turn in 0..3_000u64 {
        let burst = 1 + (turn.wrapping_mul(0x9E37_79B9) >> 7) % 4;
        pair.arrive(burst as usize);
        sent += burst;
        for _ in 0..turn % 50 * 20 {
            std::hint::spin_loop();
        }
        if turn % 8 == 7 {
            // The ring must not overrun: that would be loss of another kind.
            pair.until("lost", |counts| counts.received == sent);
        }
    }
    pair.until("lost", |counts| counts.received == sent);
    assert_eq!(pair.counts().timed_out, 0, "{:?}", pair.counts());
    pair.finish();
}

/// Failure: F-39
#[test]
fn a_flood_interrupts_at_most_once_per_wait() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    let flood = || {
        for seed in 0..500u32 {
            bench
                .bus
                .link(|link| link.inbound.push_back(frame(60, seed as u8)));
            bench.bus.settle();
            poll(&nic, 0).unwrap();
        }
    };
    flood();
    assert_eq!(bench.bus.messages(), 0);
    // The first wait asks; nobody asks again.
    assert_eq!(nic.wait(0, 0), Ok(Waited::TimedOut));
    flood();
    assert!(bench.bus.messages() <= 1);
    drop(nic);
    bench.finish();
}

/// Failure: F-39
#[test]
fn interrupts_keep_the_distance_that_eitr_sets() {
    let pair = Pair::new(1_000_000);
    let start = pair.bench.bus.now();
    let since = Instant::now();
    let mut turn = 0u32;
    // On a busy machine the thread that asks may run only after the first 2,000 turns.
    while turn < 2_000 || pair.bench.bus.messages() == 0 {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "no message: {:?}",
            pair.counts()
        );
        turn += 1;
        let one = frame(60, turn as u8);
        pair.bench.bus.link(|link| link.inbound.push_back(one));
        // Little time passes: each look at the clock is a microsecond.
        pair.bench.bus.tick();
    }
    let passed = pair.bench.bus.now() - start;
    let most = passed / 20_480 + 2;
    let messages = pair.bench.bus.messages();
    assert!(messages <= most, "{messages} in {passed} ns");
    pair.bench.bus.link(|link| link.inbound.clear());
    pair.bench.bus.pass(1);
    pair.bench.bus.settle();
    pair.finish();
}

/// Failure: F-39
#[test]
fn a_spurious_message_wakes_for_nothing() {
    let pair = Pair::new(1_000_000);
    pair.until_it_waits();
    let (address, data, masked) = pair.bench.bus.message_entry(0);
    assert_eq!(masked & 1, 0);
    let strays = stray_messages();
    for _ in 0..100 {
        let waits = pair.counts().waits;
        // One that comes between two waits wakes nobody.
        pair.until("not woken", |counts| {
            deliver(address, data);
            counts.waits > waits
        });
    }
    assert_eq!(pair.counts().timed_out, 0);
    // Elsewhere: nobody is woken.
    deliver(address + 4, data);
    deliver(address, 31);
    assert_eq!(stray_messages(), strays + 2);
    assert_eq!(pair.counts().received, 0);
    pair.arrive(3);
    pair.until("not received", |counts| counts.received == 3);
    pair.finish();
}

#[test]
fn each_queue_has_its_vector() {
    let bench = Bench::new(Loop::open());
    let limits = Limits {
        queues: 4,
        ..small()
    };
    let nic = bench.nic(limits);
    assert_eq!(vectors_in_use(), 4);
    for queue in 0..4 {
        assert_eq!(nic.wait(queue, 0), Ok(Waited::TimedOut));
    }
    assert!(nic.wait(4, 0).is_err());
    // Without RSS' hash, as this is no IP, all comes to queue 0.
    bench.bus.link(|link| link.inbound.push_back(frame(60, 1)));
    bench.bus.settle();
    // What is there already is not waited for, though its cause is forgotten.
    let start = Instant::now();
    assert_eq!(nic.wait(0, 1_000_000), Ok(Waited::Ready));
    assert!(start.elapsed() < Duration::from_millis(900));
    assert_eq!(nic.wait(3, 0), Ok(Waited::TimedOut));
    drop(nic);
    assert_eq!(vectors_in_use(), 0);
    bench.finish();
}
