//! Controllers that are ready late, and queues of unusual sizes.

use samara_device_io::queue::QueueError;
use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Fault, InitError, Limits};
use samara_testkit::disks::{buffer, expected};
use samara_testkit::nvme_emulator::{Shape, Timing};

use super::{Bench, MICRO, MILLI, SECOND, bench, comes_up, reset, timed, works};

#[test]
fn readiness_just_in_time_is_waited_for() {
    for (timeout_units, time) in [(2, 990 * MILLI), (0, 490 * MILLI), (255, 10 * SECOND)] {
        comes_up(timed(Timing {
            timeout_units,
            ready: time,
            idle: time,
            ..Timing::PROMPT
        }));
    }
}

#[test]
fn ready_or_idle_too_late_is_an_error_in_time() {
    let late = [
        Timing {
            ready: 60 * SECOND,
            ..Timing::PROMPT
        },
        Timing {
            idle: 60 * SECOND,
            ..Timing::PROMPT
        },
    ];
    for timing in late {
        let bench = bench(timed(timing), false);
        let disk = bench.try_disk(Limits::default());
        let before = bench.model.now();
        match disk {
            // A start succeeds with the controller that becomes idle too late, because it was not enabled before.
            Ok(disk) => {
                reset(&bench, &disk);
                let error = disk.read(0, buffer(4096)).unwrap_err();
                assert_eq!(error, BlockError::Failed);
            }
            Err(error) => assert_eq!(error, InitError::Fault(Fault::Timeout)),
        }
        assert!(bench.model.now() - before < 30 * SECOND);
        bench.finish();
    }
}

#[test]
fn a_medium_that_is_ready_late_is_waited_for() {
    comes_up(timed(Timing {
        media: 300 * MILLI,
        ..Timing::PROMPT
    }));
}

#[test]
fn a_medium_that_is_never_ready_is_an_error_in_time() {
    let bench = Bench::new(timed(Timing {
        media: u64::MAX,
        ..Timing::PROMPT
    }));
    let disk = bench.disk();
    let before = bench.model.now();
    assert!(disk.read(0, buffer(4096)).is_err());
    assert!(bench.model.now() - before < 120 * SECOND);
    drop(disk);
    bench.finish();
}

#[test]
fn new_queues_rest_before_their_first_command() {
    comes_up(timed(Timing {
        settle: 100 * MICRO,
        ..Timing::PROMPT
    }));
}

#[test]
fn admin_queues_are_whole_pages() {
    comes_up(Shape {
        admin_multiple: 64,
        ..Shape::default()
    });
}

#[test]
fn admin_queues_have_at_most_64_entries() {
    comes_up(Shape {
        admin_entries: 64,
        ..Shape::default()
    });
}

#[test]
fn queues_of_one_entry_are_refused_and_of_two_used() {
    let bench = Bench::new(Shape {
        queue_entries: 1,
        ..Shape::default()
    });
    let error = bench.try_disk(Limits::default()).err().unwrap();
    assert_eq!(error, InitError::Queues);
    bench.finish();
    comes_up(Shape {
        queue_entries: 2,
        mdts: 1,
        ..Shape::default()
    });
}

#[test]
fn doorbells_beyond_the_bar_are_refused() {
    let bench = Bench::new(Shape {
        doorbell_stride: 15,
        ..Shape::default()
    });
    let error = bench.try_disk(Limits::default()).err().unwrap();
    assert_eq!(error, InitError::Queue(QueueError::NoDoorbell));
    bench.finish();
}

#[test]
fn a_huge_mdts_is_no_limit() {
    for mdts in [51, 52, 63, 64, 255] {
        let bench = Bench::new(Shape {
            mdts,
            ..Shape::default()
        });
        let disk = bench.disk();
        let read = disk.read(0, buffer(1 << 20)).unwrap();
        assert_eq!(*read, *expected(0, 1 << 20));
        works(&disk);
        drop((read, disk));
        bench.finish();
    }
}
