//! `Proxy<dyn I>`: the caller's handle on an interface of another domain.

#[cfg(feature = "alloc")]
use crate::Shadow;
use core::fmt;
#[cfg(feature = "alloc")]
use samara_domain_runtime::Domain;
use samara_domain_runtime::{Instance, Interface};
use samara_rref::{AllocError, Cap, Capability, Exchangeable, Transfer, TypeDescriptor};

/// What a proxy's slot holds.
struct Handle<I: ?Sized + Interface>(Instance<I>);

// SAFETY: a handle does nothing by itself and has no destructor.
unsafe impl<I: ?Sized + Interface> Capability for Handle<I> {
    const NAME: &'static str = "Proxy";
}

/// A handle on an interface of one generation of a domain. It implements the interface's trait.
///
/// It is a capability: one pointer to a slot that names its holder, so it may be sent to other
/// domains and is released when its holder dies. When the domain behind it dies, it answers
/// [`RpcError::Dead`](crate::RpcError::Dead) for ever.
pub struct Proxy<I: ?Sized + Interface>(Cap<Handle<I>>);

impl<I: ?Sized + Interface> Proxy<I> {
    /// A proxy for a generation, held by the running domain. Only a host has an [`Instance`].
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_new(instance: Instance<I>) -> Result<Self, AllocError> {
        Cap::try_new(Handle(instance))
            .map(Self)
            .map_err(|(error, _)| error)
    }

    #[inline]
    pub(crate) fn instance(&self) -> Instance<I> {
        self.0.0
    }

    /// Another proxy for the same generation.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_clone(&self) -> Result<Self, AllocError> {
        Self::try_new(self.instance())
    }

    /// Whether a call would be let in now. It may die any moment after.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let target = self.instance().target();
        target.block().word() == target.expected()
    }
}

// SAFETY: a proxy is its capability slot, whose owner word `transfer` sets.
unsafe impl<I: ?Sized + Interface> Exchangeable for Proxy<I> {
    const NESTED: bool = true;
    const DEPTH: usize = 1;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>(I::NAME);
    #[inline]
    fn transfer(&self, to: &Transfer) {
        self.0.transfer(to);
    }
}

impl<I: ?Sized + Interface> fmt::Debug for Proxy<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.instance().target();
        f.debug_struct("Proxy")
            .field("interface", &I::NAME)
            .field("domain", &target.block().owner())
            .field("generation", &target.expected().generation())
            .finish()
    }
}

/// What a host makes from a domain that it spawned, to use or to hand out.
#[cfg(feature = "alloc")]
pub trait Export<I: ?Sized + Interface> {
    /// A proxy for the newest generation.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    fn proxy(&self) -> Result<Proxy<I>, AllocError>;

    /// A shadow: a proxy over all generations, which restarts the domain when it died.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    fn shadow(&self) -> Result<Shadow<I>, AllocError>;
}

#[cfg(feature = "alloc")]
impl<I: ?Sized + Interface> Export<I> for Domain<I> {
    fn proxy(&self) -> Result<Proxy<I>, AllocError> {
        Proxy::try_new(self.service().current())
    }

    fn shadow(&self) -> Result<Shadow<I>, AllocError> {
        Shadow::try_new(self.service().clone())
    }
}
