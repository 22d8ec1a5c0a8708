//! Where a thread's boundaries hang, and the hook that finds it.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Holds a thread's innermost boundary. The program keeps one for each of its threads.
///
/// Each boundary remembers the one that encloses it, so this is the head of a chain.
#[derive(Debug)]
#[repr(transparent)]
pub struct Anchor(AtomicPtr<()>);

impl Anchor {
    /// The anchor of a thread without a boundary.
    #[expect(clippy::new_without_default, reason = "lives in statics")]
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    pub(super) fn innermost(&self) -> *mut () {
        self.0.load(Ordering::Relaxed)
    }

    /// Where the assembly reads and writes it. Only the thread itself does: plain accesses.
    pub(super) const fn place(&self) -> *mut *mut () {
        self.0.as_ptr()
    }
}

/// The program's side of the `jump` backend.
///
/// # Safety
/// [`anchor`](Self::anchor) returns the same anchor at every call on one thread and a different one
/// on every other live thread, does not panic, and nobody else uses it.
///
/// Whoever binds a host also promises for the whole program that nothing inside a boundary relies
/// on a destructor of its own stack frames for what others may do: no scoped threads, no waiting
/// lists through pinned locals, no lock of trusted code held while code of a domain runs. Samara's
/// own crates keep to that; domains, which forbid `unsafe` and have no `std`, cannot do otherwise.
pub unsafe trait JumpHost {
    /// The running thread's anchor.
    fn anchor() -> &'static Anchor;
}

unsafe extern "Rust" {
    // SAFETY: only `set_jump_host!` defines this symbol, with this signature.
    safe fn __samara_jump_anchor() -> &'static Anchor;
}

#[inline]
pub(super) fn current() -> &'static Anchor {
    __samara_jump_anchor()
}

/// Binds a [`JumpHost`](crate::jump::JumpHost), for the whole program. Feature `jump`.
///
/// ```
/// use samara_unwind::jump::{Anchor, JumpHost};
///
/// struct Host;
/// // SAFETY: this program has one thread, starts no other, and locks nothing.
/// unsafe impl JumpHost for Host {
///     fn anchor() -> &'static Anchor {
///         static MAIN: Anchor = Anchor::new();
///         &MAIN
///     }
/// }
/// samara_unwind::set_jump_host!(Host);
///
/// assert!(samara_unwind::jump::catch(|| samara_unwind::jump::raise()).is_err());
/// assert_eq!(samara_unwind::jump::catch(|| 7).ok(), Some(7));
/// ```
#[macro_export]
macro_rules! set_jump_host {
    ($host:ty) => {
        const _: () = {
            #[unsafe(no_mangle)]
            #[inline]
            fn __samara_jump_anchor() -> &'static $crate::jump::Anchor {
                <$host as $crate::jump::JumpHost>::anchor()
            }
        };
    };
}
