//! A domain for models: an interface written by hand, and a cell that stands for all it has.

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

/// The interface: it has no methods, since models enter by hand.
pub trait Probe: Send + Sync + MayImplement<ProbeTag> {}

/// Names [`Probe`] among interfaces.
#[derive(Debug)]
pub struct ProbeTag;

// SAFETY: a trait object's pointer is two words wide; there is nothing to cross.
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

// SAFETY: an unsizing keeps the address.
unsafe impl<T: Probe + 'static> Implements<T> for dyn Probe {
    fn unsize(object: NonNull<T>) -> NonNull<Self> {
        object
    }
}

impl Object {
    /// Which generation this is the object of: the first one is 1.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.0[0]
    }
}

/// What `init` returns: as large as a slab's object can be, since slabs of those have the fewest words.
#[derive(Debug)]
pub struct Object(pub [u8; LARGEST]);
impl Probe for Object {}

/// Bytes of the largest object that shares a slab.
pub const LARGEST: usize = 1 << MAX_SHIFT;

fn init((): ()) -> Result<Object, RpcError> {
    STARTS.set(STARTS.get() + 1);
    Ok(Object([STARTS.get(); LARGEST]))
}

/// Spawns the domain `name`.
///
/// # Panics
/// If it does not start.
#[must_use]
pub fn spawn(name: &str) -> Domain<dyn Probe> {
    let spec = DomainSpec::new(name).restart(Restart::limited(8, Duration::from_secs(1)));
    host::runtime()
        .spawn(spec, init, Mint::nothing())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// All that a slot's domain has, as one cell that loom watches: whoever is inside reads it, a reclaim
/// writes it. loom fails where the one does not happen before the other.
#[derive(Clone, Debug)]
pub struct Belongings(Rc<UnsafeCell<u32>>);

thread_local! {
    static BELONGINGS: RefCell<Option<Belongings>> = const { RefCell::new(None) };
    static RECLAIMS: Cell<u32> = const { Cell::new(0) };
    static DISPLACE: Cell<bool> = const { Cell::new(false) };
    static STARTS: Cell<u8> = const { Cell::new(0) };
}

impl Belongings {
    /// Those of the only domain that this execution kills.
    #[must_use]
    pub fn new() -> Self {
        RECLAIMS.set(0);
        STARTS.set(0);
        DISPLACE.set(false);
        let this = Self(Rc::new(UnsafeCell::new(0)));
        BELONGINGS.set(Some(this.clone()));
        this
    }

    /// From now on the object of the next generation stands elsewhere than the last one's.
    pub fn displace(&self) {
        DISPLACE.set(true);
    }

    /// Uses them, as the domain does.
    pub fn touch(&self) -> u32 {
        // SAFETY: loom fails before the access when it races with a reclaim.
        self.0.with(|value| unsafe { *value })
    }
}

impl Default for Belongings {
    fn default() -> Self {
        Self::new()
    }
}

/// Called by the host at every reclaim, after all was released and before the slot is free.
pub(crate) fn reclaimed() {
    RECLAIMS.set(RECLAIMS.get() + 1);
    if DISPLACE.get() {
        // Takes the slot that was just freed, until the execution ends.
        let _ = crate::objects::Object::new();
    }
    if let Some(belongings) = BELONGINGS.with_borrow(Clone::clone) {
        belongings.0.with_mut(|value| {
            // SAFETY: loom fails before the access when it races with one inside.
            unsafe { *value += 1 };
        });
    }
}

/// How many reclaims this execution has seen.
#[must_use]
pub fn reclaims() -> u32 {
    RECLAIMS.get()
}

/// Enters `target` and runs `body` there; whether it was let in.
///
/// # Panics
/// If `body` does: loom's own verdict on an access inside, which the boundary has caught.
pub fn call(target: Target, body: impl FnOnce()) -> bool {
    // SAFETY: `body` is the domain's code by the model's definition, and touches its belongings only.
    match unsafe { enter(target, (), |()| body()) } {
        Ok(()) => true,
        Err(Failure::Refused(())) => false,
        Err(Failure::Crashed) => panic!("an access inside the domain was wrong"),
    }
}

/// Enters `target`, and panics there; the boundary has to report the death.
///
/// # Panics
/// If it was not let in.
pub fn crash(target: Target) {
    // SAFETY: a panic is all that the domain does.
    let ended = unsafe { enter(target, (), |()| resume_unwind(Box::new(()))) };
    let ended: Result<(), _> = ended;
    assert!(matches!(ended, Err(Failure::Crashed)));
}
