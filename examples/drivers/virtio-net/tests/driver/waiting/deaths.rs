//! Deaths of the driver, or of the domain that waits, around an interrupt.

use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use samara_fault::FaultPoint;
use samara_host_std::runtime;
use samara_interfaces::net::NetDevice;
use samara_proxy::Export;
use samara_testkit::faults as fault;
use samara_testkit::hosted::Stopped;
use samara_testkit::virtio_emulator::{deliver, stray_messages, vectors_in_use};

use super::consumer::TIMED_OUT;
use super::{Pair, message};

#[test]
fn a_crash_after_an_interrupt_loses_only_the_frame() {
    let pair = Pair::new(1_000_000);
    for turn in 1..=20 {
        pair.until_it_waits();
        fault::arm(FaultPoint::Completion, 0);
        pair.arrive(1);
        // The call `wait` is idempotent, so the shadow repeats it on the next driver.
        pair.until("the driver was not restarted", |_| {
            pair.driver.restarts() == turn
        });
        assert!(!fault::is_armed(FaultPoint::Completion));
        pair.until_it_receives();
    }
    assert_eq!(vectors_in_use(), 1);
    pair.finish();
}

/// Invariant: DEV-25
/// Failure: F-38
#[test]
fn a_kill_while_a_thread_waits_ends_the_wait_at_once() {
    let pair = Pair::new(1_000_000);
    let mut at_once = 0;
    for turn in 1..=20 {
        pair.until_it_waits();
        // This pause lets the thread fall asleep. A kill before that would be no test: a call that has not begun to
        // wait is refused at once.
        std::thread::sleep(Duration::from_millis(20));
        // The driver may still be starting, so the test repeats the kill until it succeeds.
        pair.until("the driver could not be killed", |_| pair.driver.kill());
        let start = Instant::now();
        // The thread that waited begins the driver's next start. The measured time ends there, because the start
        // itself takes as long as the machine needs.
        pair.until("the thread still waits", |_| {
            pair.starts.load(SeqCst) == turn + 1
        });
        // Counts the waits that ended long before their timeout of a second. On a busy machine some waits may end
        // later.
        at_once += u32::from(start.elapsed() < Duration::from_millis(600));
        pair.until("the driver was not restarted", |_| {
            pair.driver.restarts() == turn
        });
        runtime().reap();
    }
    // If kills did not end waits, each wait would last for its full second.
    assert!(
        at_once >= 10,
        "only {at_once} of 20 kills ended the wait at once"
    );
    pair.until_it_receives();
    pair.finish();
}

/// Invariant: DEV-25
/// Failure: F-38
#[test]
fn a_killed_waiter_leaves_driver_and_vector_alone() {
    let pair = Pair::new(1_000_000);
    pair.until_it_waits();
    assert!(pair.consumer.kill());
    let nic = pair.driver.proxy().unwrap();
    let start = Instant::now();
    // The killed thread keeps the vector until it has left the driver.
    while nic.wait(0, 0).is_err() {
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::yield_now();
    }
    runtime().reap();
    let consumer = Stopped(super::consumer::spawn(&pair.driver, 1_000_000));
    let pair = Pair { consumer, ..pair };
    pair.until_it_waits();
    pair.arrive(2);
    pair.until("the frames were not received", |counts| {
        counts.received == 2
    });
    drop(nic);
    pair.finish();
}

/// Invariant: DEV-25
/// Failure: F-38
#[test]
fn an_orderly_stop_ends_the_wait() {
    // A wait ends after a second in any case. So an attempt counts only if its stop came within the first half
    // second.
    for _ in 0..20 {
        let pair = Pair::new(1_000_000);
        let began = Instant::now();
        pair.until_it_waits();
        std::thread::sleep(Duration::from_millis(20));
        let before = TIMED_OUT.load(SeqCst);
        let is_early = began.elapsed() < Duration::from_millis(500);
        pair.consumer.stop(Duration::from_secs(10)).unwrap();
        let timed_out = TIMED_OUT.load(SeqCst) - before;
        pair.finish();
        if is_early {
            assert_eq!(timed_out, 0, "the wait went on after the stop");
            return;
        }
    }
    panic!("the machine is too busy: in none of 20 tries the stop came within half a second");
}

/// Invariant: DEV-24
/// Failure: F-39
#[test]
fn an_interrupt_after_its_drivers_death_is_a_stray() {
    let pair = Pair::new(1_000_000);
    pair.until_it_waits();
    let (address, data, _) = message(pair.bench.model);
    assert!(pair.consumer.kill());
    assert!(pair.driver.kill());
    let start = Instant::now();
    while vectors_in_use() != 0 {
        assert!(start.elapsed() < Duration::from_secs(5));
        runtime().reap();
        std::thread::yield_now();
    }
    // The device sends no message any more: its vector is masked, MSI-X is disabled, and it is no bus master.
    let sent = pair.bench.model.counts().messages;
    pair.bench.model.break_down();
    pair.arrive(3);
    pair.bench.model.tick(10);
    assert_eq!(pair.bench.model.counts().messages, sent);
    // A message that was already under way goes to a vector that no function holds any more.
    let strays = stray_messages();
    for _ in 0..10 {
        deliver(address, data);
    }
    assert_eq!(stray_messages(), strays + 10);
    pair.finish();
}
