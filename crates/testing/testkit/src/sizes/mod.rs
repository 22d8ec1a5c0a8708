//! Adversarial sizes, alignments and counts against a model: one engine, driven by hosted tests and by the
//! reference kernel's own, whose addresses lie in the other half, where sums with them wrap.
//!
//! [`private`] drives a global allocator, [`exchange`] all ways to an object on the exchange heap. Both are
//! repeatable: what breaks is named by its seed and step. What the model holds:
//!
//! * live ranges are aligned and disjoint;
//! * contents stay until they are freed, and over every change of size;
//! * what is held never exceeds the quota, and all comes back;
//! * what is refused changes nothing, and what is larger than anything could be is refused.
#![expect(
    unsafe_code,
    reason = "an allocator's interface is unsafe, and capabilities are trusted"
)]

mod exchange;
mod live;
mod numbers;
mod private;

pub use exchange::exchange;
pub use private::private;

use core::fmt;

/// How many blocks or objects live at a time.
const PLACES: usize = 24;

/// Within what the engine moves.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most that may ever be held, in bytes: the quota.
    pub quota: usize,
    /// What is larger than this, size and alignment together, must be refused.
    pub bound: usize,
    /// Sizes between this and the bound are not asked for: they might be granted, and touched.
    pub skip_above: usize,
    /// Whether a size of nothing is asked for: an allocator that is not ours need not refuse it.
    pub empty: bool,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The stream.
    pub seed: u64,
    /// The step of it.
    pub step: u64,
    /// What does not hold.
    pub what: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, what } = self;
        write!(f, "seed {seed}, step {step}: {what}")
    }
}

impl core::error::Error for Broken {}

/// How often what happened: a run in which all was refused, or nothing, proves little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What was asked for and given.
    pub granted: u32,
    /// What was not.
    pub refused: u32,
    /// Of that, what is larger than anything could be.
    pub beyond: u32,
}
