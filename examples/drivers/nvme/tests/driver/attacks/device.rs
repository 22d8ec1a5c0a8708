//! Controllers that fail late, slowly or silently.

use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Args, FormatError, InitError, Limits};
use samara_testkit::disks::{buffer, expected, filled, some_of_each, storm};
use samara_testkit::nvme_emulator::{Misbehaviour, NamespaceShape, Shape, Switches};

use super::super::Bench;

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_controller_that_is_given_up_is_no_bus_master() {
    for flr in [true, false] {
        for wrong in 0..3 {
            let bench = Bench::new(Shape {
                flr,
                ..Shape::default()
            });
            let disk = bench.disk();
            bench.model.switch(|switches| match wrong {
                // The controller does not answer admin commands either.
                0 => switches.hang_all = true,
                // The namespace has another size after the reset.
                1 => {
                    switches.hang = true;
                    switches.identify_as = Some(NamespaceShape {
                        blocks: 7,
                        ..NamespaceShape::PLAIN
                    });
                }
                _ => {
                    switches.hang = true;
                    switches.serial = b'2';
                }
            });
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Failed);
            assert!(
                !bench.model.is_bus_master() || !bench.model.is_ready(),
                "given up, enabled, and bus master ({flr} {wrong})"
            );
            drop(disk);
            bench
                .model
                .switch(|switches| *switches = Switches::default());
            bench.finish();
        }
    }
}

const SECOND_NAMESPACE: &[NamespaceShape] = &[NamespaceShape {
    blocks: 64,
    block_shift: 12,
    ..NamespaceShape::PLAIN
}];

#[test]
fn a_mute_identify_returns_no_earlier_namespace() {
    let bench = Bench::new(Shape {
        further: SECOND_NAMESPACE,
        ..Shape::default()
    });
    bench
        .model
        .switch(|switches| switches.mute_namespace = Some(2));
    let function = bench.slot.claim().unwrap();
    // If the driver read the page of the last successful Identify again, namespace 2 would get namespace 1's blocks.
    // The start fails, because it does not pass over namespace 2 either.
    let error = samara_nvme::init_controller(Args::from(function)).unwrap_err();
    assert_eq!(error, InitError::Format(FormatError::NoCapacity));
    bench.finish();
}

/// Namespaces 2 to 64, of which only the last can be used.
const MANY: &[NamespaceShape] = &{
    let mut many = [NamespaceShape {
        blocks: 8,
        metadata: 8,
        ..NamespaceShape::PLAIN
    }; 63];
    many[62].metadata = 0;
    many
};

#[test]
fn a_slow_recovery_ends_within_lock_millis() {
    let bench = Bench::new(Shape {
        further: MANY,
        metadata: 8,
        command_sets: 1 | 1 << 6,
        flr: false,
        ..Shape::default()
    });
    let disk = bench.disk();
    bench.model.switch(|switches| {
        switches.admin_takes = 4_900_000_000;
        switches.next.push_back(Some(Misbehaviour::Silent));
    });
    bench.model.set_pause(50_000_000);
    let before = bench.model.now();
    let _ = disk.read(0, buffer(512));
    let took = bench.model.now() - before;
    assert!(
        took < Limits::default().lock_millis * 1_000_000,
        "one read took {} s, longer than others wait for the lock",
        took / SECOND
    );
    drop(disk);
    bench.finish();
}

#[test]
fn a_start_with_a_slow_controller_is_bounded() {
    let bench = Bench::new(Shape {
        further: MANY,
        metadata: 8,
        command_sets: 1 | 1 << 6,
        ..Shape::default()
    });
    bench
        .model
        .switch(|switches| switches.admin_takes = 4_900_000_000);
    bench.model.set_pause(50_000_000);
    let before = bench.model.now();
    let disk = bench.try_disk(Limits::default());
    let took = bench.model.now() - before;
    assert!(
        took < 300 * SECOND,
        "{} s until the controller was up or given up",
        took / SECOND
    );
    drop(disk);
    bench.finish();
}

/// Returns the results of some requests, or no results if the driver can't be started.
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
                ..Shape::default()
            });
            bench
                .model
                .switch(|switches| switches.removed_after = Some(after));
            let done = some(&bench);
            for error in done.into_iter().filter_map(Result::err) {
                assert_eq!(error, BlockError::Gone, "after {after}");
            }
            bench.model.replug();
            bench.finish();
        }
    }
}

#[test]
fn blind_at_any_access_for_a_while() {
    for flr in [true, false] {
        for nanos in [10_000_000, 10 * SECOND] {
            for after in (0..130).step_by(11) {
                let bench = Bench::new(Shape {
                    flr,
                    latency: 1,
                    ..Shape::default()
                });
                bench
                    .model
                    .switch(|switches| switches.blind_after = Some((after, nanos)));
                let before = bench.model.now();
                let _ = some(&bench);
                let took = bench.model.now() - before;
                assert!(took < 60 * SECOND, "{after} {nanos}: {took}");
                bench.model.switch(|switches| switches.blind_after = None);
                bench.model.tick(nanos / 250_000 + 1);
                let again = some(&bench);
                assert!(
                    again.iter().all(Result::is_ok) && !again.is_empty(),
                    "{flr} {after} {nanos}: {again:?}"
                );
                bench.finish();
            }
        }
    }
}

#[test]
fn a_disk_that_is_blind_for_a_moment_is_used_again() {
    for flr in [true, false] {
        for after in (0..60).step_by(13) {
            let bench = Bench::new(Shape {
                flr,
                latency: 1,
                ..Shape::default()
            });
            let disk = bench.disk();
            bench
                .model
                .switch(|switches| switches.blind_after = Some((after, 100_000_000)));
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
fn wrong_completions_lose_no_write_unseen() {
    let bench = Bench::new(Shape {
        mdts: 1,
        latency: 2,
        ..Shape::default()
    });
    let disk = bench.disk();
    for turn in 0..200u8 {
        let data = filled(turn, 32_768);
        bench.model.switch(|switches| {
            switches.next.clear();
            for part in 0..4 {
                let wrong = match (u32::from(turn).wrapping_mul(7) >> part) % 6 {
                    0 => None,
                    1 => Some(Misbehaviour::Ghost),
                    2 => Some(Misbehaviour::Twice),
                    3 => Some(Misbehaviour::Cid(u16::from(turn))),
                    4 => Some(Misbehaviour::Silent),
                    _ => Some(Misbehaviour::Head(77)),
                };
                switches.next.push_back(wrong);
            }
        });
        if disk.write(64, &data).is_ok() {
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
fn a_lock_timeout_in_a_slow_recovery_ends_no_disk() {
    for flr in [true, false] {
        let bench = Bench::new(Shape {
            flr,
            latency: 1,
            ..Shape::default()
        });
        let limits = Limits {
            io_millis: 20,
            lock_millis: 50,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        bench.model.switch(|switches| {
            switches.admin_takes = 200_000_000;
            switches.next.extend([Some(Misbehaviour::Silent); 3]);
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
            switches.admin_takes = 0;
            switches.next.clear();
        });
        // This read may be the first one to notice that the controller was silenced.
        let _ = disk.read(0, buffer(512));
        assert!(
            disk.read(0, buffer(512)).is_ok(),
            "flr {flr}: lost for good"
        );
        drop(disk);
        bench.finish();
    }
}

#[test]
fn wrong_admin_completions_are_errors_in_time() {
    for wrong in [
        Misbehaviour::Twice,
        Misbehaviour::Head(5),
        Misbehaviour::Ghost,
        Misbehaviour::Zero,
        Misbehaviour::Cid(9),
        Misbehaviour::Queue(3),
        Misbehaviour::Silent,
        Misbehaviour::WrongPhase,
        Misbehaviour::Status(0x4002),
        Misbehaviour::Status(0x0082),
    ] {
        let bench = Bench::new(Shape::default());
        bench
            .model
            .switch(|switches| switches.every_admin = Some(wrong));
        let before = bench.model.now();
        if let Ok(disk) = bench.try_disk(Limits::default()) {
            for _ in 0..200 {
                let read = disk.read(7, buffer(4096));
                if let Ok(read) = read {
                    assert_eq!(*read, *expected(7 * 512, 4096), "{wrong:?}");
                }
            }
            let _ = disk.shut_down();
        }
        assert!(bench.model.now() - before < 30 * SECOND, "{wrong:?}");
        bench.finish();
    }
}

/// Threads read, write and flush while commands go wrong in every way and the controller is reset. A read that succeeds
/// returns the bytes of the last write that succeeded.
#[test]
fn many_threads_and_every_fault_lose_nothing_unseen() {
    for seed in 0..12 {
        let bench = Bench::new(Shape {
            latency: 3,
            mdts: 1,
            reorder: seed % 2 == 0,
            flr: seed % 3 != 0,
            ..Shape::default()
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
                // This CID names no command in flight. If the CID named a command in flight, the driver could not
                // tell that the command isn't done.
                1 => Misbehaviour::Cid(0x8000 | random.below(256) as u16),
                2 => Misbehaviour::Twice,
                3 => Misbehaviour::Ghost,
                4 => Misbehaviour::WrongPhase,
                5 => Misbehaviour::Zero,
                6 => Misbehaviour::Queue(7),
                7 => Misbehaviour::Status(0x0082),
                _ => return,
            };
            bench.model.switch(|switches| {
                switches.keeps_its_word = true;
                switches.next.push_back(Some(wrong));
            });
        });
        bench
            .model
            .switch(|switches| *switches = Switches::default());
        drop(disk);
        bench.finish();
    }
}
