//! `Shadow<dyn I>`: a proxy that recovers.

use crate::handle::Handle;
use alloc::sync::Arc;
use core::fmt;
use samara_domain_runtime::service::Service;
use samara_domain_runtime::{Instance, Interface};
use samara_rref::descriptor::Shape;
use samara_rref::{AllocError, Cap, Capability, Exchangeable, Transfer, TypeDescriptor};
use samara_shared_heap::thread::{self, NoCut};

/// The contents of a shadow's slot.
struct Slot<I: ?Sized + Interface>(Arc<Service<I>>);

// SAFETY: dropping a slot's value drops a reference to the host's service: trusted code, and no domain's.
unsafe impl<I: ?Sized + Interface> Capability for Slot<I> {
    const NAME: &'static str = "Shadow";
}

/// A handle on an interface over all generations of a domain. It implements the interface's trait.
///
/// When the domain dies, the shadow restarts it, within its budget. A call that had not begun is then made as if
/// nothing had happened. A call that was cut short is repeated if its method is `#[idempotent]` or `#[replay]`;
/// otherwise it returns [`RpcError::Crashed`](crate::RpcError::Crashed). A shadow is a capability like a proxy.
pub struct Shadow<I: ?Sized + Interface>(Cap<Slot<I>>);

impl<I: ?Sized + Interface> Shadow<I> {
    pub(crate) fn try_new(service: Arc<Service<I>>) -> Result<Self, AllocError> {
        Cap::try_new(Slot(service))
            .map(Self)
            .map_err(|(error, _)| error)
    }

    /// Makes another shadow of the same domain.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_clone(&self) -> Result<Self, AllocError> {
        // The counted reference made here has no slot yet: a cut would leak it.
        // SAFETY: released at the end of this function; until then only trusted code runs.
        let _no_cut = unsafe { NoCut::begin(thread::current()) };
        Self::try_new(Arc::clone(&self.0.0))
    }
}

impl<I: ?Sized + Interface> Handle<I> for Shadow<I> {
    type Source = Service<I>;
    type Prefetched = Instance<I>;

    const RECOVERS: bool = true;

    #[inline]
    fn prefetch(&self) -> Instance<I> {
        self.0.0.current()
    }

    #[inline]
    fn instance(&self, prefetch: Instance<I>) -> Instance<I> {
        prefetch
    }

    #[inline]
    fn asks_first(&self) -> bool {
        false
    }

    #[inline]
    fn source(&self) -> Option<&Arc<Service<I>>> {
        Some(&self.0.0)
    }
}

// SAFETY: a shadow is its capability slot, whose owner word `transfer` sets.
unsafe impl<I: ?Sized + Interface> Exchangeable for Shadow<I> {
    const NESTED: bool = true;
    const DEPTH: usize = 1;
    const DESCRIPTOR: TypeDescriptor =
        TypeDescriptor::shaped::<Self>("Shadow", Shape::Handle(I::LINK));
    #[inline]
    fn transfer(&self, to: &Transfer) {
        self.0.transfer(to);
    }
}

impl<I: ?Sized + Interface> fmt::Debug for Shadow<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shadow")
            .field("interface", &I::NAME)
            .field("domain", &self.0.0.name())
            .finish()
    }
}
