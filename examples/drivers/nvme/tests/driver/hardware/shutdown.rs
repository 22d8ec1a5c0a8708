//! Controllers that take long to shut down, or don't survive it.

use samara_nvme::{Fault, InitError, Limits};
use samara_testkit::nvme_emulator::{Shape, Timing};

use super::{SECOND, bench, timed, works};

#[test]
fn a_shutdown_of_eight_seconds_is_waited_for() {
    for flr in [true, false] {
        let bench = bench(
            timed(Timing {
                shutdown: 8 * SECOND,
                ..Timing::PROMPT
            }),
            flr,
        );
        let disk = bench.disk();
        works(&disk);
        disk.shut_down().unwrap();
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_shutdown_is_waited_for_as_long_as_rtd3e_says() {
    let bench = bench(
        Shape {
            shutdown_micros: 30_000_000,
            ..timed(Timing {
                shutdown: 29 * SECOND,
                ..Timing::PROMPT
            })
        },
        true,
    );
    let disk = bench.disk();
    disk.shut_down().unwrap();
    drop(disk);
    bench.finish();
}

#[test]
fn the_wait_for_a_shutdown_is_bounded() {
    let bench = bench(
        Shape {
            shutdown_micros: u32::MAX,
            ..timed(Timing {
                shutdown: u64::MAX,
                ..Timing::PROMPT
            })
        },
        true,
    );
    let disk = bench.disk();
    let before = bench.model.now();
    assert!(disk.shut_down().is_err());
    assert!(bench.model.now() - before < 120 * SECOND);
    drop(disk);
    bench.finish();
}

#[test]
fn a_fatal_status_in_a_shutdown_is_an_error() {
    let shape = Shape {
        fatal_after_shutdown: true,
        ..Shape::default()
    };
    for flr in [true, false] {
        let bench = bench(shape, flr);
        let disk = bench.disk();
        let before = bench.model.now();
        assert!(disk.shut_down().is_err());
        assert!(bench.model.now() - before < 30 * SECOND);
        drop(disk);
        if flr {
            let disk = bench.disk();
            works(&disk);
            drop(disk);
        } else {
            // Only a power cycle helps.
            let error = bench.try_disk(Limits::default()).err().unwrap();
            assert_eq!(error, InitError::Fault(Fault::Fatal));
        }
        bench.finish();
    }
}
