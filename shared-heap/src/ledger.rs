//! The arithmetic of a quota: pure, sequential, saturating.

/// An amount of shared memory: bytes of slots, and the number of slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Bytes of slots (or of pages, for a large object).
    pub bytes: usize,
    /// Objects and capabilities.
    pub objects: usize,
}

impl Load {
    /// No memory.
    pub const ZERO: Self = Self {
        bytes: 0,
        objects: 0,
    };
    /// A load that is larger than any owner can have.
    pub const MAX: Self = Self {
        bytes: usize::MAX,
        objects: usize::MAX,
    };

    /// One object of `bytes`.
    #[inline]
    #[must_use]
    pub const fn one(bytes: usize) -> Self {
        Self { bytes, objects: 1 }
    }

    /// Adds bytes and objects, saturating.
    #[inline]
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            objects: self.objects.saturating_add(other.objects),
        }
    }

    /// Subtracts bytes and objects, saturating at zero.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(other.bytes),
            objects: self.objects.saturating_sub(other.objects),
        }
    }

    /// Adds bytes and objects, wrapping: for running totals, of which only differences matter.
    const fn running(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.wrapping_add(other.bytes),
            objects: self.objects.wrapping_add(other.objects),
        }
    }

    /// Returns the difference of this running total and the earlier total `since`.
    const fn since(self, since: Self) -> Self {
        Self {
            bytes: self.bytes.wrapping_sub(since.bytes),
            objects: self.objects.wrapping_sub(since.objects),
        }
    }

    /// Whether bytes and objects both fit into `room`.
    #[must_use]
    pub const fn fits(self, room: Self) -> bool {
        self.bytes <= room.bytes && self.objects <= room.objects
    }
}

/// The credit that an owner has left before its objects must be counted again.
///
/// Two credits decrease together. `own` is used up at the limit and is for allocations. `far` is used up at twice the
/// limit and is for objects that others hand over. A free, or an object handed away, does not restore credit; only the
/// next count does. So the credit never exceeds the room that is really left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    limit: Load,
    own: Load,
    far: Load,
    /// The running total of all that was taken; it may wrap.
    taken: Load,
}

/// The ledger's running total at the time when a count began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadSnapshot(Load);

impl Ledger {
    /// A ledger without a limit.
    pub const UNLIMITED: Self = Self::new(Load::MAX);

    /// A ledger with a limit and no credit yet, so that the first thing taken causes a count.
    #[must_use]
    pub const fn new(limit: Load) -> Self {
        Self {
            limit,
            own: Load::ZERO,
            far: Load::ZERO,
            taken: Load::ZERO,
        }
    }

    /// The limit.
    #[must_use]
    pub const fn limit(&self) -> Load {
        self.limit
    }

    /// Takes the snapshot that [`settle`](Self::settle) needs. Call this method before the count begins.
    #[must_use]
    pub const fn begin(&self) -> LoadSnapshot {
        LoadSnapshot(self.taken)
    }

    /// Sets the credits after a count that found `owned`. The count may or may not include the amount that was taken
    /// since the count began, so that amount is also subtracted from the credits. Returns whether nothing was taken
    /// meanwhile, which makes the credits exact.
    pub const fn settle(&mut self, owned: Load, begun: LoadSnapshot) -> bool {
        let since = self.taken.since(begun.0);
        let owned = owned.plus(since);
        self.own = self.limit.less(owned);
        self.far = self.limit.plus(self.limit).less(owned);
        since.fits(Load::ZERO)
    }

    /// Takes `load` for an allocation. Returns `false`, and takes nothing, if the credit is too low.
    #[must_use]
    pub const fn allocate(&mut self, load: Load) -> bool {
        let fits = load.fits(self.own);
        if fits {
            self.note(load);
        }
        fits
    }

    /// Takes `load` for objects that others hand over. Returns `false`, and takes nothing, if they would exceed twice
    /// the limit.
    #[must_use]
    pub const fn receive(&mut self, load: Load) -> bool {
        let fits = load.fits(self.far);
        if fits {
            self.note(load);
        }
        fits
    }

    /// Whether the owner may be given anything at all. It may not once it has reached twice its limit.
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.far.bytes > 0 && self.far.objects > 0
    }

    /// Subtracts `load` from both credits, whether or not the owner asked for it.
    pub const fn note(&mut self, load: Load) {
        self.own = self.own.less(load);
        self.far = self.far.less(load);
        self.taken = self.taken.running(load);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Load = Load {
        bytes: 100,
        objects: 3,
    };

    fn settled(bytes: usize, objects: usize) -> Ledger {
        let mut ledger = Ledger::new(LIMIT);
        let begun = ledger.begin();
        assert!(ledger.settle(Load { bytes, objects }, begun));
        ledger
    }

    #[test]
    fn either_limit_ends_allocation() {
        let mut ledger = settled(0, 0);
        assert!(ledger.allocate(Load::one(99)));
        assert!(!ledger.allocate(Load::one(2)), "bytes");
        assert!(ledger.allocate(Load::one(0)) && ledger.allocate(Load::one(1)));
        assert!(!ledger.allocate(Load::one(0)), "objects");
    }

    #[test]
    fn receiving_stops_at_twice_the_limit() {
        let mut ledger = settled(60, 1);
        assert!(ledger.receive(Load::one(100)));
        assert!(!ledger.allocate(Load::one(1)));
        assert!(ledger.has_room());
        assert!(ledger.receive(Load::one(40)));
        assert!(!ledger.receive(Load::one(1)));
        assert!(!ledger.has_room(), "bytes");
        assert!(!settled(0, 6).has_room(), "objects");
    }

    #[test]
    fn an_owner_far_over_its_limit_gets_nothing() {
        let mut ledger = settled(usize::MAX, usize::MAX);
        assert!(!ledger.allocate(Load::ZERO.plus(Load::one(0))));
        assert!(!ledger.receive(Load::one(1)));
        let mut unlimited = Ledger::UNLIMITED;
        let begun = unlimited.begin();
        assert!(unlimited.settle(Load::one(usize::MAX), begun));
        unlimited.note(Load::MAX);
        assert!(Load::MAX.plus(Load::one(1)) == Load::MAX);
    }

    /// Invariant: DEV-6
    #[test]
    fn a_load_taken_during_a_count_counts_twice() {
        let mut ledger = settled(0, 0);
        let begun = ledger.begin();
        assert!(ledger.allocate(Load::one(60)));
        // The count has missed it.
        assert!(!ledger.settle(Load::ZERO, begun), "not exact");
        assert!(!ledger.allocate(Load::one(41)));
        let begun = ledger.begin();
        assert!(ledger.settle(Load::one(60), begun), "exact");
        assert!(ledger.allocate(Load::one(40)));
    }

    #[test]
    fn a_running_total_may_wrap() {
        let mut ledger = settled(0, 0);
        ledger.note(Load::one(usize::MAX));
        let begun = ledger.begin();
        ledger.note(Load::one(3));
        assert!(!ledger.settle(Load::ZERO, begun));
        assert!(!ledger.allocate(Load::one(98)));
        assert!(ledger.allocate(Load::one(97)));
    }

    #[test]
    fn credit_never_exceeds_what_is_left() {
        for owned in 0..=110 {
            let mut ledger = settled(owned, 0);
            let mut has = owned;
            while ledger.allocate(Load {
                bytes: 7,
                objects: 0,
            }) {
                has += 7;
            }
            assert!(has <= LIMIT.bytes || has == owned);
            while ledger.receive(Load {
                bytes: 7,
                objects: 0,
            }) {
                has += 7;
            }
            assert!(has <= 2 * LIMIT.bytes);
        }
    }
}
