//! Decides which request meets which fault. The seed determines the choice, and exactly the planned number of faults
//! is armed.

use super::fault_kinds::Manners;
use samara_fault::{FaultPoint, Manner};
use samara_testkit::faults as fault;
use samara_testkit::pattern;

/// The kind of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

impl Kind {
    /// Returns the fault points that a request of this kind can reach. They are used in this order, in turn.
    const fn faults(self) -> &'static [FaultPoint] {
        use FaultPoint::{Borrowed, Completion, Drop, InFlight, Init, Moved, Submit};
        match self {
            Self::Read => &[Moved, InFlight, Init, Completion, Drop, Submit],
            Self::Write => &[Borrowed, InFlight, Submit, Drop, Completion],
        }
    }
}

/// One fault in this many is planned for a write, but no more faults than the demo makes writes.
const WRITES_SHARE: u64 = 4;

/// This constant is mixed into the seed, so that the draws differ from the bytes that are written.
const STREAM: u64 = 0x706c_616e;

/// The number of requests of one kind that are still to come, and the number of faults that are planned for them.
#[derive(Clone, Copy)]
struct Pool {
    requests: u64,
    crashes: u64,
    next: usize,
}

/// Draws faults for a known number of requests.
pub(super) struct Plan {
    manners: Manners,
    armed: usize,
    seed: u64,
    drawn: u64,
    reads: Pool,
    writes: Pool,
}

impl Plan {
    /// Makes a plan of `crashes` faults, spread over `reads` and `writes` requests. The `manners` take turns.
    pub(super) fn new(seed: u64, reads: u64, writes: u64, crashes: u32, manners: Manners) -> Self {
        let crashes = u64::from(crashes);
        let for_writes = (crashes / WRITES_SHARE).min(writes);
        let pool = |requests, crashes| Pool {
            requests,
            crashes,
            next: 0,
        };
        Self {
            manners,
            armed: 0,
            seed: seed ^ STREAM,
            drawn: 0,
            reads: pool(reads, crashes - for_writes),
            writes: pool(writes, for_writes),
        }
    }

    /// Returns the number of faults that are not armed yet.
    pub(super) fn crashes_left(&self) -> u64 {
        self.reads.crashes + self.writes.crashes
    }

    /// Draws a number below `bound`. A `bound` of 0 counts as 1. The bias is below 2^-50 for the small bounds here.
    fn draw(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        pattern::word(self.seed, self.drawn) % bound.max(1)
    }

    /// Draws whether the next request meets a fault, and arms the fault. This is selection sampling (Knuth, The Art
    /// of Computer Programming 2, §3.4.2, algorithm S): if each request takes one fault, every set of requests of the
    /// planned size is equally likely. A request with a fault in `init` takes two faults.
    pub(super) fn arm_for(&mut self, kind: Kind) {
        let mut pool = match kind {
            Kind::Read => self.reads,
            Kind::Write => self.writes,
        };
        if self.draw(pool.requests) < pool.crashes {
            self.arm(kind, &mut pool);
        }
        pool.requests = pool.requests.saturating_sub(1);
        match kind {
            Kind::Read => self.reads = pool,
            Kind::Write => self.writes = pool,
        }
    }

    /// Returns the next manner; the manners take turns.
    fn next_manner(&mut self) -> Manner {
        self.armed += 1;
        self.manners.nth(self.armed - 1)
    }

    fn arm(&mut self, kind: Kind, pool: &mut Pool) {
        let faults = kind.faults();
        let mut point = faults[pool.next % faults.len()];
        pool.next += 1;
        if point == FaultPoint::Init {
            if pool.crashes >= 2 {
                // The driver runs `init` only after a crash at another point. That crash is armed below.
                let manner = self.next_manner();
                fault::arm_with(FaultPoint::Init, 0, manner);
                pool.crashes -= 1;
            }
            point = FaultPoint::Submit;
        }
        // The driver executes a request as several commands, and passes these points once for each. The fault hits
        // one of the first three commands.
        let after = match point {
            FaultPoint::Submit | FaultPoint::Completion => self.draw(3) as u32,
            _ => 0,
        };
        let manner = self.next_manner();
        fault::arm_with(point, after, manner);
        pool.crashes -= 1;
    }
}
