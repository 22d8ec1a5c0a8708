//! Completions that are wrong.

use super::{Host, Misbehaviour, Shape};

#[test]
fn every_completion_can_have_the_same_fault() {
    let mut host = Host::up(Shape::default());
    host.machine.switches.every = Some(Misbehaviour::Head(7));
    for turn in 0..40 {
        let entry = host.read_block(1, turn).unwrap();
        assert_eq!((entry.head, entry.queue, entry.status), (7, 1, 0));
        assert_eq!(entry.cid, host.last_cid());
    }
    // The switch for the next command has precedence.
    host.machine
        .switches
        .next
        .push_back(Some(Misbehaviour::Status(0x0281)));
    assert_eq!(host.read_block(1, 0).unwrap().status, 0x0281);
    assert_eq!(host.read_block(1, 0).unwrap().head, 7);
}

#[test]
fn admin_completions_have_a_switch_of_their_own() {
    let mut host = Host::new(Shape::default());
    host.enable();
    host.machine.switches.every = Some(Misbehaviour::Silent);
    host.machine.switches.every_admin = Some(Misbehaviour::Head(9));
    assert_eq!(host.admin(0x06, 0, [1, 0, 0]).unwrap().head, 9);
    host.machine.switches.every_admin = Some(Misbehaviour::Silent);
    assert_eq!(host.admin(0x06, 0, [1, 0, 0]), None);
}

#[test]
fn a_completion_of_zeroes_shows_in_the_second_pass() {
    let mut host = Host::up(Shape::default());
    let zero = || Some(Misbehaviour::Zero);
    host.machine.switches.next.push_back(zero());
    assert_eq!(host.read_block(1, 0), None);
    assert_eq!(host.raw(0), [0; 4]);
    let mut host = Host::up(Shape::default());
    for turn in 0..16 {
        assert!(host.read_block(1, turn).is_some());
    }
    host.machine.switches.next.push_back(zero());
    let entry = host
        .read_block(1, 0)
        .expect("its phase tag is that of a new completion");
    assert_eq!((entry.cid, entry.queue, entry.status), (0, 0, 0));
}

#[test]
fn a_ghost_looks_like_a_new_completion() {
    // The ghost is in the last slot of the first pass, or in the first slot of the second pass.
    for (before, slot, last) in [(14, 15, 1 << 16), (15, 0, 0)] {
        let mut host = Host::up(Shape::default());
        for turn in 0..before {
            assert!(host.read_block(1, turn).is_some());
        }
        let ghost = Some(Misbehaviour::Ghost);
        host.machine.switches.next.push_back(ghost);
        let real = host.read_block(1, 0).unwrap();
        assert_eq!(real.cid, host.last_cid());
        assert_eq!(host.raw(slot), [0, 0, 0, last]);
        assert_eq!(
            host.completion().unwrap().cid,
            0,
            "the ghost looks like a new completion"
        );
    }
}
