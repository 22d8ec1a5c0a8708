//! A random safe driver, on devices that lie, and an oracle that counts every byte that a device touches outside of what its
//! domain holds.
//!
//! A [`Case`] has devices of every kind (two NVMe controllers, two 82599s, two virtio disks, two virtio network cards) and a driver
//! that calls the safe functions of `samara-device-io` in any order: with the functions, queues, transfers and units of one claim
//! where another's belong, with guards forgotten and closures that panic, in a domain that is killed and restarted or as the host,
//! on one thread or several. The devices say whatever the numbers choose, but keep their word: what they touch they were told of.
//!
//! The [ledger](ledger) knows which memory each device may touch: queues of the claim, objects pinned in them, transfers that were
//! begun and not finished, buffers that are lent, for reading, in their scope. Each access of a device is compared with that, and
//! with the exchange heap: is the object live, and the host's? After each case the heap has what it had before, and no device is
//! bus master.
//!
//! | file | what |
//! |---|---|
//! | `bench.rs`, `shapes.rs` | the devices, plugged in anew for each case; how they are built |
//! | `misbehaviour.rs` | how devices misbehave, thrown at random |
//! | `ledger/` | who holds what now, what each device touches, what happened at an address |
//! | `driver/` | what a driver has, and how it finds things to mix up |
//! | `area/*.rs` | an area each: the calls that the driver makes there |
//! | `actor.rs` | the driver in a domain |
//! | `case.rs`, `step.rs` | a run of steps, from any numbers |
//! | `listed_registers.rs` | registers that the tables list |
//! | `coverage.rs` | how far runs come |
//! | `ticks.rs` | domains that are cut at an instruction |
//! | `surface.rs` | which functions of `samara-device-io` were called |
//!
//! # How many steps, and how to take those of a failure again
//!
//! `cargo xtask test --only models` takes a million steps and says its seed. For more, or others:
//! `SAMARA_DEVICE_MACHINE_STEPS=1000000000 SAMARA_DEVICE_MACHINE_SEED=7 cargo xtask test --only models`.
//! A debug build (`cargo test -p samara-device-state-machine`) takes fewer.
//!
//! All that is done in a case follows from one number. A mode that fails says it:
//! `failed after 128407 steps, in SAMARA_DEVICE_MACHINE_CASE=233820319`. With that variable the mode takes this case alone:
//!
//! ```text
//! SAMARA_DEVICE_MACHINE_CASE=233820319 cargo test --profile checked -p samara-device-state-machine --test machine drivers_in_domains
//! ```
//!
//! The two modes `drivers_of_the_host` and `drivers_in_domains` look for the shortest part of the case that fails at the same place,
//! and say its steps; `SAMARA_MACHINE_SHORTEST=0` has them leave that out. What is told of an access is the address, which rule it
//! breaks, and what happened there and to the device before: given, lent, refused, come back, claimed, silenced. Steps of several
//! threads at once (all of `drivers_on_several_threads`, some of the others) do not come out the same each time: take the case some
//! dozen times. A cut of `drivers_under_ticks` comes at an instruction, so its case is the same for the same build only.
//!
//! # Holes
//!
//! `crates/testing/device-state-machine/holes` has what the suite is measured by: rules of the engine, each taken out by an edit of some lines.
//! `cargo xtask holes --suite devices` takes them out one at a time, and runs the modes with CI's steps; `docs/holes.md` has the
//! table of what was found.
#![forbid(unsafe_code)]

mod actor;
mod area;
mod bench;
mod case;
mod coverage;
mod driver;
mod expected_panics;
mod ledger;
mod listed_registers;
mod misbehaviour;
mod shapes;
mod step;
mod surface;
mod ticks;

pub use case::{Case, Where};
pub use coverage::coverage;
pub use expected_panics::be_quiet;
pub use step::{BYTES, Word};
pub use surface::calls;
