//! Devices that go wrong late. The driver does not take a late or repeated answer for the answer to a later request.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use samara_interfaces::{BlockDevice, BlockError};
use samara_testkit::disks::{buffer, filled, some_of_each, storm};
use samara_testkit::virtio_emulator::{Layout, Misbehaviour, Shape, Structure, Switches};
use samara_virtio_blk::Limits;

use super::super::{Bench, SLOW, works};

/// Whether each byte of the sector is `byte` on the medium.
fn has(bench: &Bench, sector: usize, byte: u8) -> bool {
    let range = sector * 512..sector * 512 + 512;
    bench
        .model
        .medium(|medium| medium[range].iter().all(|&at| at == byte))
}

#[test]
fn a_second_completion_does_not_end_the_next_write() {
    let bench = Bench::new(Shape::BLOCK);
    let disk = bench.disk();
    let (first, second) = (filled(0xA1, 512), filled(0xB2, 512));
    bench.model.switch(|switches| {
        switches.next[0].extend([Some(Misbehaviour::Again(4)), Some(Misbehaviour::Silent)]);
    });
    disk.write(10, &first).unwrap();
    let written = disk.write(11, &second);
    let there = has(&bench, 11, 0xB2);
    assert!(
        written.is_err() || there,
        "the write is reported as done, and was not"
    );
    drop((disk, first, second));
    bench.finish();
}

#[test]
fn a_write_outliving_a_reset_does_not_end_the_next() {
    for flr in [true, false] {
        let bench = Bench::new(Shape {
            flr,
            ..Shape::BLOCK
        });
        let limits = Limits {
            io_millis: 10,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        let (first, second) = (filled(0xA1, 512), filled(0xB2, 512));
        bench.model.switch(|switches| {
            switches.outlives_reset = true;
            switches.next[0].extend([Some(Misbehaviour::Late(60)), Some(Misbehaviour::Silent)]);
        });
        assert_eq!(disk.write(10, &first).unwrap_err(), BlockError::Timeout);
        let written = disk.write(11, &second);
        let there = has(&bench, 11, 0xB2);
        assert!(
            written.is_err() || there,
            "the write is reported as done, and was not"
        );
        drop((disk, first, second));
        bench
            .model
            .switch(|switches| *switches = Switches::default());
        bench.finish();
    }
}

#[test]
fn a_read_that_wrote_nothing_is_believed() {
    let bench = Bench::new(Shape::BLOCK);
    let disk = bench.disk();
    // The device reports status 0 and length 0. The driver uses only the status, because devices of version 1 have
    // reported wrong lengths. So the caller finds its own earlier bytes in the buffer.
    bench.model.go_wrong(0, Misbehaviour::Status(0));
    let read = disk.read(7, filled(0xEE, 4096));
    assert_eq!(read.unwrap()[..], [0xEE; 4096]);
    drop(disk);
    bench.finish();
}

#[test]
fn a_request_with_timely_parts_is_not_given_up() {
    for round in 0..5 {
        let bench = Bench::new(Shape { latency: 0, ..SLOW });
        bench.model.set_pause(100_000_000);
        let limits = Limits {
            io_millis: 1_000,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        // All sixteen parts are in flight at once, and one of them completes every 700 ms.
        let late = |part: u32| Some(Misbehaviour::Late(1 + 7 * part));
        bench
            .model
            .switch(|switches| switches.next[0].extend((0..16).map(late)));
        let done = AtomicBool::new(false);
        let resets = bench.model.counts().resets;
        std::thread::scope(|scope| {
            let (disk, done, model) = (&disk, &done, bench.model);
            scope.spawn(move || {
                let read = disk.read(0, buffer(16 * 8192)).map(drop);
                done.store(true, SeqCst);
                assert_eq!(read, Ok(()), "round {round}: every part came within 700 ms");
            });
            while model.counts().chains < 16 {
                std::thread::yield_now();
            }
            for _ in 0..3 {
                scope.spawn(move || {
                    while !done.load(SeqCst) {
                        let _ = disk.read(100, buffer(512));
                    }
                });
            }
        });
        assert_eq!(bench.model.counts().resets, resets);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_disk_that_has_grown_survives_a_reset() {
    let bench = Bench::new(Shape::BLOCK);
    let disk = bench.disk();
    works(&disk);
    // The device reports the change (§5.2.5.1), but the driver has not read the configuration yet.
    bench.model.set_capacity(8192);
    bench.model.go_wrong(0, Misbehaviour::Id(u32::MAX));
    assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Protocol);
    works(&disk);
    drop(disk);
    bench.finish();
}

/// Starts the driver and makes some requests. Returns their results, or no results if the driver can't be started.
fn some(bench: &Bench) -> Vec<Result<(), BlockError>> {
    let limits = Limits {
        io_millis: 20,
        flush_millis: 20,
        ..Limits::default()
    };
    let disk = bench.try_disk(limits);
    disk.map_or(Vec::new(), |disk| some_of_each(&disk))
}

#[test]
fn unplugged_at_any_access() {
    for flr in [true, false] {
        for after in (0..130).step_by(11) {
            let bench = Bench::new(Shape {
                flr,
                latency: 1,
                ..Shape::BLOCK
            });
            bench
                .model
                .switch(|switches| switches.removed_after = Some(after));
            let done = some(&bench);
            for error in done.into_iter().filter_map(Result::err) {
                assert_eq!(error, BlockError::Gone, "after {after}");
            }
            bench.model.replug(Shape::BLOCK);
            bench.finish();
        }
    }
}

#[test]
fn blind_at_any_access_for_a_while() {
    for flr in [true, false] {
        for pauses in [40, 40_000] {
            for after in (0..110).step_by(11) {
                let bench = Bench::new(Shape {
                    flr,
                    latency: 1,
                    ..Shape::BLOCK
                });
                bench
                    .model
                    .switch(|switches| switches.blind_after = Some((after, pauses)));
                let before = bench.model.elapsed();
                let done = some(&bench);
                let took = bench.model.elapsed() - before;
                assert!(took < 20_000_000_000, "{after} {pauses}: {took}");
                let _ = done;
                bench.model.switch(|switches| switches.blind_after = None);
                bench.model.tick(u64::from(pauses));
                let again = some(&bench);
                assert!(
                    again.iter().all(Result::is_ok) && !again.is_empty(),
                    "{flr} {after} {pauses}: {again:?}"
                );
                bench.finish();
            }
        }
    }
}

#[test]
fn a_disk_that_is_blind_for_100_ms_is_used_again() {
    for flr in [true, false] {
        for after in (0..60).step_by(13) {
            let bench = Bench::new(Shape {
                flr,
                latency: 1,
                ..Shape::BLOCK
            });
            let disk = bench.disk();
            // 100 ms.
            bench
                .model
                .switch(|switches| switches.blind_after = Some((after, 400)));
            let mut last = Ok(());
            for _ in 0..40 {
                last = disk.read(7, buffer(4096)).map(drop);
            }
            assert_eq!(last, Ok(()), "{flr} {after}");
            drop(disk);
            bench.finish();
        }
    }
}

#[test]
fn repeated_and_late_completions_lose_no_write_unseen() {
    let bench = Bench::new(Shape { latency: 3, ..SLOW });
    let disk = bench.disk();
    for turn in 0..50u8 {
        let data = filled(turn, 32_768);
        bench.model.switch(|switches| {
            switches.next[0].clear();
            for part in 0..4 {
                let wrong = match (u32::from(turn) >> part) & 3 {
                    0 => None,
                    1 => Some(Misbehaviour::Late(u32::from(turn % 7))),
                    2 => Some(Misbehaviour::Twice),
                    _ => Some(Misbehaviour::Length(0)),
                };
                switches.next[0].push_back(wrong);
            }
        });
        let written = disk.write(64, &data);
        if written.is_ok() {
            let all = bench
                .model
                .medium(|medium| medium[64 * 512..][..32_768].iter().all(|&at| at == turn));
            assert!(all, "turn {turn}: reported as written");
        }
    }
    drop(disk);
    bench.finish();
}

#[test]
fn a_lock_timeout_in_a_slow_reset_ends_no_disk() {
    for flr in [true, false] {
        let bench = Bench::new(Shape {
            flr,
            latency: 1,
            ..Shape::BLOCK
        });
        let limits = Limits {
            io_millis: 20,
            lock_millis: 50,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        // Threads leave more requests behind than can exist at once (64), so the driver must close the requests that
        // were left.
        for _ in 0..40 {
            bench.model.switch(|switches| {
                // Half a second.
                switches.reset_takes = 2_000;
                switches.next[0].extend([Some(Misbehaviour::Silent); 3]);
            });
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        let error = disk.read(0, buffer(512)).map(drop);
                        assert!(error.is_err());
                    });
                }
            });
            bench.model.switch(|switches| {
                switches.reset_takes = 0;
                switches.next[0].clear();
            });
            bench.model.tick(10_000);
            // One more request may fail because the device was silenced.
            let _ = disk.read(0, buffer(512));
            works(&disk);
        }
        drop(disk);
        bench.finish();
    }
}

#[test]
fn windows_that_share_registers_are_refused() {
    let layout = Layout {
        // The device states a place for the doorbells at which the register for the descriptors' address is.
        notify: Structure {
            offset: 0x20,
            length: 0x1000,
        },
        ..Layout::PAGES
    };
    let bench = Bench::new(Shape {
        layout,
        notify_multiplier: 0,
        ..Shape::BLOCK
    });
    assert!(
        bench.slot.claim().is_err(),
        "the doorbell is on a register that takes an address"
    );
}

/// Threads make requests while the device fails in many ways. No write is lost without an error, and every successful
/// read returns the bytes that were written.
#[test]
fn many_threads_and_every_fault_lose_nothing_unseen() {
    for seed in 0..12 {
        let bench = Bench::new(Shape {
            latency: 3,
            reorder: seed % 2 == 0,
            flr: seed % 3 != 0,
            ..SLOW
        });
        let limits = Limits {
            io_millis: 15,
            flush_millis: 15,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        storm(&disk, seed, 120, |random| {
            let wrong = match random.below(24) {
                0 => Misbehaviour::Silent,
                1 => Misbehaviour::Id(random.below(70) as u32),
                2 => Misbehaviour::Twice,
                3 => Misbehaviour::Late(random.below(100) as u32),
                4 => Misbehaviour::NeedsReset,
                5 => Misbehaviour::Jump(random.below(1 << 16) as u16),
                6 => Misbehaviour::Overlong(1 + random.below(9) as u32),
                _ => return,
            };
            bench
                .model
                .switch(|switches| switches.keeps_its_word = true);
            bench.model.go_wrong(0, wrong);
        });
        bench
            .model
            .switch(|switches| *switches = Switches::default());
        drop(disk);
        bench.finish();
    }
}
