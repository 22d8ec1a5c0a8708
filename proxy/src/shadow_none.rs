//! `Shadow<dyn I>` where there is no service to follow: interfaces compile, nobody can make one.

use core::convert::Infallible;
use core::fmt;
use core::marker::PhantomData;
use samara_domain_runtime::{Instance, Interface, RpcError};
use samara_rref::{AllocError, Exchangeable, Transfer, TypeDescriptor};

/// A handle on an interface over all generations of a domain. Without the feature `alloc` there is
/// none: a host starts each generation itself, and hands out proxies.
pub struct Shadow<I: ?Sized + Interface>(Infallible, PhantomData<fn() -> Instance<I>>);

impl<I: ?Sized + Interface> Shadow<I> {
    pub(crate) fn instance(&self) -> Instance<I> {
        match self.0 {}
    }

    pub(crate) fn recover(&self, _: Instance<I>) -> Result<(), RpcError> {
        match self.0 {}
    }

    /// Another shadow of the same domain.
    ///
    /// # Errors
    /// None: there is no shadow to call it on.
    pub fn try_clone(&self) -> Result<Self, AllocError> {
        match self.0 {}
    }
}

// SAFETY: there is no value of it.
unsafe impl<I: ?Sized + Interface> Exchangeable for Shadow<I> {
    const NESTED: bool = false;
    const DEPTH: usize = 0;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>(I::NAME);
    fn transfer(&self, _: &Transfer) {
        match self.0 {}
    }
}

impl<I: ?Sized + Interface> fmt::Debug for Shadow<I> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}
