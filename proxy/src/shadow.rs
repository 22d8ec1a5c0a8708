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

// SAFETY: dropping a slot's value drops a reference to the host's service, which runs only trusted code.
unsafe impl<I: ?Sized + Interface> Capability for Slot<I> {
    const NAME: &'static str = "Shadow";
}

/// A handle on an interface over all generations of a domain. It implements the interface's trait.
///
/// When the domain dies, the shadow restarts it, within its budget. A call that had not begun is then made as if
/// nothing had happened. A call that was cut short is repeated if its method is `#[idempotent]` or `#[replay]`;
/// otherwise it returns [`RpcError::Crashed`](crate::RpcError::Crashed). If the domain cannot be restarted, the call
/// returns [`RpcError::RecoveryFailed`](crate::RpcError::RecoveryFailed). A shadow is a capability like a proxy.
/// ```
/// use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
/// use samara_host_std::runtime;
/// use samara_proxy::{Export, RpcError, Shadow, interface};
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
/// # use samara_host_std::{DomainAlloc, System};
/// # #[global_allocator]
/// # static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
///
/// #[interface]
/// trait Sensor {
///     #[idempotent]
///     fn read(&self) -> Result<u32, RpcError>;
///     fn reset(&self) -> Result<(), RpcError>;
/// }
///
/// /// How often the sensor has crashed; a static of the test, which a domain would not have.
/// static CRASHES: AtomicU32 = AtomicU32::new(0);
///
/// struct Flaky;
///
/// impl Sensor for Flaky {
///     fn read(&self) -> Result<u32, RpcError> {
///         assert!(CRASHES.fetch_add(1, Ordering::SeqCst) >= 2, "crashes twice");
///         Ok(21)
///     }
///     fn reset(&self) -> Result<(), RpcError> {
///         panic!("a bug");
///     }
/// }
///
/// let spec = DomainSpec::new("sensor").restart(Restart::limited(3, Duration::from_secs(60)));
/// let init = |()| Ok::<_, RpcError>(Flaky);
/// let domain: Domain<dyn Sensor> = runtime().spawn(spec, init, Mint::nothing())?;
/// let sensor: Shadow<dyn Sensor> = domain.shadow()?;
///
/// assert_eq!(sensor.read(), Ok(21)); // Two restarts within one call.
/// assert_eq!(domain.restarts(), 2);
/// assert_eq!(sensor.reset(), Err(RpcError::Crashed)); // Restarted, but not repeated.
/// assert_eq!((domain.restarts(), sensor.read()), (3, Ok(21)));
///
/// // The budget of three restarts a minute is used up.
/// assert_eq!(sensor.reset(), Err(RpcError::RecoveryFailed));
/// assert_eq!(sensor.read(), Err(RpcError::RecoveryFailed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        // SAFETY: released at the end of this function; until then only trusted code runs (ORDER-54).
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

// SAFETY: a shadow is its capability slot, whose owner word `transfer` sets (CROSS-1, OWN-1).
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
