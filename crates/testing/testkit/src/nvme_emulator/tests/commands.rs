//! The results of I/O commands, and the time that they take.

use super::host::{CC, DISABLED};
use super::{Host, MICRO, MILLI, SECOND, Shape, Timing};

const FLUSH: u8 = 0x00;
const READ: u8 = 0x02;
const NOT_READY: u16 = 0x0082;

fn up(timing: Timing) -> Host {
    Host::up(Shape {
        timing,
        ..Shape::default()
    })
}

#[test]
fn a_flush_takes_its_time_and_reads_do_not() {
    let mut host = up(Timing {
        flush: 20 * SECOND,
        ..Timing::PROMPT
    });
    assert_eq!(host.io(FLUSH, 1, 0, 0), None);
    let flush = host.last_cid();
    assert_eq!(host.read_block(1, 0).unwrap().cid, flush + 1);
    host.wait(20 * SECOND - 1);
    assert_eq!(host.completion(), None);
    host.wait(1);
    assert_eq!(host.completion().unwrap().cid, flush);
    assert_eq!(host.machine.counts.flushes, 1);
}

#[test]
fn a_refused_flush_is_not_executed() {
    let mut host = up(Timing::PROMPT);
    host.machine.switches.flush_status = Some(0x4001);
    assert_eq!(host.io(FLUSH, 1, 0, 0).unwrap().status, 0x4001);
    assert_eq!(host.machine.counts.flushes, 0);
    assert_eq!(host.read_block(1, 0).unwrap().status, 0);
}

#[test]
fn the_first_commands_of_a_queue_may_be_lost() {
    let mut host = up(Timing {
        settle: 100 * MICRO,
        ..Timing::PROMPT
    });
    assert_eq!(host.read_block(1, 0), None);
    host.wait(100 * MICRO);
    assert_eq!(host.completion(), None, "the command is lost for good");
    assert_eq!(host.read_block(1, 0).unwrap().head, 2);
}

#[test]
fn the_medium_may_be_ready_later() {
    let mut host = up(Timing {
        media: 300 * MILLI,
        ..Timing::PROMPT
    });
    host.wait(300 * MILLI - 1);
    assert_eq!(host.read_block(1, 0).unwrap().status, NOT_READY);
    host.wait(1);
    assert_eq!(host.read_block(1, 0).unwrap().status, 0);
}

#[test]
fn the_longest_transfer_is_bounded_by_mdts() {
    for (mdts, blocks, status) in [
        (0, 16, 0),
        (1, 16, 0),
        (1, 17, 0x02),
        (51, 16, 0),
        (52, 16, 0),
        (64, 16, 0),
        (255, 16, 0),
    ] {
        let mut host = Host::up(Shape {
            mdts,
            ..Shape::default()
        });
        let entry = host.io(READ, 1, 0, blocks).unwrap();
        assert_eq!(entry.status, status, "MDTS {mdts}");
    }
}

#[test]
fn queues_are_refused_without_entry_sizes() {
    for (sizes, status) in [(0, 0x0102), (6 << 16, 0x0102), (DISABLED, 0)] {
        let mut host = Host::new(Shape::default());
        host.enable();
        host.write(CC, sizes | 1);
        assert_eq!(host.create_queue(false), status);
    }
}
