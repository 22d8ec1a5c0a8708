//! Each misbehaviour of the device with one chain, and a device that hangs.

use samara_testkit::virtio_emulator::{Misbehaviour, Shape};

use super::block::{Bench, IN, NONE, OUT};

/// Has the device misbehave with one read.
fn wrong(how: Misbehaviour) -> Bench {
    let mut bench = Bench::new(Shape::BLOCK);
    bench.driver.model.go_wrong(0, how);
    let head = bench.request(IN, 0, 512);
    assert_eq!(head, 0);
    bench.driver.submit(0, head);
    bench.driver.finish();
    bench
}

/// Asserts that the device executes the next read correctly.
fn is_right_again(bench: &mut Bench) {
    assert_eq!(bench.execute(IN, 0, 512), (0, 513));
    bench.driver.finish();
}

#[test]
fn a_used_id_may_name_no_chain() {
    // The ids are some that are out of range, one that was never a head, and one in the middle of the chain.
    for id in [64, u32::MAX, 0x1_0000, 40, 1] {
        let mut bench = wrong(Misbehaviour::Id(id));
        assert_eq!(bench.driver.rings[0].used(), Some((id, 513)));
        assert_eq!(bench.driver.rings[0].used(), None);
        is_right_again(&mut bench);
    }
}

#[test]
fn a_chain_may_be_given_back_twice() {
    let mut bench = wrong(Misbehaviour::Twice);
    assert_eq!(bench.driver.rings[0].used_index(), 2);
    assert_eq!(bench.driver.rings[0].used(), Some((0, 513)));
    assert_eq!(bench.driver.rings[0].used(), Some((0, 513)));
    is_right_again(&mut bench);
}

#[test]
fn a_used_length_may_be_wrong() {
    for (how, length) in [
        (Misbehaviour::Length(0), 0),
        (Misbehaviour::Length(1), 1),
        (Misbehaviour::Overlong(1), 514),
        (Misbehaviour::Overlong(0xFFFF_0000), 513 + 0xFFFF_0000),
    ] {
        let mut bench = wrong(how);
        assert_eq!(bench.driver.rings[0].used(), Some((0, length)));
        assert_eq!(bench.status(), 0);
        is_right_again(&mut bench);
    }
}

#[test]
fn the_used_index_may_jump() {
    for (by, index) in [(1, 2), (63, 64), (64, 65), (0x8000, 0x8001), (0xFFFF, 0)] {
        let bench = wrong(Misbehaviour::Jump(by));
        assert_eq!(bench.driver.rings[0].used_index(), index);
        assert_eq!(bench.driver.model.in_flight(), 0);
    }
}

#[test]
fn a_status_may_be_missing_or_unknown() {
    let mut bench = wrong(Misbehaviour::NoStatus);
    assert_eq!(bench.driver.rings[0].used(), Some((0, 513)));
    assert_eq!(bench.status(), NONE);
    is_right_again(&mut bench);
    for status in [1, 2, 3, 0xFF] {
        let mut bench = wrong(Misbehaviour::Status(status));
        assert_eq!(bench.driver.rings[0].used(), Some((0, 0)));
        assert_eq!(bench.status(), status);
        is_right_again(&mut bench);
    }
}

#[test]
fn a_request_with_a_forced_status_is_not_executed() {
    let mut bench = Bench::new(Shape::BLOCK);
    bench.driver.model.go_wrong(0, Misbehaviour::Status(1));
    let before = bench.driver.model.medium(|bytes| bytes.clone());
    assert_eq!(bench.execute(OUT, 0, 512), (1, 1));
    assert!(bench.driver.model.medium(|bytes| *bytes == before));
}

#[test]
fn a_chain_may_never_be_given_back() {
    let mut bench = wrong(Misbehaviour::Silent);
    bench.driver.model.tick(1000);
    assert_eq!(bench.driver.rings[0].used(), None);
    assert_eq!(bench.driver.model.in_flight(), 1);
    is_right_again(&mut bench);
}

#[test]
fn a_hung_device_gives_no_chain_back() {
    let mut bench = Bench::new(Shape::BLOCK);
    bench.driver.model.switch(|switches| switches.hang = true);
    for sector in 0..3 {
        let head = bench.request(IN, sector, 512);
        bench.driver.submit(0, head);
    }
    bench.driver.model.tick(1000);
    bench.driver.model.switch(|switches| switches.hang = false);
    bench.driver.model.tick(1000);
    assert_eq!(bench.driver.rings[0].used(), None);
    assert_eq!(bench.driver.model.in_flight(), 3);
    is_right_again(&mut bench);
}

#[test]
fn a_late_chain_is_overtaken() {
    let mut bench = Bench::new(Shape::BLOCK);
    bench.driver.model.go_wrong(0, Misbehaviour::Late(2));
    let heads = [0, 1].map(|sector| {
        let head = bench.request(IN, sector, 512);
        bench.driver.submit(0, head);
        head
    });
    bench.driver.model.tick(2);
    for head in [heads[1], heads[0]] {
        assert_eq!(bench.driver.rings[0].used(), Some((head.into(), 513)));
    }
    bench.driver.finish();
}

#[test]
fn misbehaviours_apply_to_chains_in_order() {
    let mut bench = Bench::new(Shape::BLOCK);
    bench.driver.model.switch(|switches| {
        switches.next[0].extend([None, Some(Misbehaviour::Status(2)), None]);
    });
    let statuses = [0; 3].map(|_| bench.execute(IN, 0, 512).0);
    assert_eq!(statuses, [0, 2, 0]);
}
