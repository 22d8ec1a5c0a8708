//! The sizes of memory that a domain asks for are not trusted. Addresses lie in the upper half of the address space,
//! so the sum of an address and a large size wraps.

use alloc::vec::Vec;

use samara::heap::class::{MAX_ALIGN, MAX_OBJECT};
use samara::heap::{heap, thread};
use samara::prelude::*;
use samara::runtime::arena;
use samara_testkit::sizes::{Limits, Tally, exchange, private};

use super::kernel_tests;
use super::totals::leaves_nothing;
use crate::host::{ALLOCATOR, runtime};
use crate::mm::layout::ARENA_STRIDE;

/// A domain that asks for much memory.
#[interface]
trait Asking {
    /// Tries to reserve so much memory for a vector that it ends `beyond` bytes behind the end of the address space.
    /// Returns whether the request was granted.
    fn to_the_end(&self, beyond: u64) -> Result<bool, RpcError>;
    /// Drives the private heap with random requests. Returns how many were granted and how many refused.
    fn private(&self, seed: u64) -> Result<(u32, u32), RpcError>;
    /// Drives the exchange heap with random requests. Returns how many were granted and how many refused.
    fn exchange(&self, seed: u64) -> Result<(u32, u32), RpcError>;
}

struct State;

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

impl Asking for State {
    fn to_the_end(&self, beyond: u64) -> Result<bool, RpcError> {
        let mut bytes = Vec::new();
        bytes.resize(100, 7_u8);
        let end = bytes
            .as_ptr()
            .addr()
            .wrapping_neg()
            .wrapping_add(beyond as usize);
        let granted = bytes
            .try_reserve_exact(end.wrapping_sub(bytes.len()))
            .is_ok();
        assert!(bytes.iter().all(|byte| *byte == 7));
        Ok(granted)
    }

    fn private(&self, seed: u64) -> Result<(u32, u32), RpcError> {
        let held = || arena::committed(thread::current().owner());
        match private(&ALLOCATOR, PRIVATE, &held, seed, STEPS) {
            Ok(tally) => Ok(outcomes(tally)),
            Err(broken) => panic!("{broken}"),
        }
    }

    fn exchange(&self, seed: u64) -> Result<(u32, u32), RpcError> {
        let held = || heap::census(thread::current().owner()).bytes;
        match exchange(SHARED, &held, seed, STEPS) {
            Ok(tally) => Ok(outcomes(tally)),
            Err(broken) => panic!("{broken}"),
        }
    }
}

const QUOTA: usize = 1 << 20;
const STEPS: u64 = 3000;

/// The limits of the private heap: a domain's quota, and the stripe of an arena.
const PRIVATE: Limits = Limits {
    quota: QUOTA,
    bound: ARENA_STRIDE as usize,
    skip_above: usize::MAX,
    empty: true,
};

/// The limits of the exchange heap: a domain's quota, and the largest object.
const SHARED: Limits = Limits {
    bound: MAX_OBJECT + MAX_ALIGN,
    ..PRIVATE
};

fn outcomes(tally: Tally) -> (u32, u32) {
    assert!(tally.beyond > 0);
    (tally.granted, tally.refused)
}

fn spawn() -> Domain<dyn Asking> {
    let spec = DomainSpec::new("asks")
        .heap_quota(QUOTA)
        .shared_quota(QUOTA);
    runtime()
        .spawn(spec, init, Mint::nothing())
        .expect("a domain")
}

kernel_tests! {
    /// Invariant: HEAP-3
    fn a_vector_does_not_grow_past_the_end_of_addresses() {
        leaves_nothing(|| {
            let domain = spawn();
            let proxy = domain.proxy().expect("alive");
            for beyond in [0, 1, 8, 16, 4096, 1 << 20, 1 << 30] {
                assert_eq!(proxy.to_the_end(beyond), Ok(false), "{beyond}");
                assert_eq!(proxy.to_the_end(beyond.wrapping_neg()), Ok(false), "-{beyond}");
            }
            domain.kill();
        });
    }

    /// Invariant: HEAP-3
    fn a_domains_heaps_agree_with_the_reference_model() {
        leaves_nothing(|| {
            let domain = spawn();
            let proxy = domain.proxy().expect("alive");
            for seed in 0..2 {
                for outcome in [proxy.private(seed), proxy.exchange(seed)] {
                    let (granted, refused) =
                        outcome.unwrap_or_else(|_| panic!("{:?}", domain.exit_reason()));
                    assert!(granted > 150 && refused > 150, "{granted} {refused}");
                }
            }
            domain.kill();
        });
    }

    /// Invariant: HEAP-3
    fn the_hosts_heaps_agree_with_the_reference_model() {
        // The host has no quota. Large requests are left out, since the host's arena keeps all memory that it was
        // ever given.
        let modest = |limits| Limits { skip_above: QUOTA, ..limits };
        for seed in 0..2 {
            let private = private(&ALLOCATOR, modest(PRIVATE), &|| 0, seed, STEPS);
            let exchange = exchange(modest(SHARED), &|| 0, seed, STEPS);
            for tally in [private, exchange] {
                let (granted, refused) = outcomes(tally.unwrap_or_else(|broken| panic!("{broken}")));
                assert!(granted > 150 && refused > 150, "{granted} {refused}");
            }
        }
    }
}
