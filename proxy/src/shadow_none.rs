//! `Shadow<dyn I>` where there is no service to follow: interfaces compile, nobody can make one.

use crate::source::Nowhere;
use core::fmt;
use samara_domain_runtime::Interface;
use samara_rref::descriptor::Shape;
use samara_rref::{AllocError, Exchangeable, Transfer, TypeDescriptor};

/// A handle on an interface over all generations of a domain. Without the feature `alloc` there is
/// none: a host starts each generation itself, and hands out proxies.
pub struct Shadow<I: ?Sized + Interface>(Nowhere<I>);

impl<I: ?Sized + Interface> Shadow<I> {
    pub(crate) const fn service(&self) -> &Nowhere<I> {
        &self.0
    }

    /// Another shadow of the same domain.
    ///
    /// # Errors
    /// None: there is no shadow to call it on.
    pub fn try_clone(&self) -> Result<Self, AllocError> {
        self.0.never()
    }
}

// SAFETY: there is no value of it.
unsafe impl<I: ?Sized + Interface> Exchangeable for Shadow<I> {
    const NESTED: bool = true;
    const DEPTH: usize = 1;
    const DESCRIPTOR: TypeDescriptor =
        TypeDescriptor::shaped::<Self>("Shadow", Shape::Handle(I::LINK));
    fn transfer(&self, _: &Transfer) {
        self.0.never()
    }
}

impl<I: ?Sized + Interface> fmt::Debug for Shadow<I> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.never()
    }
}
