//! Resets, readiness and shutdowns, and the times at which they take effect.

use super::host::{CC, DISABLED, FATAL, Host, READY, SHUT_DOWN};
use super::{MICRO, MILLI, SECOND, Shape, Timing};

fn host(timing: Timing) -> Host {
    Host::new(Shape {
        timing,
        ..Shape::default()
    })
}

#[test]
fn registers_are_blind_after_a_disable() {
    let mut host = host(Timing {
        blind: 250 * MICRO,
        ..Timing::PROMPT
    });
    // CC.EN is clear already, so clearing it resets nothing.
    host.disable();
    assert_eq!(host.status(), 0);
    host.enable();
    host.disable();
    assert_eq!(host.status(), u32::MAX);
    assert_eq!(host.capabilities(), u64::MAX);
    host.write(CC, DISABLED | 1);
    host.wait(249 * MICRO);
    assert_eq!(host.read(CC), u32::MAX);
    host.wait(MICRO);
    assert_eq!(host.read(CC), DISABLED, "the write was lost");
    host.enable();
    assert_eq!(host.status(), READY);
}

#[test]
fn ready_is_set_and_cleared_late() {
    let mut host = host(Timing {
        ready: 700 * MILLI,
        idle: 300 * MILLI,
        timeout_units: 255,
        ..Timing::PROMPT
    });
    assert_eq!(host.capabilities() >> 24 & 0xFF, 255);
    host.enable();
    assert_eq!(
        host.admin(0x06, 0, [1, 0, 0]),
        None,
        "no command is executed"
    );
    host.wait(700 * MILLI - 1);
    assert_eq!(host.status(), 0);
    host.wait(1);
    assert_eq!(host.status(), READY);
    host.disable();
    host.wait(300 * MILLI - 1);
    assert_eq!(host.status(), READY);
    host.wait(1);
    assert_eq!(host.status(), 0);
}

#[test]
fn an_enable_while_still_ready_is_not_noticed() {
    let mut host = host(Timing {
        idle: MILLI,
        ..Timing::PROMPT
    });
    host.enable();
    host.disable();
    host.enable();
    host.wait(SECOND);
    assert_eq!(host.status(), 0);
}

#[test]
fn an_enable_without_a_rest_is_not_noticed() {
    let timing = Timing {
        rest: 100 * MICRO,
        ..Timing::PROMPT
    };
    for (wait, ready) in [(99 * MICRO, 0), (100 * MICRO, READY)] {
        let mut host = host(timing);
        host.enable();
        host.disable();
        host.wait(wait);
        host.enable();
        host.wait(SECOND);
        assert_eq!(host.status(), ready);
    }
}

#[test]
fn an_early_register_access_hangs_the_controller() {
    let timing = Timing {
        hands_off: 2300 * MILLI,
        ..Timing::PROMPT
    };
    let mut host = host(timing);
    host.enable();
    host.disable();
    host.wait(2300 * MILLI);
    assert_eq!(host.status(), 0);
    host.enable();
    host.disable();
    host.wait(MILLI);
    assert_eq!(host.status(), READY, "CSTS.RDY is unchanged");
    host.wait(10 * SECOND);
    assert_eq!(host.status(), READY, "CSTS.RDY stays unchanged");
    host.enable();
    assert_eq!(host.admin(0x06, 0, [1, 0, 0]), None);
    host.reset_function();
    assert_eq!(host.status(), 0);
    host.enable();
    assert_eq!(host.status(), READY);
}

#[test]
fn registers_are_zero_or_ones_after_a_function_reset() {
    let zero = Timing {
        zero_after_flr: 150 * MILLI,
        ..Timing::PROMPT
    };
    let blind = Timing {
        blind_after_flr: 150 * MILLI,
        ..Timing::PROMPT
    };
    for (timing, seen) in [(zero, 0), (blind, u64::MAX)] {
        let mut host = host(timing);
        let capabilities = host.capabilities();
        assert_ne!(capabilities, seen);
        host.reset_function();
        assert_eq!(host.capabilities(), seen);
        host.enable();
        host.wait(150 * MILLI);
        assert_eq!(host.capabilities(), capabilities);
        assert_eq!(host.read(CC), 0, "the write was lost");
    }
}

#[test]
fn an_enable_can_end_in_a_fatal_status() {
    let mut host = host(Timing::PROMPT);
    host.machine.switches.fatal_enables = 2;
    for expected in [FATAL, FATAL, READY] {
        host.enable();
        assert_eq!(host.status(), expected);
        host.disable();
        assert_eq!(host.status(), 0);
    }
}

#[test]
fn wrong_admin_queue_sizes_end_in_a_fatal_status() {
    let strict = Shape {
        admin_multiple: 64,
        ..Shape::default()
    };
    let small = Shape {
        admin_entries: 32,
        ..Shape::default()
    };
    for (shape, entries, expected) in [
        (strict, 16, FATAL),
        (strict, 64, READY),
        (small, 33, FATAL),
        (small, 32, READY),
        (Shape::default(), 1, FATAL),
    ] {
        let mut host = Host::with_queues(shape, entries);
        host.enable();
        assert_eq!(host.status(), expected, "{entries} entries");
    }
}

#[test]
fn admin_queues_go_on_unless_aqa_is_written() {
    let mut host = Host::new(Shape {
        keeps_admin_queues: true,
        ..Shape::default()
    });
    for with_sizes in [true, false, true] {
        host.disable();
        if with_sizes {
            host.enable();
        } else {
            host.enable_without_sizes();
        }
        assert_eq!(host.status(), READY);
        assert_eq!(host.admin(0x06, 0, [1, 0, 0]).is_some(), with_sizes);
    }
}

#[test]
fn a_shutdown_takes_its_time() {
    let mut host = host(Timing {
        shutdown: 8 * SECOND,
        ..Timing::PROMPT
    });
    host.enable();
    host.notify_shutdown();
    host.wait(8 * SECOND - 1);
    assert_eq!(host.status(), READY);
    host.wait(1);
    assert_eq!(host.status(), READY | SHUT_DOWN);
}

#[test]
fn a_shutdown_can_end_in_a_fatal_status() {
    let mut host = Host::new(Shape {
        fatal_after_shutdown: true,
        ..Shape::default()
    });
    host.enable();
    host.notify_shutdown();
    assert_eq!(host.status(), FATAL);
    host.disable();
    host.enable();
    assert_eq!(host.status(), FATAL, "a controller reset doesn't help");
    host.reset_function();
    host.enable();
    assert_eq!(host.status(), READY);
}

#[test]
fn mqes_reports_the_queue_size() {
    for (queue_entries, mqes) in [(1, 0), (2, 1), (0, 0xFFFF)] {
        let mut host = Host::new(Shape {
            queue_entries,
            ..Shape::default()
        });
        assert_eq!(host.capabilities() & 0xFFFF, mqes);
    }
}
