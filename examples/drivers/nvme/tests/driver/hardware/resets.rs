//! Controllers that don't answer for a while after a reset.

use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Fault, InitError, Limits};
use samara_testkit::disks::buffer;
use samara_testkit::nvme_emulator::{Shape, Timing};

use super::{Bench, MICRO, MILLI, SECOND, bench, comes_up, reset, timed, works};

#[test]
fn a_controller_blind_after_a_disable_comes_up() {
    for blind in [250 * MICRO, 3 * MILLI, 400 * MILLI] {
        comes_up(timed(Timing {
            blind,
            ..Timing::PROMPT
        }));
    }
}

#[test]
fn a_controller_blind_for_its_next_owner_comes_up() {
    let bench = bench(
        timed(Timing {
            blind: 250 * MICRO,
            ..Timing::PROMPT
        }),
        false,
    );
    // The last owner leaves the controller enabled.
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
fn a_controller_blind_for_good_is_gone_in_time() {
    let bench = bench(
        timed(Timing {
            blind: u64::MAX,
            ..Timing::PROMPT
        }),
        false,
    );
    let disk = bench.disk();
    let before = bench.model.now();
    // The reset after the timeout finds that the controller does not answer any more.
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
fn a_cap_of_zero_after_a_function_reset_passes() {
    comes_up(timed(Timing {
        zero_after_flr: 150 * MILLI,
        ..Timing::PROMPT
    }));
}

#[test]
fn blindness_after_a_function_reset_passes() {
    comes_up(timed(Timing {
        blind_after_flr: 150 * MILLI,
        ..Timing::PROMPT
    }));
}

#[test]
fn a_wedged_disable_leads_to_a_function_reset() {
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
fn a_controller_rests_before_it_is_enabled_again() {
    comes_up(timed(Timing {
        rest: 100 * MICRO,
        ..Timing::PROMPT
    }));
}

#[test]
fn a_fatal_status_instead_of_ready_is_an_error() {
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
fn admin_queues_that_keep_their_positions_work() {
    comes_up(Shape {
        keeps_admin_queues: true,
        ..Shape::default()
    });
}

#[test]
fn an_unplugged_controller_is_gone_not_blind() {
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
