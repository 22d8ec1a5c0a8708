//! Steps in which a domain asks for memory by sizes and counts, most of which are impossible. The impossible ones
//! must be refused and leave nothing behind.

use super::{Kind, kind};
use crate::node::HostResource;
use crate::runner::{Machine, PRIVATE};
use crate::step::Numbers;
use samara_domain::{AllocError, RRef, RpcError, interface};

pub(crate) const KINDS: &[Kind] = &[kind("strain", 4, Machine::strain)];

#[interface]
pub(crate) trait Sizes {
    /// Asks for `size` bytes or elements in one of several ways. Returns whether there was room.
    fn strain(&self, way: usize, size: usize) -> Result<bool, RpcError>;
}

/// Returns a size that is either small or larger than any memory. A size in between could be granted and would take
/// long to fill.
pub(crate) fn adversarial(which: usize, how: usize) -> usize {
    const MAX: usize = isize::MAX as usize;
    let power = match how % 40 {
        small @ 0..20 => small,
        large => large + 24,
    };
    let near = [
        1_usize << power,
        MAX,
        usize::MAX,
        MAX - 4096,
        usize::MAX - 4096,
    ];
    let size = near[which % near.len()];
    match how / 40 % 3 {
        0 => size,
        1 => size.wrapping_sub(1),
        _ => size.wrapping_add(1),
    }
}

#[derive(Debug, samara_domain::Exchangeable)]
#[repr(align(65536))]
struct VeryAligned;

/// Grows a vector that has elements. The allocator may grow it in place or move it.
fn grow<T: Clone + PartialEq>(value: T, more: usize, exact: bool) -> bool {
    let mut vector = Vec::new();
    if vector.try_reserve(10).is_err() {
        return false;
    }
    vector.resize(10, value.clone());
    let grown = if exact {
        vector.try_reserve_exact(more)
    } else {
        vector.try_reserve(more)
    };
    assert!(
        vector.iter().all(|at| *at == value),
        "the elements of a vector changed when it grew"
    );
    grown.is_ok() && vector.capacity() - 10 >= more
}

fn shared<T: ?Sized + samara_rref::Target>(made: Result<RRef<T>, AllocError>) -> bool {
    made.is_ok()
}

impl Sizes for HostResource {
    fn strain(&self, way: usize, size: usize) -> Result<bool, RpcError> {
        Ok(match way % 10 {
            0 => grow(1_u8, size, true),
            1 => grow(1_u8, size, false),
            2 => grow(1_u64, size, true),
            3 => grow([1_u8; 4096], size, true),
            4 => {
                // The requested capacity would reach from the vector's address to the end of the address space, or up
                // to two pages beyond it.
                let vector = vec![0_u8; 16];
                let end = usize::MAX - vector.as_ptr().addr();
                let size = end.wrapping_add(size % 8192);
                let mut vector = vector;
                vector.try_reserve_exact(size).is_ok()
            }
            5 => shared(RRef::<[u8]>::new_zeroed_slice(size)),
            6 => shared(RRef::<[u64]>::new_zeroed_slice(size)),
            7 => shared(RRef::<[[u64; 1024]]>::new_zeroed_slice(size)),
            8 => {
                // Elements of size zero, in any number: the constructor must not visit them one by one.
                let count = size.min(usize::MAX >> 1);
                shared(RRef::<[[u64; 0]]>::new_zeroed_slice(count))
            }
            _ => {
                let made = RRef::try_from_fn(size % 3, |_| VeryAligned);
                shared(made)
            }
        })
    }
}

impl Machine {
    fn strain(&mut self, n: Numbers) {
        let size = adversarial(n.which, n.how);
        let strained = self.fresh(n.domain).strain(n.which / 5, size);
        if self.alive(n.domain) {
            let has_room = strained.unwrap_or_else(|error| panic!("{error}"));
            let impossible = size > 1 << 40 && n.which / 5 % 10 < 8;
            assert!(
                !(has_room && impossible),
                "an allocation of {size} bytes succeeded"
            );
            let private = self.domains[n.domain].info().private_bytes;
            assert!(
                private <= PRIVATE,
                "a domain holds {private} bytes of private memory"
            );
        } else {
            assert_eq!(strained, Err(RpcError::Dead));
        }
    }
}
