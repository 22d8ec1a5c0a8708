//! Devices whose registers read as all ones for a while, or that are replaced, during a recovery.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use samara_device_io::mmio::WriteError;
use samara_device_io::queue::QueueError;
use samara_driver::virtio::TransportError;
use samara_interfaces::net::{NetDevice, NetError};
use samara_testkit::virtio_emulator::{Misbehaviour, Shape};
use samara_virtio_net::InitError;

use super::super::{Bench, KEEPS, batch, empty, shape, small};

const TX: usize = 1;

/// Makes the registers read as all ones for `pauses` pauses of 250 us. Does this from each register access of a
/// recovery on, in turn. Returns the accesses at which the driver gave the device up, and the errors.
fn blind(pauses: u32, flr: bool) -> Vec<(u64, NetError)> {
    let mut lost = Vec::new();
    for after in 0..130 {
        let bench = Bench::new(Shape {
            flr,
            ..shape(KEEPS)
        });
        let nic = bench.nic(small());
        bench.model.go_wrong(TX, Misbehaviour::Id(u32::MAX));
        bench
            .model
            .switch(|switches| switches.blind_after = Some((after, pauses)));
        for _ in 0..100 {
            let _ = nic.exchange(0, batch(1, 60), empty(1));
            bench.model.tick(8);
        }
        match nic.link() {
            Ok(_) => {}
            Err(error) => lost.push((after, error)),
        }
        drop(nic);
        bench.finish();
    }
    lost
}

#[test]
fn blind_at_every_access_of_a_recovery() {
    let lost = blind(400, true);
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

#[test]
fn blind_at_every_access_without_a_function_reset() {
    let lost = blind(400, false);
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

/// While resets are under way, threads make calls that wait only a few milliseconds for the queues.
#[test]
fn impatient_threads_lose_no_card() {
    for lock_millis in 0..4 {
        let bench = Bench::new(Shape {
            latency: 2,
            ..shape(KEEPS)
        });
        let nic = bench.nic(samara_virtio_net::Limits {
            lock_millis,
            ..small()
        });
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let (nic, bench) = (&nic, &bench);
                scope.spawn(move || {
                    for turn in 0..100u32 {
                        if turn % 20 == 7 {
                            bench.model.go_wrong(TX, Misbehaviour::Id(u32::MAX));
                        }
                        let _ = nic.exchange(0, batch(1, 60), empty(1));
                        let _ = nic.link();
                        let _ = nic.wait(0, 0);
                        bench.model.tick(1);
                    }
                });
            }
        });
        let link = nic.link();
        drop(nic);
        bench.finish();
        assert!(link.is_ok(), "lost for good: {link:?}");
    }
}

/// While the card is being reset, it is replaced by another one of the same shape, which the driver has not claimed.
#[test]
fn another_card_put_in_during_a_reset_is_not_driven() {
    let mut driven = Vec::new();
    for flr in [true, false] {
        let bench = Bench::new(Shape {
            flr,
            ..shape(KEEPS)
        });
        let nic = bench.nic(small());
        bench.model.go_wrong(TX, Misbehaviour::Id(u32::MAX));
        bench.model.switch(|switches| switches.never_reset = true);
        let (done, before) = (AtomicBool::new(false), bench.model.elapsed());
        std::thread::scope(|scope| {
            let (nic, done) = (&nic, &done);
            scope.spawn(move || {
                let _ = nic.exchange(0, batch(1, 60), empty(1));
                let _ = nic.exchange(0, empty(0), empty(1));
                done.store(true, SeqCst);
            });
            while bench.model.elapsed() < before + 200_000_000 && !done.load(SeqCst) {
                std::thread::yield_now();
            }
            assert!(
                !done.load(SeqCst),
                "the reset was over before the card could be replaced"
            );
            bench.model.replug_unnoticed(Shape {
                flr,
                ..shape(KEEPS)
            });
        });
        if bench.model.is_running() {
            driven.push(flr);
        }
        drop(nic);
        bench.finish();
    }
    assert!(driven.is_empty(), "another card is driven: {driven:?}");
}

/// After the reset of the function its registers read as all ones, for a little longer than the engine waits. The
/// device loses vectors that are written during that time, so the engine must check that they were taken.
#[test]
fn vectors_work_after_a_function_reset() {
    for blind in [0, 410] {
        let bench = Bench::new(shape(KEEPS));
        let nic = bench.nic(small());
        bench.model.go_wrong(TX, Misbehaviour::Id(u32::MAX));
        bench.model.switch(|switches| {
            switches.never_reset = true;
            switches.blind_after_reset = blind;
        });
        let _ = nic.exchange(0, batch(1, 60), empty(1));
        let _ = nic.exchange(0, empty(0), empty(1));
        assert!(
            nic.link().is_ok(),
            "the device must be used again after its reset"
        );
        assert_eq!(nic.statistics().unwrap().resets, 1);
        let before = bench.model.counts().messages;
        let waited = std::thread::scope(|scope| {
            let waits = scope.spawn(|| nic.wait(0, 500_000));
            std::thread::sleep(std::time::Duration::from_millis(50));
            bench.model.receive(&[0x5A; 100]);
            waits.join().unwrap()
        });
        let messages = bench.model.counts().messages - before;
        bench.model.switch(|switches| switches.never_reset = false);
        drop(nic);
        bench.finish();
        assert!(
            messages > 0,
            "blind for {blind} pauses: the wait ended with {waited:?}, and the device sent no message"
        );
    }
}

/// If a start fails because registers read as all ones for 100 ms, its error must say so, and must not report a wrong
/// property of the device.
#[test]
fn a_start_that_fails_blind_says_so() {
    let mut wrong = Vec::new();
    for after in 0..80 {
        let bench = Bench::new(shape(KEEPS));
        bench
            .model
            .switch(|switches| switches.blind_after = Some((after, 400)));
        match bench.try_nic(small()) {
            Ok(_)
            | Err(InitError::Transport(
                TransportError::Absent
                | TransportError::Gone
                | TransportError::Register(WriteError::Absent)
                | TransportError::Enable(_),
            ))
            | Err(InitError::Queue(QueueError::Step(_))) => {}
            Err(error) => wrong.push((after, error.to_string())),
        }
        bench.model.tick(400);
        bench.finish();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
