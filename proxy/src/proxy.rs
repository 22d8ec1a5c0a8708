//! `Proxy<dyn I>`: the caller's handle on an interface of another domain.

#[cfg(feature = "alloc")]
use crate::Shadow;
use crate::handle::Handle;
#[cfg(feature = "alloc")]
use crate::recovery::Recovery;
#[cfg(feature = "alloc")]
use crate::source::Source;
#[cfg(feature = "alloc")]
use alloc::sync::Arc;
use core::fmt;
#[cfg(feature = "alloc")]
use samara_domain_runtime::Domain;
use samara_domain_runtime::exports::Export as Exported;
use samara_domain_runtime::{Implements, Instance, Interface};
use samara_rref::descriptor::Shape;
use samara_rref::{AllocError, Cap, Capability, Exchangeable, Transfer, TypeDescriptor};
use samara_shared_heap::thread::{self, NoCut};

/// The contents of a proxy's slot.
struct Slot<I: ?Sized + Interface> {
    instance: Instance<I>,
    keeps: Retained<I>,
}

/// The part that a proxy keeps besides the place of its object.
enum Retained<I: ?Sized + Interface> {
    /// Nothing, because the object is the one that `init` returned, which lives as long as the domain.
    Nothing,
    /// An exported object, which its exporter drops after its last proxy.
    Export(Exported<I>),
    /// The way to find the object again after a restart.
    #[cfg(feature = "alloc")]
    Recovery(Arc<Recovery<I>>),
}

// SAFETY: dropping a slot's value drops memory of the host, or posts a message to an exporter. Only trusted code
// runs, and its time is bounded. Everything that a recovery holds belongs to the host.
unsafe impl<I: ?Sized + Interface> Capability for Slot<I> {
    const NAME: &'static str = "Proxy";
}

/// A handle on an object of one generation of a domain, through which the object's interface is called. It implements
/// the interface's trait.
///
/// It is a capability: one pointer to a slot that names its holder. So a proxy may be sent to other domains, and is
/// released when its holder dies. After the death of the domain behind it, all its calls return
/// [`RpcError::Dead`](crate::RpcError::Dead). A proxy that a `#[replay]` method of a [`Shadow`] handed out recovers
/// instead: its next use makes that call again and goes on with the new object.
///
#[cfg_attr(feature = "alloc", doc = "[`Shadow`]: crate::Shadow")]
#[cfg_attr(not(feature = "alloc"), doc = "[`Shadow`]: crate#features")]
pub struct Proxy<I: ?Sized + Interface>(Cap<Slot<I>>);

/// An object as the host keeps it, without a slot.
#[cfg(feature = "alloc")]
pub(crate) enum Unslotted<I: ?Sized + Interface> {
    /// The object that `init` returned.
    Own(Instance<I>),
    /// An export.
    Exported(Exported<I>),
}

#[cfg(feature = "alloc")]
impl<I: ?Sized + Interface> Unslotted<I> {
    /// Returns the place of the object. The caller enters it only while it keeps `self`.
    pub(crate) fn instance(&self) -> Instance<I> {
        match self {
            Self::Own(instance) => *instance,
            // SAFETY: the caller keeps this while it enters (EXPORT-2).
            Self::Exported(export) => unsafe { export.instance() },
        }
    }
}

impl<I: ?Sized + Interface> Proxy<I> {
    /// Bytes of its slot on the exchange heap.
    #[cfg(feature = "alloc")]
    pub(crate) const SLOT_BYTES: usize = Cap::<Slot<I>>::SLOT_BYTES;

    fn keeping(
        instance: Instance<I>,
        keeps: Retained<I>,
    ) -> Result<Self, (AllocError, Retained<I>)> {
        Cap::try_new(Slot { instance, keeps })
            .map(Self)
            .map_err(|(error, slot)| (error, slot.keeps))
    }

    /// Makes a proxy for a generation, held by the running domain. Only a host has an [`Instance`].
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_new(instance: Instance<I>) -> Result<Self, AllocError> {
        Self::keeping(instance, Retained::Nothing).map_err(|(error, _)| error)
    }

    /// Makes a proxy that recovers, held by the running domain.
    #[cfg(feature = "alloc")]
    pub(crate) fn recovering(recovery: Arc<Recovery<I>>) -> Result<Self, AllocError> {
        let instance = recovery.instance();
        Self::keeping(instance, Retained::Recovery(recovery)).map_err(|(error, _)| error)
    }

    /// Exports `object` from the running domain: the object stays in the domain's memory, and the proxy may be handed
    /// out. When the last proxy to it was dropped, or was released after the death of its holder, the domain drops
    /// the object. It does so at one of three times: before the next call to it whose result may hold an object or a
    /// handle, when the host collects, or in its orderly stop. If the domain dies, or is stopped while there still is
    /// a proxy, the object is not dropped, and its memory is freed with all other memory of the domain.
    ///
    /// Cost: two slots of the exchange heap, charged to the domain.
    ///
    /// ```
    /// use samara_proxy::{Proxy, RpcError, interface};
    /// # use samara_host_std as _;
    ///
    /// #[interface]
    /// trait File {
    ///     fn len(&self) -> Result<u64, RpcError>;
    /// }
    ///
    /// struct Open(u64);
    /// impl File for Open {
    ///     fn len(&self) -> Result<u64, RpcError> {
    ///         Ok(self.0)
    ///     }
    /// }
    ///
    /// let file: Proxy<dyn File> = Proxy::export(Open(512)).map_err(|(error, _)| error)?;
    /// assert_eq!(file.len()?, 512);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Gives `object` back when the heap has no room or the domain's quota is used up.
    pub fn export<T>(object: T) -> Result<Self, (AllocError, T)>
    where
        I: Implements<T>,
    {
        let export = Exported::try_new(object)?;
        // SAFETY: the export is kept beside the instance (EXPORT-2).
        let instance = unsafe { export.instance() };
        match Self::keeping(instance, Retained::Export(export)) {
            Ok(proxy) => Ok(proxy),
            // SAFETY: the object has just been exported from a `T`, and shown to no other code (EXPORT-1).
            Err((error, Retained::Export(export))) => Err((error, unsafe { export.take_back() })),
            Err(_) => unreachable!("a slot is given back as it was"),
        }
    }

    /// Whether the proxy finds its object again after a restart.
    #[cfg(feature = "alloc")]
    pub(crate) fn recovers(&self) -> bool {
        matches!(self.0.keeps, Retained::Recovery(_))
    }

    /// Takes the object out of its slot. Returns `None` for a proxy that recovers, which is dropped.
    ///
    /// # Safety
    /// As for [`Cap::into_inner`]: called on the host's behalf.
    #[cfg(feature = "alloc")]
    pub(crate) unsafe fn unslotted(self) -> Option<Unslotted<I>> {
        // SAFETY: handed on.
        let slot = unsafe { self.0.into_inner() };
        match slot.keeps {
            Retained::Nothing => Some(Unslotted::Own(slot.instance)),
            Retained::Export(export) => Some(Unslotted::Exported(export)),
            Retained::Recovery(_) => None,
        }
    }

    /// Returns the newest place of the proxy's object.
    fn newest(&self) -> Instance<I> {
        match &self.0.keeps {
            #[cfg(feature = "alloc")]
            Retained::Recovery(recovery) => recovery.instance(),
            Retained::Nothing | Retained::Export(_) => self.0.instance,
        }
    }

    /// Makes another proxy for the same object.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_clone(&self) -> Result<Self, AllocError> {
        // The counted reference made here has no slot yet: a cut would leak it.
        // SAFETY: released at the end of this function; until then only trusted code runs (ORDER-54).
        let _no_cut = unsafe { NoCut::begin(thread::current()) };
        let keeps = match &self.0.keeps {
            Retained::Nothing => Retained::Nothing,
            Retained::Export(export) => Retained::Export(export.clone()),
            #[cfg(feature = "alloc")]
            Retained::Recovery(recovery) => Retained::Recovery(recovery.clone()),
        };
        Self::keeping(self.0.instance, keeps).map_err(|(error, _)| error)
    }

    /// Whether a call would be let in now, without a recovery. The domain may die at any moment after that.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let target = self.newest().target();
        target.block().word() == target.expected()
    }
}

impl<I: ?Sized + Interface> Handle<I> for Proxy<I> {
    #[cfg(feature = "alloc")]
    type Source = Recovery<I>;
    type Prefetched = ();

    const RECOVERS: bool = false;

    #[inline]
    fn prefetch(&self) {}

    #[inline]
    fn instance(&self, (): ()) -> Instance<I> {
        self.0.instance
    }

    #[inline]
    fn asks_first(&self) -> bool {
        match &self.0.keeps {
            #[cfg(feature = "alloc")]
            Retained::Recovery(_) => true,
            Retained::Nothing | Retained::Export(_) => false,
        }
    }

    #[cfg(feature = "alloc")]
    #[inline]
    fn source(&self) -> Option<&Arc<Recovery<I>>> {
        match &self.0.keeps {
            Retained::Recovery(recovery) => Some(recovery),
            Retained::Nothing | Retained::Export(_) => None,
        }
    }
}

// SAFETY: a proxy is its capability slot, whose owner word `transfer` sets (CROSS-1, OWN-1).
unsafe impl<I: ?Sized + Interface> Exchangeable for Proxy<I> {
    const NESTED: bool = true;
    const DEPTH: usize = 1;
    const DESCRIPTOR: TypeDescriptor =
        TypeDescriptor::shaped::<Self>("Proxy", Shape::Handle(I::LINK));
    #[inline]
    fn transfer(&self, to: &Transfer) {
        self.0.transfer(to);
    }
}

impl<I: ?Sized + Interface> fmt::Debug for Proxy<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.newest().target();
        f.debug_struct("Proxy")
            .field("interface", &I::NAME)
            .field("domain", &target.block().owner())
            .field("generation", &target.expected().generation())
            .finish()
    }
}

/// The handles that a host makes from a domain that it spawned, to use or to hand out.
///
/// ```
/// use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
/// use samara_host_std::runtime;
/// use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
/// use std::time::Duration;
/// # use samara_host_std::{DomainAlloc, System};
/// # #[global_allocator]
/// # static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
///
/// #[interface]
/// trait Log {
///     #[idempotent]
///     fn generation(&self) -> Result<u32, RpcError>;
/// }
///
/// struct State(u32);
///
/// impl Log for State {
///     fn generation(&self) -> Result<u32, RpcError> {
///         Ok(self.0)
///     }
/// }
///
/// let started = std::sync::atomic::AtomicU32::new(0);
/// let count = Mint::of(move || started.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
/// let init = |number| Ok::<_, RpcError>(State(number));
/// let spec = DomainSpec::new("log").restart(Restart::limited(4, Duration::from_secs(60)));
/// let domain: Domain<dyn Log> = runtime().spawn(spec, init, count)?;
///
/// let proxy: Proxy<dyn Log> = domain.proxy()?; // Of this generation.
/// let shadow: Shadow<dyn Log> = domain.shadow()?; // Of all of them.
/// assert_eq!((proxy.generation(), shadow.generation()), (Ok(0), Ok(0)));
///
/// domain.kill();
/// assert_eq!((proxy.generation(), shadow.generation()), (Err(RpcError::Dead), Ok(1)));
/// assert_eq!(domain.proxy()?.generation(), Ok(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "alloc")]
pub trait Export<I: ?Sized + Interface> {
    /// Makes a proxy for the newest generation.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    fn proxy(&self) -> Result<Proxy<I>, AllocError>;

    /// Makes a shadow: a proxy over all generations, which restarts the domain after its death.
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
