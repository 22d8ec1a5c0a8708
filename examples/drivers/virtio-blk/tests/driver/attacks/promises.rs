//! Attacks on the driver's promises about flushes, stops and recoveries.

use std::thread;

use samara_interfaces::{BlockDevice, BlockError};
use samara_testkit::virtio_emulator::{Block, Misbehaviour, Shape, Switches};
use samara_virtio_blk::Limits;

use super::super::{Bench, shape};
use samara_testkit::disks::{buffer, filled};

fn limits() -> Limits {
    Limits {
        io_millis: 50,
        flush_millis: 50,
        ..Limits::default()
    }
}

const NO_CACHE: Shape = shape(Block {
    flush: false,
    ..Block::PLAIN
});

/// After an orderly stop every request fails, even a flush on a device without a cache.
#[test]
fn a_flush_after_a_stop_fails_without_a_cache() {
    let bench = Bench::new(NO_CACHE);
    let disk = bench.try_disk(limits()).unwrap();
    assert_eq!(disk.flush(), Ok(()));
    disk.shut_down().unwrap();
    assert_eq!(
        disk.read(0, buffer(512)).map(drop),
        Err(BlockError::Stopped)
    );
    let flushed = disk.flush();
    drop(disk);
    bench.finish();
    assert_eq!(flushed, Err(BlockError::Stopped));
}

/// A flush on an unplugged device fails, even if the device had no cache.
#[test]
fn a_flush_of_a_gone_device_fails_without_a_cache() {
    let bench = Bench::new(NO_CACHE);
    let disk = bench.try_disk(limits()).unwrap();
    bench.model.switch(|switches| switches.removed = true);
    let first = disk.flush();
    assert_eq!(disk.read(0, buffer(512)).map(drop), Err(BlockError::Gone));
    let second = disk.flush();
    drop(disk);
    assert_eq!(
        second,
        Err(BlockError::Gone),
        "the first flush returned {first:?}"
    );
}

/// A write has returned; then the device fails, and loses its cache. The next flush must fail, because the write isn't
/// on the medium.
#[test]
fn a_flush_after_a_failure_fails_once() {
    let bench = Bench::new(Shape::BLOCK);
    let disk = bench.try_disk(limits()).unwrap();
    disk.write(5, &filled(0xAB, 512)).unwrap();
    bench
        .model
        .medium(|medium| medium[5 * 512..6 * 512].fill(0));
    bench.model.break_down();
    // Another caller's read notices the failure.
    let found = disk.read(100, buffer(512)).map(drop);
    let again = disk.read(100, buffer(512)).map(drop);
    let flushed = disk.flush();
    assert_eq!(
        disk.flush(),
        Ok(()),
        "the first flush has reported the loss"
    );
    let on_medium = bench.model.medium(|medium| medium[5 * 512] == 0xAB);
    drop(disk);
    bench.finish();
    assert!(
        flushed.is_err() || on_medium,
        "the flush of a lost write returned {flushed:?}, the reads before it {found:?} and {again:?}"
    );
}

/// The registers read as all ones for some milliseconds, twice in one recovery, at any two accesses. The driver does
/// not take these reads for statements of the device.
#[test]
fn a_device_blind_twice_in_a_recovery_is_used() {
    let mut lost = Vec::new();
    for pauses in [1, 20] {
        // The test tries the accesses around those at which a former defect lost the disk.
        for first in (48..58).step_by(2) {
            for second in 38..50 {
                let bench = Bench::new(shape(Block {
                    sectors: 64,
                    ..Block::PLAIN
                }));
                let disk = bench.try_disk(limits()).unwrap();
                bench.model.switch(|switches| {
                    switches.next[0].push_back(Some(Misbehaviour::Silent));
                    switches.blind_after = Some((first, pauses));
                    switches.blind_again = Some((second, pauses));
                });
                for _ in 0..4 {
                    let _ = disk.read(0, buffer(512));
                }
                bench
                    .model
                    .switch(|switches| *switches = Switches::default());
                bench.model.tick(100);
                let mut last = Ok(());
                for _ in 0..2 {
                    last = disk.read(0, buffer(512)).map(drop);
                }
                if let Err(error) = last {
                    lost.push((pauses, first, second, error));
                }
                drop(disk);
                bench.finish();
            }
        }
    }
    assert!(
        lost.is_empty(),
        "{} lost for good: {:?}",
        lost.len(),
        &lost[..lost.len().min(20)]
    );
}

/// An orderly stop ends in time even if another thread's request has the queue's only place.
#[test]
fn a_stop_ends_in_time_though_the_queue_is_full() {
    let bench = Bench::new(Shape::BLOCK);
    let disk = bench
        .try_disk(Limits {
            queue_entries: 8,
            io_millis: 120_000,
            flush_millis: 120_000,
            ..Limits::default()
        })
        .unwrap();
    bench
        .model
        .switch(|switches| switches.next[0].push_back(Some(Misbehaviour::Silent)));
    let took = thread::scope(|scope| {
        scope.spawn(|| disk.read(0, buffer(512)).map(drop));
        while bench.model.counts().chains == 0 {
            thread::yield_now();
        }
        let begun = bench.model.elapsed();
        let _ = disk.shut_down();
        (bench.model.elapsed() - begun) / 1_000_000
    });
    drop(disk);
    bench.finish();
    assert!(took < 20_000, "{took} ms");
}

/// The device asks for a reset right before a stop, while its cache holds earlier writes. The stop flushes the cache
/// all the same. (The stop also flushes a device that another thread has silenced, which this test does not check.)
#[test]
fn a_stop_of_a_device_that_needs_a_reset_flushes_it() {
    let bench = Bench::new(Shape::BLOCK);
    let disk = bench.try_disk(limits()).unwrap();
    disk.write(5, &filled(0xAB, 512)).unwrap();
    bench.model.break_down();
    let stopped = disk.shut_down();
    let flushes = bench.model.counts().flushes;
    drop(disk);
    bench.finish();
    assert_eq!(flushes, 1, "{stopped:?}");
}

/// In three bring-ups after a reset, the device reports a capacity of 0. The driver repeats the bring-up for up to
/// ten seconds, as it does for a device that does not offer its features yet.
#[test]
fn a_device_blank_after_a_reset_is_asked_again() {
    let bench = Bench::new(Shape::BLOCK);
    let disk = bench.try_disk(limits()).unwrap();
    bench.model.switch(|switches| {
        switches.next[0].push_back(Some(Misbehaviour::Silent));
        switches.capacity_after_reset = Some(0);
        // A bring-up reads the configuration four times, so the capacity comes back after three bring-ups.
        switches.capacity_turns = Some((12, 4096));
    });
    assert!(disk.read(0, buffer(512)).is_err());
    let read = disk.read(0, buffer(512)).map(drop);
    drop(disk);
    bench.finish();
    assert_eq!(read, Ok(()));
}
