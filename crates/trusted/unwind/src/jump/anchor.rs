//! The anchor of a thread's boundaries, and the hook that finds it.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The head of a thread's chain of boundaries: holds the address of the innermost one. Each boundary has the address of
/// the one that encloses it. The program keeps one anchor for each of its threads.
#[derive(Debug)]
#[repr(transparent)]
pub struct Anchor(AtomicPtr<()>);

impl Anchor {
    /// Makes the anchor of a thread without a boundary.
    #[expect(clippy::new_without_default, reason = "lives in statics")]
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    pub(super) fn innermost(&self) -> *mut () {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns the address at which the assembly reads and writes the anchor. Only the thread itself does so, so its
    /// accesses are plain ones.
    pub(super) const fn place(&self) -> *mut *mut () {
        self.0.as_ptr()
    }
}

/// The program's side of the `jump` backend.
///
/// # Safety
/// [`anchor`](Self::anchor) returns the same anchor at every call on one thread, and a different one on every other
/// live thread. It does not panic, and nothing else uses the anchor.
///
/// A program that binds a host also promises for all its code: code inside a boundary relies on no destructor of its
/// own stack frames to keep other code sound. So there are no scoped threads, no waiting lists through pinned locals,
/// and no lock of trusted code is held while code of a domain runs. Samara's own crates keep that promise. Domains
/// cannot break it, because they forbid `unsafe` and have no `std`.
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
