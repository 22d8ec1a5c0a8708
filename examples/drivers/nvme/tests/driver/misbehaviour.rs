//! Controllers that do what no controller should: a typed error each, every buffer back, no hang, and,
//! where a reset helps, the next request works.

use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Limits, NvmeDisk};
use samara_testkit::disks::{buffer, expected};
use samara_testkit::nvme_emulator::{Misbehaviour, NamespaceShape, Shape};

use super::Bench;

/// Both kinds of function: with and without a reset of its own.
fn benches(shape: Shape) -> [impl FnOnce() -> Bench; 2] {
    [true, false].map(|flr| move || Bench::new(Shape { flr, ..shape }))
}

fn works(disk: &NvmeDisk) {
    let read = disk.read(7, buffer(12_288)).unwrap();
    assert_eq!(*read, *expected(7 * 512, 12_288));
    disk.write(7, &read).unwrap();
    disk.flush().unwrap();
}

/// What a read, a write and a flush come to if that goes wrong with their first command.
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
    // Out of range; never used; of a slot in use but an earlier use of it; of another command's slot.
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
        // The command itself completed; whether its request had others in flight decides.
        assert!(
            matches!(outcome, None | Some(BlockError::Protocol)),
            "{outcome:?}"
        );
    }
}

#[test]
fn no_completion_or_one_of_the_wrong_phase_is_a_timeout() {
    for wrong in [Misbehaviour::Silent, Misbehaviour::WrongPhase] {
        for outcome in outcomes(wrong) {
            // After an entry of the wrong phase the following ones are not seen either.
            assert_eq!(outcome, Some(BlockError::Timeout), "{wrong:?}");
        }
    }
}

#[test]
fn a_controller_that_hangs_is_reset_until_it_does_not() {
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
fn one_that_a_reset_does_not_help_fails_every_request_at_once() {
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
fn never_ready_after_a_reset() {
    for bench in benches(Shape::default()) {
        let bench = bench();
        let disk = bench.disk();
        bench.model.switch(|switches| {
            switches.hang = true;
            switches.never_ready = true;
        });
        // It says so at once: nothing is waited for.
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Reset);
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Failed);
        drop(disk);
        bench.model.switch(|switches| switches.never_ready = false);
        bench.finish();
    }
}

#[test]
fn a_fatal_status_is_noticed_before_the_timeout_and_reset() {
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
    // What is in flight stays there, and no time-out comes first.
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
        // Its registers are nowhere yet, so nothing answers.
        for _ in 0..2 {
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Gone);
        }
        assert!(!bench.model.is_ready());
        drop(disk);
        bench.finish();
    }
}

#[test]
fn another_serial_number_after_a_reset_fails_all_calls() {
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
fn a_shutdown_that_never_completes_does_not_hang_the_stop() {
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
fn a_reset_on_one_request_s_account_fails_the_others_and_leaves_none_behind() {
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
