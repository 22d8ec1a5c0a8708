//! Completions that are partly wrong, and commands that take long.

use samara_interfaces::{BlockDevice, BlockError};
use samara_testkit::disks::{buffer, expected};
use samara_testkit::nvme_emulator::{Misbehaviour, Shape, Switches, Timing};

use super::{Bench, SECOND, bench, timed, works};

/// The number of entries of the I/O queues in these tests.
const ENTRIES: u16 = 5;

#[test]
fn a_head_that_is_always_wrong_is_tolerated() {
    for head in [0, 1, 63, 64, u16::MAX] {
        for flr in [true, false] {
            let bench = bench(
                Shape {
                    mdts: 1,
                    latency: 2,
                    queue_entries: ENTRIES,
                    ..Shape::default()
                },
                flr,
            );
            let wrong = Some(Misbehaviour::Head(head));
            bench.model.switch(|switches| {
                switches.every = wrong;
                switches.every_admin = wrong;
            });
            let disk = bench.disk();
            let before = disk.tolerated().unwrap();
            for _ in 0..8 {
                works(&disk);
                let read = disk.read(0, buffer(256 << 10)).unwrap();
                assert_eq!(*read, *expected(0, 256 << 10));
            }
            assert_eq!(bench.model.counts().resets, 0);
            assert!(disk.tolerated().unwrap() > before);
            disk.shut_down().unwrap();
            drop(disk);
            bench.finish();
        }
    }
}

/// Makes `wrong` happen to one command, in turn at each entry of the queue, over two passes. Every read returns the
/// right bytes or one of these errors, and afterwards everything works.
fn in_each_slot(wrong: Misbehaviour, errors: &[BlockError]) {
    for before in 0..2 * ENTRIES {
        let bench = Bench::new(Shape {
            queue_entries: ENTRIES,
            ..Shape::default()
        });
        let disk = bench.disk();
        for lba in 0..u64::from(before) {
            disk.read(lba, buffer(512)).unwrap();
        }
        bench
            .model
            .switch(|switches| switches.next.push_back(Some(wrong)));
        for turn in 0..2 * u64::from(ENTRIES) {
            let lba = u64::from(before) + turn;
            match disk.read(lba, buffer(512)) {
                Ok(read) => assert_eq!(*read, *expected(lba as usize * 512, 512)),
                Err(error) => assert!(errors.contains(&error), "{wrong:?} {before}: {error:?}"),
            }
        }
        works(&disk);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn an_entry_that_only_looks_new_completes_nothing() {
    in_each_slot(Misbehaviour::Ghost, &[BlockError::Protocol]);
}

#[test]
fn an_entry_of_zeroes_completes_nothing() {
    in_each_slot(
        Misbehaviour::Zero,
        &[BlockError::Protocol, BlockError::Timeout],
    );
}

#[test]
fn a_flush_of_twenty_seconds_succeeds() {
    let bench = Bench::new(timed(Timing {
        flush: 20 * SECOND,
        ..Timing::PROMPT
    }));
    let disk = bench.disk();
    disk.write(1, &buffer(512)).unwrap();
    disk.flush().unwrap();
    let counts = bench.model.counts();
    assert_eq!((counts.flushes, counts.resets), (1, 0));
    drop(disk);
    bench.finish();
}

#[test]
fn a_flush_that_never_ends_is_an_error_in_time() {
    let bench = Bench::new(timed(Timing {
        flush: u64::MAX,
        ..Timing::PROMPT
    }));
    let disk = bench.disk();
    let before = bench.model.now();
    assert_eq!(disk.flush().unwrap_err(), BlockError::Timeout);
    assert!(bench.model.now() - before < 300 * SECOND);
    let read = disk.read(0, buffer(512)).unwrap();
    assert_eq!(*read, *expected(0, 512));
    drop((disk, read));
    bench.finish();
}

#[test]
fn a_refused_flush_is_an_error() {
    let refuse = |switches: &mut Switches| switches.flush_status = Some(0x4001);
    let bench = Bench::new(Shape::default());
    bench.model.switch(refuse);
    let disk = bench.disk();
    for _ in 0..2 {
        assert_eq!(disk.flush().unwrap_err(), BlockError::Device(0x0001));
        let read = disk.read(3, buffer(512)).unwrap();
        assert_eq!(*read, *expected(3 * 512, 512));
    }
    assert_eq!(bench.model.counts().resets, 0);
    drop(disk);
    bench.finish();
}
