//! Controllers that don't answer for a while after a reset.

use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Fault, InitError, Limits};
use samara_testkit::disks::buffer;
use samara_testkit::nvme_emulator::{Shape, Timing};

use super::{Bench, MICRO, MILLI, SECOND, bench, comes_up, reset, timed, works};

#[test]
fn blind_after_a_disable() {
    for blind in [250 * MICRO, 3 * MILLI, 400 * MILLI] {
        comes_up(timed(Timing {
            blind,
            ..Timing::PROMPT
        }));
    }
}

#[test]
fn blind_for_the_next_owner() {
    let bench = bench(
        timed(Timing {
            blind: 250 * MICRO,
            ..Timing::PROMPT
        }),
        false,
    );
    // The last owner leaves it enabled.
    let disk = bench.disk();
    bench.model.switch(|switches| switches.hang_all = true);
    drop(disk);
    bench.model.switch(|switches| switches.hang_all = false);
    assert!(bench.model.is_ready());
    let disk = bench.disk();
    works(&disk);
    drop(disk);
    bench.finish();
}

#[test]
fn blind_for_good_is_gone_within_the_bound() {
    let bench = bench(
        timed(Timing {
            blind: u64::MAX,
            ..Timing::PROMPT
        }),
        false,
    );
    let disk = bench.disk();
    let before = bench.model.now();
    // The time-out's reset finds that nothing answers any more.
    bench.model.switch(|switches| switches.hang = true);
    for _ in 0..2 {
        let error = disk.read(0, buffer(4096)).unwrap_err();
        assert_eq!(error, BlockError::Gone);
    }
    assert!(bench.model.now() - before < 30 * SECOND);
    drop(disk);
    bench.finish();
}

#[test]
fn capabilities_of_zero_after_a_function_reset() {
    comes_up(timed(Timing {
        zero_after_flr: 150 * MILLI,
        ..Timing::PROMPT
    }));
}

#[test]
fn blind_after_a_function_reset() {
    comes_up(timed(Timing {
        blind_after_flr: 150 * MILLI,
        ..Timing::PROMPT
    }));
}

#[test]
fn hung_by_a_look_too_early_and_reset_as_a_function() {
    let bench = bench(
        timed(Timing {
            hands_off: 2300 * MILLI,
            ..Timing::PROMPT
        }),
        true,
    );
    let disk = bench.disk();
    reset(&bench, &disk);
    works(&disk);
    drop(disk);
    bench.finish();
}

#[test]
fn enabled_again_only_after_a_rest() {
    comes_up(timed(Timing {
        rest: 100 * MICRO,
        ..Timing::PROMPT
    }));
}

#[test]
fn a_fatal_status_instead_of_readiness() {
    for flr in [true, false] {
        let bench = bench(timed(Timing::PROMPT), flr);
        bench.model.switch(|switches| switches.fatal_enables = 1);
        let error = bench.try_disk(Limits::default()).err().unwrap();
        assert_eq!(error, InitError::Fault(Fault::Fatal));
        let disk = bench.disk();
        works(&disk);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn admin_queues_that_go_on_where_they_were() {
    comes_up(Shape {
        keeps_admin_queues: true,
        ..Shape::default()
    });
}

#[test]
fn unplugged_is_told_from_blind() {
    let bench = Bench::new(timed(Timing {
        blind: 250 * MICRO,
        ..Timing::PROMPT
    }));
    let disk = bench.disk();
    bench.model.switch(|switches| switches.removed = true);
    for _ in 0..2 {
        let error = disk.read(0, buffer(4096)).unwrap_err();
        assert_eq!(error, BlockError::Gone);
    }
    drop(disk);
    bench.model.replug();
    bench.finish();
}
