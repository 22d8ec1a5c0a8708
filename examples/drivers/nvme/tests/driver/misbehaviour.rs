//! Controllers that break the specification. Each request fails with a typed error, its buffer comes back, and nothing
//! hangs. If a reset helps, the next request works.

use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Limits, NvmeDisk};
use samara_testkit::disks::{buffer, expected};
use samara_testkit::nvme_emulator::{Misbehaviour, NamespaceShape, Shape};

use super::Bench;

/// Benches with both kinds of function: with Function Level Reset and without.
fn benches(shape: Shape) -> [impl FnOnce() -> Bench; 2] {
    [true, false].map(|flr| move || Bench::new(Shape { flr, ..shape }))
}

fn works(disk: &NvmeDisk) {
    let read = disk.read(7, buffer(12_288)).unwrap();
    assert_eq!(*read, *expected(7 * 512, 12_288));
    disk.write(7, &read).unwrap();
    disk.flush().unwrap();
}

/// Returns the errors of a read, a write and a flush whose first command goes `wrong`, on both kinds of function.
fn outcomes(wrong: Misbehaviour) -> Vec<Option<BlockError>> {
    let mut outcomes = Vec::new();
    for bench in benches(Shape {
        mdts: 1,
        latency: 2,
        ..Shape::default()
    }) {
        let bench = bench();
        let disk = bench.disk();
        let go_wrong = || {
            bench
                .model
                .switch(|switches| switches.next.push_back(Some(wrong)))
        };
        go_wrong();
        outcomes.push(disk.read(0, buffer(65_536)).err());
        bench.model.switch(|switches| switches.next.clear());
        works(&disk);
        go_wrong();
        let lent = samara_domain::RRef::from_slice(&expected(0, 65_536));
        outcomes.push(disk.write(0, &lent).err());
        bench.model.switch(|switches| switches.next.clear());
        works(&disk);
        go_wrong();
        outcomes.push(disk.flush().err());
        bench.model.switch(|switches| switches.next.clear());
        works(&disk);
        drop((disk, lent));
        bench.finish();
    }
    outcomes
}

#[test]
fn status_codes_become_typed_errors_without_a_reset() {
    for (status, error) in [
        (0x0281, BlockError::Medium),
        (0x0280, BlockError::Medium),
        (0x0020, BlockError::WriteProtected),
        (0x0006, BlockError::Device(0x0006)),
        (0x4004, BlockError::Device(0x0004)),
        (0x0080, BlockError::OutOfRange),
    ] {
        let bench = Bench::new(Shape {
            mdts: 1,
            ..Shape::default()
        });
        let disk = bench.disk();
        bench.model.switch(|switches| {
            switches
                .next
                .extend([None, Some(Misbehaviour::Status(status)), None]);
        });
        assert_eq!(disk.read(0, buffer(65_536)).unwrap_err(), error);
        bench.model.switch(|switches| switches.next.clear());
        works(&disk);
        assert_eq!(bench.model.counts().resets, 0);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_wrong_command_identifier_is_not_believed() {
    // The first two tags name slot 63, which the queue does not have. The other tags name slots 0 and 1, but with use
    // counts that these slots have not reached.
    for cid in [u16::MAX, 0x003F, 0x0FC0, 0x1000, 0x8001] {
        for outcome in outcomes(Misbehaviour::Cid(cid)) {
            assert_eq!(outcome, Some(BlockError::Protocol), "cid {cid:#x}");
        }
    }
}

#[test]
fn a_wrong_queue_is_not_believed() {
    for wrong in [
        Misbehaviour::Queue(0),
        Misbehaviour::Queue(2),
        Misbehaviour::Queue(u16::MAX),
    ] {
        for outcome in outcomes(wrong) {
            assert_eq!(outcome, Some(BlockError::Protocol), "{wrong:?}");
        }
    }
}

#[test]
fn a_second_completion_ends_no_other_command() {
    for outcome in outcomes(Misbehaviour::Twice) {
        // The command has completed. Its request fails if other commands of the request are in flight at the second
        // completion.
        assert!(
            matches!(outcome, None | Some(BlockError::Protocol)),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_missing_completion_is_a_timeout() {
    for wrong in [Misbehaviour::Silent, Misbehaviour::WrongPhase] {
        for outcome in outcomes(wrong) {
            // The driver does not take an entry with the wrong phase, nor the entries after it.
            assert_eq!(outcome, Some(BlockError::Timeout), "{wrong:?}");
        }
    }
}

#[test]
fn a_hanging_controller_is_reset_each_time() {
    for bench in benches(Shape::default()) {
        let bench = bench();
        let disk = bench.disk();
        bench.model.switch(|switches| switches.hang = true);
        for _ in 0..3 {
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
            assert_eq!(
                disk.write(0, &buffer(4096)).unwrap_err(),
                BlockError::Timeout
            );
        }
        bench.model.switch(|switches| switches.hang = false);
        works(&disk);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_controller_beyond_reset_fails_all_requests() {
    for bench in benches(Shape::default()) {
        let bench = bench();
        let disk = bench.disk();
        bench.model.switch(|switches| switches.hang_all = true);
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
        for _ in 0..3 {
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Failed);
            assert_eq!(
                disk.write(0, &buffer(4096)).unwrap_err(),
                BlockError::Failed
            );
            assert_eq!(disk.flush().unwrap_err(), BlockError::Failed);
        }
        drop(disk);
        bench.model.switch(|switches| switches.hang_all = false);
        works(&bench.disk());
        bench.finish();
    }
}

#[test]
fn never_ready_after_a_reset_fails_all_requests() {
    for bench in benches(Shape::default()) {
        let bench = bench();
        let disk = bench.disk();
        bench.model.switch(|switches| {
            switches.hang = true;
            switches.never_ready = true;
        });
        // CSTS.RDY is clear at once, so the driver does not wait for the timeout.
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Reset);
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Failed);
        drop(disk);
        bench.model.switch(|switches| switches.never_ready = false);
        bench.finish();
    }
}

#[test]
fn a_fatal_status_is_noticed_before_the_timeout() {
    let bench = Bench::new(Shape {
        latency: 500,
        ..Shape::default()
    });
    let disk = bench.disk();
    bench.model.switch(|switches| {
        switches.hang = true;
        switches.fatal = true;
    });
    assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Reset);
    bench.model.switch(|switches| switches.hang = false);
    works(&disk);
    drop(disk);
    bench.finish();
}

#[test]
fn unplugged_with_commands_in_flight() {
    let bench = Bench::new(Shape::default());
    // The read is still in flight when the controller is unplugged, because its timeout is long.
    bench.model.switch(|switches| switches.hang = true);
    let limits = Limits {
        io_millis: 3_600_000,
        ..Limits::default()
    };
    let disk = bench.try_disk(limits).unwrap();
    std::thread::scope(|scope| {
        let model = bench.model;
        scope.spawn(move || {
            while model.counts().io_commands == 0 {
                std::thread::yield_now();
            }
            model.switch(|switches| switches.removed = true);
        });
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Gone);
    });
    assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Gone);
    assert_eq!(disk.write(0, &buffer(4096)).unwrap_err(), BlockError::Gone);
    drop(disk);
    bench.model.replug();
    drop(bench.disk());
    bench.finish();
}

#[test]
fn another_controller_in_its_place_is_not_driven() {
    for flr in [true, false] {
        let bench = Bench::new(Shape {
            flr,
            ..Shape::default()
        });
        let disk = bench.disk();
        bench.model.replug();
        // The new controller has no base addresses yet, so its registers do not answer.
        for _ in 0..2 {
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Gone);
        }
        assert!(!bench.model.is_ready());
        drop(disk);
        bench.finish();
    }
}

#[test]
fn another_serial_after_a_reset_fails_all_calls() {
    let bench = Bench::new(Shape::default());
    let disk = bench.disk();
    bench.model.switch(|switches| {
        switches.hang = true;
        switches.serial = b'2';
    });
    assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
    bench.model.switch(|switches| switches.hang = false);
    assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Failed);
    assert!(!bench.model.is_bus_master());
    drop(disk);
    bench.finish();
}

#[test]
fn a_namespace_that_has_grown_survives_a_reset() {
    let bench = Bench::new(Shape::default());
    let disk = bench.disk();
    let geometry = disk.geometry().unwrap();
    for (more, then) in [(1, None), (0, Some(BlockError::Failed))] {
        bench.model.switch(|switches| {
            switches.hang = true;
            switches.identify_as = Some(NamespaceShape {
                blocks: geometry.blocks - 1 + 2 * more,
                ..NamespaceShape::PLAIN
            });
        });
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
        bench.model.switch(|switches| switches.hang = false);
        assert_eq!(disk.read(0, buffer(4096)).err(), then);
        assert_eq!(disk.geometry().unwrap(), geometry);
    }
    drop(disk);
    bench.finish();
}

#[test]
fn a_stop_ends_even_if_the_shutdown_does_not() {
    let bench = Bench::new(Shape::default());
    let disk = bench.disk();
    bench
        .model
        .switch(|switches| switches.never_shut_down = true);
    assert!(disk.shut_down().is_err());
    drop(disk);
    bench.finish();
}

#[test]
fn a_reset_fails_other_requests_and_loses_none() {
    let bench = Bench::new(Shape {
        mdts: 1,
        latency: 10,
        reorder: true,
        ..Shape::default()
    });
    let disk = bench.disk();
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (disk, model) = (&disk, bench.model);
            scope.spawn(move || {
                for turn in 0..30u64 {
                    if thread == 0 && turn % 5 == 0 {
                        let wrong = Some(Misbehaviour::Cid(u16::MAX));
                        model.switch(|switches| switches.next.push_back(wrong));
                    }
                    let lba = thread * 512 + turn;
                    match disk.read(lba, buffer(32_768)) {
                        Ok(read) => assert_eq!(*read, *expected(lba as usize * 512, 32_768)),
                        Err(error) => assert_eq!(error, BlockError::Protocol),
                    }
                }
            });
        }
    });
    works(&disk);
    drop(disk);
    bench.finish();
}
