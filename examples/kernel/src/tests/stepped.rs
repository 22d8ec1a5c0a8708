//! The domain that the tests interrupt by a tick after any of its instructions. Its methods are short.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::hint::black_box;

use samara::prelude::*;
use spin::Mutex;

/// The kinds of work whose instructions the tests step through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[repr(u32)]
pub(super) enum Work {
    Allocate,
    Free,
    /// Frees more objects than a cache holds.
    FreeMany,
    AllocatePrivate,
    FreePrivate,
    GrowPrivate,
    /// Allocates so much that the private heap asks for pages.
    AllocatePages,
    FreePages,
    /// Allocates an object with pages of its own.
    AllocateLarge,
    FreeLarge,
    CloneProxy,
    DropProxy,
    /// Clones a proxy of an object that the other domain exports. The proxies of such an object are counted.
    CloneExported,
    DropExported,
    Export,
    DropExport,
    /// Calls an empty method of the other domain.
    CallOther,
}

/// The number of objects that [`Work::FreeMany`] frees.
const MANY: usize = 300;

/// Bytes of a large object.
const LARGE: usize = 100 << 10;

/// A domain whose calls are short.
#[interface]
pub(super) trait Stepped {
    /// Allocates and frees private and shared memory, keeps the object `given`, and returns a new object.
    fn exchange(&self, given: RRef<u64>, lent: &RRef<u64>) -> Result<RRef<u64>, RpcError>;
    fn nothing(&self) -> Result<(), RpcError>;
    /// Keeps the object.
    fn give(&self, object: RRef<RRef<u64>>) -> Result<(), RpcError>;
    /// Returns the object that [`Stepped::give`] has kept.
    fn take(&self) -> Result<RRef<RRef<u64>>, RpcError>;
    /// Makes the objects that `work` needs, and reserves room for the objects that `work` makes.
    fn prepare(&self, work: Work) -> Result<(), RpcError>;
    fn work(&self, work: Work) -> Result<(), RpcError>;
    /// Exports an object.
    fn make(&self) -> Result<Proxy<dyn Stepped>, RpcError>;
    /// Drops everything that the domain holds.
    fn clear(&self) -> Result<(), RpcError>;
}

/// The objects that the domain holds.
#[derive(Default)]
struct Held {
    given: Option<RRef<u64>>,
    nested: Option<RRef<RRef<u64>>>,
    shared: Vec<RRef<u64>>,
    large: Vec<RRef<[u8]>>,
    #[expect(clippy::vec_box, reason = "each is to be allocated")]
    private: Vec<Box<[u64; 5]>>,
    growing: Vec<u64>,
    pages: Vec<Vec<u8>>,
    proxies: Vec<Proxy<dyn Stepped>>,
}

pub(super) struct State {
    held: Mutex<Held>,
    other: Option<Proxy<dyn Stepped>>,
}

pub(super) fn init(other: Option<Proxy<dyn Stepped>>) -> Result<State, RpcError> {
    Ok(State {
        held: Mutex::default(),
        other,
    })
}

impl State {
    fn other(&self) -> &Proxy<dyn Stepped> {
        self.other.as_ref().expect("another")
    }

    fn export() -> Proxy<dyn Stepped> {
        Proxy::export(Self {
            held: Mutex::default(),
            other: None,
        })
        .ok()
        .expect("room for it")
    }

    fn another(&self) -> Proxy<dyn Stepped> {
        self.other().try_clone().expect("room for it")
    }
}

fn large() -> RRef<[u8]> {
    RRef::<[u8]>::new_zeroed_slice(LARGE).expect("memory")
}

impl Stepped for State {
    fn exchange(&self, given: RRef<u64>, lent: &RRef<u64>) -> Result<RRef<u64>, RpcError> {
        let private = black_box(vec![*given; 3]);
        let shared = RRef::try_new(private[2] + **lent).map_err(|_| RpcError::OutOfMemory)?;
        drop(private);
        let mut held = self.held.lock();
        let before = held.given.replace(given);
        drop(held);
        drop(before);
        Ok(shared)
    }

    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }

    fn give(&self, object: RRef<RRef<u64>>) -> Result<(), RpcError> {
        self.held.lock().nested = Some(object);
        Ok(())
    }

    fn take(&self) -> Result<RRef<RRef<u64>>, RpcError> {
        self.held.lock().nested.take().ok_or(RpcError::OutOfMemory)
    }

    fn prepare(&self, work: Work) -> Result<(), RpcError> {
        let mut held = self.held.lock();
        held.shared.reserve(MANY);
        held.large.reserve(1);
        held.private.reserve(1);
        held.pages.reserve(1);
        held.proxies.reserve(2);
        held.growing = Vec::with_capacity(8);
        held.growing.resize(8, 1);
        match work {
            Work::Free => held.shared.push(RRef::new(1)),
            Work::FreeMany => held.shared.extend((0..MANY as u64).map(RRef::new)),
            Work::FreePrivate => held.private.push(Box::new([1; 5])),
            Work::FreePages => held.pages.push(Vec::with_capacity(LARGE)),
            Work::FreeLarge => held.large.push(large()),
            Work::DropProxy => held.proxies.push(self.another()),
            Work::CloneExported | Work::DropExported => held.proxies.push(self.other().make()?),
            Work::DropExport => held.proxies.push(Self::export()),
            _ => {}
        }
        Ok(())
    }

    fn work(&self, work: Work) -> Result<(), RpcError> {
        let mut held = self.held.lock();
        match work {
            Work::Allocate => held.shared.push(RRef::new(1)),
            Work::Free => drop(held.shared.pop()),
            Work::FreeMany => held.shared.clear(),
            Work::AllocatePrivate => held.private.push(Box::new(black_box([1; 5]))),
            Work::FreePrivate => drop(held.private.pop()),
            Work::GrowPrivate => held.growing.push(1),
            Work::AllocatePages => held.pages.push(Vec::with_capacity(black_box(LARGE))),
            Work::FreePages => drop(held.pages.pop()),
            Work::AllocateLarge => held.large.push(large()),
            Work::FreeLarge => drop(held.large.pop()),
            Work::CloneProxy => held.proxies.push(self.another()),
            Work::CloneExported => {
                let clone = held.proxies.last().map(Proxy::try_clone);
                held.proxies.extend(clone.into_iter().flatten());
            }
            Work::DropProxy | Work::DropExported | Work::DropExport => drop(held.proxies.pop()),
            Work::Export => held.proxies.push(Self::export()),
            Work::CallOther => self.other().nothing()?,
        }
        Ok(())
    }

    fn make(&self) -> Result<Proxy<dyn Stepped>, RpcError> {
        Ok(Self::export())
    }

    fn clear(&self) -> Result<(), RpcError> {
        *self.held.lock() = Held::default();
        Ok(())
    }
}
