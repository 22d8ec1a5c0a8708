//! Interrupts: a message of the device sets an event, and a thread of another domain waits for that event.

mod deaths;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use samara_host_std::runtime;
use samara_interfaces::net::{NetDevice, NetError, Waited};
use samara_proxy::Export;
use samara_testkit::hosted::Stopped;
use samara_testkit::net_consumer::{self as consumer, Consumer, Counts};
use samara_testkit::virtio_emulator::{
    Shape, VirtioEmulator, deliver, stray_messages, vectors_in_use,
};

use super::crashes::spawn_seen;
use super::{Bench, KEEPS, benches, frame, poll, shape, small, works};

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
        let bench = Bench::new(shape(KEEPS));
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

    /// Has `count` frames arrive.
    fn arrive(&self, count: u8) {
        for seed in 0..count {
            let _ = self.bench.model.receive(&frame(100, seed));
        }
    }

    /// Has frames arrive until one is received. The device drops frames until it is live.
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

/// Returns the address, the data and the control word of the first entry of the MSI-X table.
fn message(model: &VirtioEmulator) -> (u64, u32, u32) {
    let [low, high, data, control] = [0, 4, 8, 12].map(|at| model.read(1, at, 4));
    (u64::from(high) << 32 | u64::from(low), data, control)
}

#[test]
fn a_frame_ends_a_wait_and_an_exchange_gets_it() {
    let pair = Pair::new(1_000_000);
    let messages = || pair.bench.model.counts().messages;
    let mut arrived = 0;
    // A frame that arrives before the driver asks for an interrupt is found without a message. So the test repeats
    // this until a message was sent.
    while messages() == 0 {
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
    assert_eq!(messages(), 1);
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
        pair.arrive(burst as u8);
        sent += burst;
        for _ in 0..turn % 50 * 20 {
            std::hint::spin_loop();
        }
        if turn % 8 == 7 {
            pair.until("frames were not received", |counts| counts.received == sent);
        }
    }
    pair.until("frames were not received", |counts| counts.received == sent);
    assert_eq!(pair.counts().timed_out, 0, "{:?}", pair.counts());
    pair.finish();
}

#[test]
fn a_polled_queue_causes_no_interrupts() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    let flood = || {
        for seed in 0..100 {
            assert!(bench.model.receive(&frame(60, seed)));
            drop(poll(&nic).unwrap());
        }
    };
    flood();
    assert_eq!(nic.wait(0, 0), Ok(Waited::TimedOut));
    flood();
    assert_eq!(bench.model.counts().messages, 0);
    // A frame that has already arrived ends a wait at once, without an interrupt.
    assert!(bench.model.receive(&frame(60, 1)));
    let start = Instant::now();
    assert_eq!(nic.wait(0, 1_000_000), Ok(Waited::Ready));
    assert!(start.elapsed() < Duration::from_millis(900));
    assert_eq!(bench.model.counts().messages, 0);
    drop(nic);
    bench.finish();
}

/// Failure: F-39
#[test]
fn a_spurious_message_wakes_for_nothing() {
    let pair = Pair::new(1_000_000);
    pair.until_it_waits();
    let (address, data, control) = message(pair.bench.model);
    assert_eq!(control & 1, 0);
    let strays = stray_messages();
    for _ in 0..100 {
        let waits = pair.counts().waits;
        deliver(address, data);
        pair.until("the waiting thread was not woken", |counts| {
            counts.waits > waits
        });
    }
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
fn without_a_vector_a_wait_returns_at_once() {
    for (vectors, refused) in [(0, false), (1, true), (3, true)] {
        let bench = Bench::new(Shape {
            vectors,
            ..shape(KEEPS)
        });
        bench
            .model
            .switch(|switches| switches.refuse_vectors = refused);
        let nic = bench.nic(small());
        let start = Instant::now();
        assert_eq!(nic.wait(0, 1_000_000), Ok(Waited::Unsupported));
        assert!(start.elapsed() < Duration::from_millis(900));
        works(&bench, &nic);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn one_thread_waits_at_a_time() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            loop {
                match nic.wait(0, 1_000_000) {
                    Err(NetError::Busy) => std::thread::yield_now(),
                    waited => break waited,
                }
            }
        });
        let start = Instant::now();
        while nic.wait(0, 0) != Err(NetError::Busy) {
            assert!(start.elapsed() < Duration::from_secs(5));
            std::thread::yield_now();
        }
        // Exchanges go on while a thread waits.
        drop(poll(&nic).unwrap());
        assert!(bench.model.receive(&frame(60, 1)));
        // If the thread is not asleep yet, it finds the frame before it falls asleep.
        assert_eq!(waiter.join().unwrap(), Ok(Waited::Ready));
    });
    drop(nic);
    bench.finish();
}

#[test]
fn a_reset_takes_no_interrupt_away() {
    for bench in benches(shape(KEEPS)) {
        let bench = bench();
        let nic = bench.nic(small());
        let before = message(bench.model);
        bench.model.break_down();
        assert_eq!(nic.wait(0, 0), Ok(Waited::TimedOut));
        assert_eq!(nic.statistics().unwrap().resets, 1);
        assert_eq!(message(bench.model), before);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| nic.wait(0, 1_000_000));
            while bench.model.counts().messages == 0 {
                assert!(bench.model.receive(&frame(60, 1)));
                std::thread::sleep(Duration::from_millis(1));
                if waiter.is_finished() {
                    break;
                }
            }
            assert_eq!(waiter.join().unwrap(), Ok(Waited::Ready));
        });
        drop(nic);
        bench.finish();
    }
}

#[test]
fn a_device_without_a_vector_after_reset_is_polled() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    assert_eq!(nic.wait(0, 0), Ok(Waited::TimedOut));
    bench
        .model
        .switch(|switches| switches.refuse_vectors = true);
    bench.model.break_down();
    assert_eq!(nic.wait(0, 0), Ok(Waited::TimedOut));
    assert_eq!(nic.wait(0, 1_000_000), Ok(Waited::Unsupported));
    works(&bench, &nic);
    drop(nic);
    bench.finish();
}
