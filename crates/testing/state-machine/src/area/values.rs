//! Checks each type of shared object by itself. In the host and in every domain, an object must hold the value that
//! was put into it.

mod batches;
mod objects;
mod slices;
pub(crate) mod told;

use super::{Kind, kind};
use crate::node::HostResource;
use crate::runner::Machine;
use crate::step::Numbers;
use samara_domain::{Exchangeable, RRef, RpcError, interface};
use samara_testkit::hosted::Rng;
use std::panic;

pub(crate) const KINDS: &[Kind] = &[
    kind("values", 4, Machine::values),
    kind("half a slice", 1, Machine::half_a_slice),
    kind("move nothing", 1, Machine::move_nothing),
];

#[interface]
pub(crate) trait Values {
    /// Returns its argument, a slice of values of size zero.
    fn echo_void(&self, void: RRef<[Nothing]>) -> Result<RRef<[Nothing]>, RpcError>;
    /// Exercises the types inside the domain, and leaves nothing behind.
    fn play(&self, seed: u64) -> Result<(), RpcError>;
}

/// A type of size zero whose field types may hold objects.
#[derive(Debug, Exchangeable)]
pub(crate) struct Nothing([RRef<u8>; 0]);

/// Exercises the types. Both the host and the domains run this.
fn play(seed: u64) {
    let mut rng = Rng::new(seed);
    for _ in 0..4 {
        match rng.below(4) {
            0 => objects::play(&mut rng),
            1 => slices::play(&mut rng),
            2 => batches::play(&mut rng),
            _ => told::play(&mut rng),
        }
    }
}

impl Values for HostResource {
    fn echo_void(&self, void: RRef<[Nothing]>) -> Result<RRef<[Nothing]>, RpcError> {
        Ok(void)
    }
    fn play(&self, seed: u64) -> Result<(), RpcError> {
        play(seed);
        Ok(())
    }
}

impl Machine {
    fn values(&mut self, n: Numbers) {
        let seed = ((n.which as u64) << 16) | n.how as u64;
        play(seed);
        let played = self.fresh(n.domain).play(seed);
        let expected = if self.alive(n.domain) {
            Ok(())
        } else {
            Err(RpcError::Dead)
        };
        assert_eq!(played, expected);
    }

    /// Moves `usize::MAX` values of size zero, which the transfer must not visit one by one.
    fn move_nothing(&mut self, n: Numbers) {
        let many = RRef::new([const { Nothing([]) }; usize::MAX]);
        self.model.collect(n.domain);
        let moved = self.fresh(n.domain).echo_void(RRef::into_slice(many));
        if self.alive(n.domain) {
            assert_eq!(moved.map(|void| void.len()), Ok(usize::MAX));
        } else {
            assert_eq!(moved.map(drop), Err(RpcError::Dead));
        }
    }

    /// If the closure of a slice constructor panics half-way, the elements that were already made must be freed. The
    /// host makes the slice, because a domain would die of the panic.
    fn half_a_slice(&mut self, n: Numbers) {
        let (len, end) = (n.how % 40 + 1, n.which % 41);
        let made = panic::catch_unwind(|| {
            RRef::<[RRef<u64>]>::try_from_fn(len, |at| {
                if at == end {
                    panic::resume_unwind(Box::new("asked to"));
                }
                RRef::new(at as u64)
            })
        });
        assert_eq!(made.is_ok(), end >= len);
    }
}
