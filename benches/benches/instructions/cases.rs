//! The operations whose instructions are counted, and the recorded counts.

use samara::Owner;
use samara::heap::{class, heap};
use samara::prelude::*;
use samara_benches::{Direct, Target, domain, init};
use samara_rref::Transfer;
use std::hint::black_box;

/// The objects that the operations work on.
pub(crate) struct World {
    domain: Domain<dyn Target>,
    proxy: Proxy<dyn Target>,
    shadow: Shadow<dyn Target>,
    /// A proxy of a generation that has ended.
    dead: Proxy<dyn Target>,
    direct: Direct,
    lent: RRef<[u8; 64]>,
    packet: RRef<[u8; 2048]>,
    batch: RRefDeque<[u8; 2048], 32>,
}

impl World {
    pub(crate) fn new() -> Result<Self, RpcError> {
        let domain = domain();
        let proxy = || domain.proxy().map_err(|_| RpcError::Dead);
        let dead = proxy()?;
        let _ = dead.crash();
        domain.restart().map_err(|_| RpcError::Dead)?;
        let mut batch = RRefDeque::new();
        while batch.push_back(RRef::new([0; 2048])).is_ok() {}
        Ok(Self {
            dead,
            proxy: proxy()?,
            shadow: domain.shadow().map_err(|_| RpcError::Dead)?,
            domain,
            direct: init(7)?,
            lent: RRef::new([0; 64]),
            packet: RRef::new([0; 2048]),
            batch,
        })
    }

    /// Whether all calls have succeeded while instructions were counted.
    pub(crate) fn is_well(&self) -> bool {
        self.domain.restarts() == 1 && self.proxy.is_alive()
    }
}

/// An operation: its name, the recorded number of instructions, and a function that repeats it a number of times. An
/// operation that serves only for comparison has no recorded number.
pub(crate) struct Case(
    pub(crate) &'static str,
    pub(crate) Option<usize>,
    pub(crate) fn(&mut World, usize),
);

/// Changes the owner of `value` `times` times. A call that takes and returns an object changes its owner twice.
fn transfer(value: &impl Exchangeable, times: usize) {
    let to = Owner::from_index(1).unwrap_or(Owner::HOST);
    for _ in 0..times {
        // SAFETY: the bench acts for both owners.
        black_box(value).transfer(&unsafe { Transfer::to(black_box(to)) });
    }
    // SAFETY: as above.
    value.transfer(&unsafe { Transfer::to(Owner::HOST) });
}

/// The operations, with counts for x86-64, Rust 1.95, opt-level 3. The loop around an operation is included.
pub(crate) const CASES: [Case; 14] = [
    Case("virtual: null", None, |world, times| {
        let target: &dyn Target = black_box(&world.direct);
        for _ in 0..times {
            let _ = black_box(black_box(target).null(1));
        }
    }),
    Case("proxy: null", Some(102), |world, times| {
        for _ in 0..times {
            let _ = black_box(black_box(&world.proxy).null(1));
        }
    }),
    Case("proxy: borrow", Some(103), |world, times| {
        for _ in 0..times {
            let _ = black_box(black_box(&world.proxy).borrow(&world.lent));
        }
    }),
    Case("proxy: move 64 B in and back", Some(108), |world, times| {
        let mut object = Some(RRef::new([0; 64]));
        for _ in 0..times {
            object = object
                .take()
                .and_then(|at| black_box(&world.proxy).small(at).ok());
        }
        assert!(object.is_some(), "a call failed");
    }),
    Case("shadow: null", Some(116), |world, times| {
        for _ in 0..times {
            let _ = black_box(black_box(&world.shadow).null(1));
        }
    }),
    Case(
        "shadow: move 64 B in and back",
        Some(130),
        |world, times| {
            let mut object = Some(RRef::new([0; 64]));
            for _ in 0..times {
                object = object
                    .take()
                    .and_then(|at| black_box(&world.shadow).small(at).ok());
            }
            assert!(object.is_some(), "a call failed");
        },
    ),
    Case("Box: allocate and free 64 B", None, |_, times| {
        for _ in 0..times {
            drop(black_box(Box::new(black_box([0u8; 64]))));
        }
    }),
    Case("RRef: allocate and free 64 B", Some(125), |_, times| {
        for _ in 0..times {
            drop(black_box(RRef::new(black_box([0u8; 64]))));
        }
    }),
    // The object is not written: zeroing 4 KiB would dominate the count.
    Case("heap: allocate and free 4 KiB", Some(127), |_, times| {
        raw(4096, times);
    }),
    Case("heap: allocate and free 128 KiB", Some(185), |_, times| {
        raw(128 << 10, times);
    }),
    Case("transfer: RRef", Some(13), |world, times| {
        transfer(&world.packet, times);
    }),
    Case("transfer: RRefDeque of 32", Some(13), |world, times| {
        transfer(&world.batch, times);
    }),
    Case("RRefDeque: take and put back", Some(77), |world, times| {
        for _ in 0..times {
            if let Some(packet) = black_box(&mut world.batch).pop_front() {
                let pushed = black_box(&mut world.batch).push_back(packet);
                assert!(pushed.is_ok());
            }
        }
    }),
    Case(
        "refused: null call of a dead domain",
        Some(106),
        |world, times| {
            for _ in 0..times {
                let _ = black_box(black_box(&world.dead).null(1));
            }
        },
    ),
];

fn raw(size: usize, times: usize) {
    let place = class::place(size, 1);
    for _ in 0..times {
        // SAFETY: `place` belongs to this size and alignment. The object is freed without being read.
        let object = unsafe { heap::alloc(black_box(place), black_box(size), 1) };
        if let Ok(object) = object {
            // SAFETY: the object was just allocated with this place.
            unsafe { heap::free(black_box(object), place) };
        }
    }
}
