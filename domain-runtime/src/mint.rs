//! Recipes: how the host makes the arguments of `init`, anew at each start.

use crate::exit_reason::MESSAGE;
use crate::text::Text;
use alloc::boxed::Box;
use core::fmt::{self, Write};
use core::mem::ManuallyDrop;

/// Makes the arguments of a domain's `init` at each (re)start. Runs as the host.
///
/// What it has captured is dropped with the last handle on its domain: by the host, or in the reclaim of who
/// had that handle. A panic in there ends there.
pub struct Mint<A>(ManuallyDrop<Make<A>>);

type Make<A> = Box<dyn Fn() -> Result<A, Box<Text<MESSAGE>>> + Send + Sync>;

impl<A> Drop for Mint<A> {
    fn drop(&mut self) {
        // SAFETY: taken here only, and not used any more.
        let make = unsafe { ManuallyDrop::take(&mut self.0) };
        // Destructors of the host's, which a capability's may not be: it ends without a panic.
        if let Err(payload) = samara_unwind::catch(move || drop(make)) {
            payload.dispose();
        }
    }
}

impl<A> Mint<A> {
    /// A recipe that does not fail. A panic is told as [`SpawnError::Mint`](crate::SpawnError::Mint).
    pub fn of(make: impl Fn() -> A + Send + Sync + 'static) -> Self {
        Self(ManuallyDrop::new(Box::new(move || Ok(make()))))
    }

    /// A recipe that may fail: the device is gone, memory is short.
    pub fn fallible<E: fmt::Display>(
        make: impl Fn() -> Result<A, E> + Send + Sync + 'static,
    ) -> Self {
        Self(ManuallyDrop::new(Box::new(move || {
            make().map_err(|error| {
                let mut text = Box::new(Text::new());
                // A `Display` that fails leaves what it has written: that is the message then.
                let _ = write!(text, "{error}");
                text
            })
        })))
    }

    /// The recipe is code of the host's that a caller who only wanted a restart runs: a panic in it
    /// ends here, as its failure.
    pub(crate) fn make(&self) -> Result<A, Box<Text<MESSAGE>>> {
        samara_unwind::catch(|| (self.0)()).unwrap_or_else(|payload| {
            payload.dispose();
            Err(Box::new(Text::of("the recipe panicked")))
        })
    }
}

impl Mint<()> {
    /// The recipe for an `init` without arguments.
    #[must_use]
    pub fn nothing() -> Self {
        Self::of(|| ())
    }
}

impl<A> fmt::Debug for Mint<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mint(..)")
    }
}
