//! `RRefDeque`: order, capacity, and the owner of every member after moves and deaths.
#![expect(unsafe_code, reason = "hands batches over without a proxy")]

use samara_host_std as _;
use samara_rref::{Exchangeable, Owner, RRef, RRefDeque, Transfer, weigh};
use samara_shared_heap::{group, heap};
use samara_testkit::hosted::{acting_for, alone, limit_bytes};

type Batch = RRefDeque<[u8; 64], 32>;

fn owner(index: usize) -> Owner {
    Owner::from_index(index).unwrap()
}

fn hand(value: &impl Exchangeable, to: Owner) {
    // SAFETY: the test acts for all owners.
    value.transfer(&unsafe { Transfer::to(to) });
}

fn full() -> Batch {
    let mut batch = Batch::new();
    for value in 0..32 {
        batch.push_back(RRef::new([value; 64])).unwrap();
    }
    batch
}

/// Returns the number of objects that the owner `index` has.
fn objects(index: usize) -> usize {
    heap::census(owner(index)).objects
}

#[test]
fn a_deque_keeps_order_and_refuses_when_full() {
    let _alone = alone();
    let mut batch = RRefDeque::<u32, 3>::new();
    assert_eq!(
        (batch.len(), batch.capacity(), batch.pop_back()),
        (0, 3, None)
    );
    batch.push_back(RRef::new(1)).unwrap();
    batch.push_back(RRef::new(2)).unwrap();
    batch.push_front(RRef::new(0)).unwrap();
    assert!(batch.is_full());
    assert_eq!(batch.push_back(RRef::new(9)), Err(RRef::new(9)));
    assert_eq!(batch.push_front(RRef::new(9)), Err(RRef::new(9)));
    assert_eq!(format!("{batch:?}"), "[0, 1, 2]");
    *batch.get_mut(1).unwrap() += 10;
    assert_eq!(batch.get(1).map(|member| **member), Some(11));
    assert_eq!(batch.get(3), None);
    assert_eq!(batch.pop_front(), Some(RRef::new(0)));
    assert_eq!(batch.pop_back(), Some(RRef::new(2)));
    assert_eq!((batch.len(), batch.is_empty()), (1, false));
}

/// Invariant: EXPORT-17
#[test]
fn members_change_owner_with_the_batch() {
    let _alone = alone();
    let mut batch = full();
    hand(&batch, owner(40));
    assert_eq!(objects(40), 33);
    assert!(batch.iter().all(|member| RRef::owner(member) == owner(40)));
    // A member that is taken out belongs to the new owner, and stays with it when the rest moves on.
    let first = batch.pop_front().unwrap();
    hand(&batch, owner(41));
    assert_eq!((objects(40), objects(41)), (1, 32));
    assert_eq!(RRef::owner(&first), owner(40));
    // An object that is put in belongs to the batch's owner from then on.
    hand(&first, owner(41));
    batch.push_back(first).unwrap();
    hand(&batch, Owner::HOST);
    assert_eq!((objects(40), objects(41)), (0, 0));
    drop(batch);
}

#[test]
fn a_batch_inside_an_object_moves_with_it() {
    let _alone = alone();
    let outer = RRef::new((7u64, full()));
    hand(&outer, owner(42));
    assert_eq!(objects(42), 34);
    hand(&outer, Owner::HOST);
    assert_eq!(objects(42), 0);
}

#[test]
fn members_that_hold_objects_are_visited() {
    let _alone = alone();
    let mut batch = RRefDeque::<RRef<u64>, 4>::new();
    for value in 0..4 {
        batch.push_back(RRef::new(RRef::new(value))).unwrap();
    }
    hand(&batch, owner(43));
    assert_eq!(objects(43), 9);
    let member = batch.pop_back().unwrap();
    assert_eq!(
        (RRef::owner(&member), RRef::owner(&*member)),
        (owner(43), owner(43))
    );
    hand(&batch, Owner::HOST);
    hand(&member, Owner::HOST);
    assert_eq!(objects(43), 0);
}

/// Invariant: EXPORT-17
#[test]
fn a_dead_owners_batch_is_reclaimed_whole() {
    let _alone = alone();
    // More batches than there are groups, so that no group may be lost.
    for round in 0..2 * group::GROUPS / 4 {
        let kept = full();
        for _ in 0..4 {
            let lost = full();
            hand(&lost, owner(44));
            std::mem::forget(lost);
        }
        // SAFETY: nothing uses the forgotten batches.
        let released = unsafe { heap::reclaim(owner(44)) };
        assert_eq!(released.objects, 4 * 33, "round {round}");
        assert_eq!(
            kept.iter().map(|member| u32::from(member[9])).sum::<u32>(),
            496
        );
    }
}

#[test]
fn without_a_group_the_members_are_visited() {
    let _alone = alone();
    let mut batches: Vec<_> = (0..group::GROUPS + 2).map(|_| Batch::new()).collect();
    assert_eq!(group::open(), None, "all are open");
    for batch in &mut batches {
        batch.push_back(RRef::new([1; 64])).unwrap();
        hand(batch, owner(45));
    }
    assert_eq!(objects(45), 2 * batches.len());
    batches.truncate(10);
    for batch in &batches {
        hand(batch, Owner::HOST);
    }
    assert_eq!(objects(45), 0);
    let open = group::open().expect("closed with their batches");
    // SAFETY: the group was opened here and never used.
    unsafe { group::close(open) };
}

/// Invariant: HEAP-14, HEAP-16
#[test]
fn a_domain_opens_at_most_its_share_of_groups() {
    let _alone = alone();
    let half: Vec<_> = (0..group::GROUPS / 2).map(|_| Batch::new()).collect();
    let open_for = |index| {
        let open_all = || std::iter::from_fn(group::open).collect::<Vec<_>>();
        // SAFETY: the groups are closed below.
        unsafe { acting_for(owner(index), open_all) }
    };
    let (greedy, modest) = (open_for(46), open_for(47));
    assert_eq!((greedy.len(), modest.len()), (group::SHARE, group::SHARE));
    for group in &greedy {
        // SAFETY: the group is open and has no members.
        unsafe { group::set_owner(*group, Owner::HOST) };
    }
    assert_eq!(open_for(46).len(), 0, "they count, whoever owns them now");
    // SAFETY: nothing is used on its behalf any more.
    unsafe { heap::reclaim(owner(46)) };
    let stranger = open_for(46);
    assert_eq!(stranger.len(), group::SHARE, "the next domain in the slot");
    for group in greedy.into_iter().chain(modest).chain(stranger) {
        // SAFETY: the group was opened here and never used.
        unsafe { group::close(group) };
    }
    drop(half);
    let all: Vec<_> = (0..group::GROUPS).map(|_| Batch::new()).collect();
    assert_eq!(group::open(), None, "all are open");
    drop(all);
}

#[test]
fn weighing_counts_all_and_changes_nothing() {
    let _alone = alone();
    let batch = full();
    let load = weigh(&batch);
    assert_eq!((load.objects, load.bytes), (33, 32 * 64 + 512));
    let nested = RRef::new((RRef::new([0u8; 100]), [RRef::new(1u8), RRef::new(2)]));
    let load = weigh(&nested);
    assert_eq!((load.objects, load.bytes), (4, 32 + 128 + 2 * 16));
    assert_eq!(
        weigh(&RRef::<[u8]>::new_zeroed_slice(20_000).unwrap()).bytes,
        5 * 4096
    );
    assert_eq!(RRef::owner(&nested), Owner::HOST);
    assert!(
        batch
            .iter()
            .all(|member| RRef::owner(member) == Owner::HOST)
    );
}

#[test]
fn a_quota_refuses_a_new_batch() {
    let _alone = alone();
    let me = owner(46);
    limit_bytes(me, Some(100));
    // SAFETY: nothing is left behind.
    let refused = unsafe { acting_for(me, || Batch::try_new().err()) };
    assert_eq!(refused, Some(samara_rref::AllocError::Quota));
    limit_bytes(me, None);
}
