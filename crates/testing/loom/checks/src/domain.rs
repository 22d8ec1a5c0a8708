//! A domain for the loom tests: an interface written by hand, and one cell that stands for everything the domain
//! owns.

use crate::host;
use core::ptr::NonNull;
use loom::cell::UnsafeCell;
use samara_domain_runtime::call::{Failure, Target, enter};
use samara_domain_runtime::{
    Domain, DomainSpec, Implements, Interface, InterfaceDescriptor, MayImplement, Mint, Restart,
    RpcError,
};
use samara_shared_heap::class::MAX_SHIFT;
use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::Duration;

/// The interface of the test domain. It has no methods, because the loom tests enter the domain by hand.
pub trait Probe: Send + Sync + MayImplement<ProbeTag> {}

/// The tag that identifies [`Probe`] among the interfaces.
#[derive(Debug)]
pub struct ProbeTag;

// SAFETY: `dyn Probe` has no methods, so no argument or result crosses a boundary; the pointer to a trait object is
// two words wide.
unsafe impl Interface for dyn Probe {
    type Tag = ProbeTag;
    const NAME: &'static str = "Probe";
    const DESCRIPTOR: InterfaceDescriptor = InterfaceDescriptor {
        name: "Probe",
        parameters: &[],
        supertraits: &[],
        methods: &[],
    };
}

// SAFETY: an unsizing coercion keeps the address.
unsafe impl<T: Probe + 'static> Implements<T> for dyn Probe {
    fn unsize(object: NonNull<T>) -> NonNull<Self> {
        object
    }
}

impl Object {
    /// Returns the number of the generation that this object belongs to. The first generation has number 1.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.0[0]
    }
}

/// The domain's root object, which `init` returns. It has the size of the largest object that fits a slab slot,
/// because slabs of that size class have the fewest owner words for loom to track.
#[derive(Debug)]
pub struct Object(pub [u8; LARGEST]);
impl Probe for Object {}

/// Size in bytes of the largest object that shares a slab with others.
pub const LARGEST: usize = 1 << MAX_SHIFT;

fn init((): ()) -> Result<Object, RpcError> {
    STARTS.set(STARTS.get() + 1);
    Ok(Object([STARTS.get(); LARGEST]))
}

/// Spawns the domain `name`.
///
/// # Panics
/// If the domain does not start.
#[must_use]
pub fn spawn(name: &str) -> Domain<dyn Probe> {
    let spec = DomainSpec::new(name).restart(Restart::limited(8, Duration::from_secs(1)));
    host::runtime()
        .spawn(spec, init, Mint::nothing())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// One cell that loom watches. It stands for everything that the domain in a slot owns. A thread inside the domain
/// reads the cell, and a reclaim writes it. The test fails if a read and a write are not ordered by happens-before.
#[derive(Clone, Debug)]
pub struct Belongings(Rc<UnsafeCell<u32>>);

thread_local! {
    static BELONGINGS: RefCell<Option<Belongings>> = const { RefCell::new(None) };
    static RECLAIMS: Cell<u32> = const { Cell::new(0) };
    static DISPLACE: Cell<bool> = const { Cell::new(false) };
    static STARTS: Cell<u8> = const { Cell::new(0) };
}

impl Belongings {
    /// Creates the cell for the only domain that this execution kills, and resets the counts.
    #[must_use]
    pub fn new() -> Self {
        RECLAIMS.set(0);
        STARTS.set(0);
        DISPLACE.set(false);
        let this = Self(Rc::new(UnsafeCell::new(0)));
        BELONGINGS.set(Some(this.clone()));
        this
    }

    /// Makes sure that the next generation's root object gets another address than the dead generation's.
    pub fn displace(&self) {
        DISPLACE.set(true);
    }

    /// Reads the cell. This stands for the domain's code using something that the domain owns.
    pub fn touch(&self) -> u32 {
        // SAFETY: loom panics before the access if it races with a reclaim.
        self.0.with(|value| unsafe { *value })
    }
}

impl Default for Belongings {
    fn default() -> Self {
        Self::new()
    }
}

/// Counts a reclaim and writes the cell. The host calls this at every reclaim, after the domain's property was
/// released and before its slot becomes free.
pub(crate) fn reclaimed() {
    RECLAIMS.set(RECLAIMS.get() + 1);
    if DISPLACE.get() {
        // This allocation takes the heap slot of the root object that was just freed, and keeps it until the
        // execution ends.
        let _ = crate::objects::Object::new();
    }
    if let Some(belongings) = BELONGINGS.with_borrow(Clone::clone) {
        belongings.0.with_mut(|value| {
            // SAFETY: loom panics before the access if it races with a thread inside the domain.
            unsafe { *value += 1 };
        });
    }
}

/// Returns how many reclaims this execution has seen.
#[must_use]
pub fn reclaims() -> u32 {
    RECLAIMS.get()
}

/// Enters `target` and runs `body` there. Returns whether the entry was admitted.
///
/// # Panics
/// If `body` panics. The panic is loom's report of a wrong access inside the domain, and the boundary has caught it.
pub fn call(target: Target, body: impl FnOnce()) -> bool {
    // SAFETY: `body` stands for the domain's code, and touches only the domain's belongings.
    match unsafe { enter(target, (), |()| body()) } {
        Ok(()) => true,
        Err(Failure::Refused(())) => false,
        Err(Failure::Crashed) => panic!("an access inside the domain was wrong"),
    }
}

/// Enters `target` and panics there. Checks that the boundary reports the death.
///
/// # Panics
/// If the entry was refused.
pub fn crash(target: Target) {
    // SAFETY: the closure only panics.
    let ended = unsafe { enter(target, (), |()| resume_unwind(Box::new(()))) };
    let ended: Result<(), _> = ended;
    assert!(matches!(ended, Err(Failure::Crashed)));
}
