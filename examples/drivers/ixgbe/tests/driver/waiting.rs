//! Interrupts: a message of the device sets an event, and a thread of another domain waits for that event.

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
use samara_testkit::net_consumer::{self as consumer, Consumer, Counts};

use super::crashes::spawn_seen;
use super::{Bench, poll, small};

/// The driver as a domain, and a consumer: a domain whose thread waits for frames.
struct Pair {
    consumer: Stopped<dyn Consumer>,
    driver: Stopped<dyn NetDevice>,
    /// The number of driver starts that have begun.
    starts: Arc<AtomicU32>,
    /// This is the last field, because the next test may begin when the bench is dropped.
    bench: Bench,
}

impl Pair {
    /// Starts both domains. The consumer waits `micros` microseconds at a time.
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

    /// Polls the consumer's counts until they are `done`. Panics with `what` after 20 seconds.
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

    /// Waits until the consumer's thread is in a wait, or has ended a wait since this call began.
    fn until_it_waits(&self) {
        let waits = self.counts().waits;
        self.until("the consumer does not wait", |counts| {
            counts.waits > waits || counts.waiting
        });
    }

    /// Has `count` frames arrive, and lets the device work.
    fn arrive(&self, count: usize) {
        let some = (0..count).map(|seed| frame(100, seed as u8));
        self.bench.bus.link(|link| link.inbound.extend(some));
        self.bench.bus.pass(1);
        self.bench.bus.settle();
    }

    /// Has frames arrive until one is received. The device drops frames until its link is up.
    fn until_it_receives(&self) {
        let before = self.counts().received;
        let start = Instant::now();
        while self.counts().received == before {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "no frame was received: {:?}",
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
    // A frame that arrives before the driver asks for an interrupt is found without a message. So the test repeats
    // this until a message was sent.
    while pair.bench.bus.messages() == 0 {
        assert!(
            arrived < 100,
            "the device sent no message: {:?}",
            pair.counts()
        );
        pair.until_it_waits();
        std::thread::sleep(Duration::from_millis(1));
        pair.arrive(1);
        arrived += 1;
        pair.until("a frame was not received", |counts| {
            counts.received == arrived
        });
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
        pair.until("a frame was not received", |counts| {
            counts.received == round
        });
    }
    // On average a round takes less than 20 ms. So it is messages that end the rounds, and not the timeout of a wait
    // or of a parked thread.
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
            // Keeps the ring from overrunning, because an overrun would also lose frames.
            pair.until("frames were not received", |counts| counts.received == sent);
        }
    }
    pair.until("frames were not received", |counts| counts.received == sent);
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
    // This wait asks for one interrupt. Nothing asks for a second interrupt.
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
    // On a busy machine the waiting thread may run only after the first 2,000 turns.
    while turn < 2_000 || pair.bench.bus.messages() == 0 {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "the device sent no message: {:?}",
            pair.counts()
        );
        turn += 1;
        let one = frame(60, turn as u8);
        pair.bench.bus.link(|link| link.inbound.push_back(one));
        // Little virtual time passes: a microsecond here, and a microsecond with each read of the clock.
        pair.bench.bus.tick();
    }
    let passed = pair.bench.bus.now() - start;
    let most = passed / 20_480 + 2;
    let messages = pair.bench.bus.messages();
    assert!(messages <= most, "{messages} messages in {passed} ns");
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
        // A message that comes between two waits wakes no thread, so messages are sent until a wait ends.
        pair.until("the waiting thread was not woken", |counts| {
            deliver(address, data);
            counts.waits > waits
        });
    }
    assert_eq!(pair.counts().timed_out, 0);
    // A message to another address or to a free vector wakes no thread.
    deliver(address + 4, data);
    deliver(address, 31);
    assert_eq!(stray_messages(), strays + 2);
    assert_eq!(pair.counts().received, 0);
    pair.arrive(3);
    pair.until("the frames were not received", |counts| {
        counts.received == 3
    });
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
    // The frame is no IP packet, so it has no RSS hash and comes to queue 0.
    bench.bus.link(|link| link.inbound.push_back(frame(60, 1)));
    bench.bus.settle();
    // A frame that has already arrived ends a wait at once, though the wait clears its interrupt cause.
    let start = Instant::now();
    assert_eq!(nic.wait(0, 1_000_000), Ok(Waited::Ready));
    assert!(start.elapsed() < Duration::from_millis(900));
    assert_eq!(nic.wait(3, 0), Ok(Waited::TimedOut));
    drop(nic);
    assert_eq!(vectors_in_use(), 0);
    bench.finish();
}
