//! Tests `samara-device-io` by a random driver in safe code on devices that lie. An oracle counts every byte that a
//! device touches outside of the memory that its claim allows.
//!
//! A [`Case`] has devices of some kinds: at most two NVMe controllers, two 82599s, two virtio disks and two virtio
//! network cards. One or two drivers call the safe functions of `samara-device-io` in any order. A driver passes the
//! functions, queues, transfers and units of one claim where another claim's belong. It forgets guards, and its
//! closures panic. It runs in a domain that is killed and restarted, or as the host, on one thread or on several. The
//! devices report whatever the numbers choose, but they keep one promise: they touch only memory that they were told
//! of.
//!
//! The [ledger](ledger) records which memory each device may touch. This is the memory of the claim's queues, objects
//! that are pinned in the queues, and transfers that were begun and not finished. A lent buffer may be read until its
//! scope ends. Each access of a device is compared with the ledger and with the shared heap. The object must be live.
//! A queue, or an object that was moved in, must also belong to the host. After each case the heap contains what it
//! contained before, and no device is bus master.
//!
//! | file | contents |
//! |---|---|
//! | `bench.rs`, `shapes.rs` | the emulated devices, plugged in anew for each case; how they are built |
//! | `misbehaviour.rs` | how devices misbehave, switched at random |
//! | `ledger/` | which claim holds which object now, what each device touches, what happened at an address |
//! | `driver/` | everything that a driver has, and how it finds things to mix up |
//! | `area/*.rs` | one area each: the driver's calls of one part of the crate |
//! | `actor.rs` | the driver in a domain |
//! | `case.rs`, `step.rs` | a run of steps, from any numbers |
//! | `listed_registers.rs` | registers that the tables list |
//! | `coverage.rs` | how far runs get |
//! | `ticks.rs` | domains that are cut at an instruction |
//! | `surface.rs` | records which functions of `samara-device-io` were called |
//!
//! # How many steps, and how to repeat the steps of a failure
//!
//! `cargo xtask test --only models` takes a million steps and prints its seed. This runs more steps, with another
//! seed: `SAMARA_DEVICE_MACHINE_STEPS=1000000000 SAMARA_DEVICE_MACHINE_SEED=7 cargo xtask test --only models`. A
//! debug build (`cargo test -p samara-device-state-machine`) takes fewer.
//!
//! One number determines a whole case. A mode that fails prints it: `failed after 128407 steps, in
//! SAMARA_DEVICE_MACHINE_CASE=233820319`. With that variable the mode runs only this case:
//!
//! ```text
//! SAMARA_DEVICE_MACHINE_CASE=233820319 cargo test --profile checked -p samara-device-state-machine --test machine drivers_in_domains
//! ```
//!
//! The two modes `drivers_of_the_host` and `drivers_in_domains` look for the shortest part of the case that fails at
//! the same place, and print its steps. `SAMARA_MACHINE_SHORTEST=0` skips the search. The report of a forbidden
//! access has the address, the rule that the access breaks, and the last events at this address and of claims: given,
//! lent, refused, back, claimed, silenced. Steps of several threads at once (all of `drivers_on_several_threads`,
//! some of the others) do not give the same result each time: repeat the case some dozen times. A cut of
//! `drivers_under_ticks` comes at an instruction, so its case is the same only for the same build.
//!
//! # Holes
//!
//! `crates/testing/device-state-machine/holes` has the holes that measure the suite. Each hole is an edit of some
//! lines that disables one rule of the engine. `cargo xtask holes --suite devices` disables them one at a time, and
//! runs the modes with CI's steps; `docs/holes.md` has the table of the results.
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
