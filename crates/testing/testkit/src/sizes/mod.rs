//! Drives both heaps with adversarial sizes, alignments and counts, and compares them with a model. Hosted tests and
//! the reference kernel's own tests use the same engine. In the kernel, addresses lie in the upper half of the address
//! space, so sums of an address and a large size wrap.
//!
//! [`private`] drives a global allocator. [`exchange`] drives all constructors of objects on the exchange heap. Both
//! are repeatable: a failure names its seed and step. The model demands:
//!
//! * Live ranges are aligned and disjoint.
//! * Contents stay until they are freed, and over every change of size.
//! * The bytes held never exceed the quota, and all of them are given back at the end.
//! * A refused request changes nothing, and a request that is larger than any heap is refused.
#![expect(
    unsafe_code,
    reason = "the interface of an allocator is unsafe, and so is the trait of capabilities"
)]

mod exchange;
mod live;
mod numbers;
mod private;

pub use exchange::exchange;
pub use private::private;

use core::fmt;

/// The most blocks or objects that live at the same time.
const PLACES: usize = 24;

/// The limits of a heap under test, as the engine needs them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The quota: the most bytes that may be held at any time.
    pub quota: usize,
    /// A request must be refused if its size and alignment together are larger than this.
    pub bound: usize,
    /// The engine makes no requests between this size and the bound, because such a request could be granted and its
    /// memory would be touched.
    pub skip_above: usize,
    /// Whether allocations of no bytes are requested. An allocator that is not ours need not refuse such requests.
    pub empty: bool,
}

/// A violation of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The seed of the stream.
    pub seed: u64,
    /// The step of the stream.
    pub step: u64,
    /// A description of the violation.
    pub what: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, what } = self;
        write!(f, "seed {seed}, step {step}: {what}")
    }
}

impl core::error::Error for Broken {}

/// Counts of a run's outcomes. A run proves little if every request was refused, or if no request was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that were granted.
    pub granted: u32,
    /// Requests that were refused.
    pub refused: u32,
    /// Refused requests that were larger than any heap.
    pub beyond: u32,
}
