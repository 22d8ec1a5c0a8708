//! Recipes, by which the host makes the arguments of `init` anew at each start.

use crate::exit_reason::MESSAGE;
use crate::text::Text;
use alloc::boxed::Box;
use core::fmt::{self, Write};
use core::mem::ManuallyDrop;

/// Makes the arguments of a domain's `init` at each (re)start. Runs as the host.
///
/// Its captures are dropped with the last handle on its domain: by the host, or in the reclaim of the domain that had
/// that handle. A panic in their destructors ends there.
///
/// ```
/// use samara_domain_runtime::{Domain, DomainSpec, Mint};
/// use samara_host_std::runtime;
/// use samara_proxy::{Export, RpcError, interface};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// # use samara_host_std::{DomainAlloc, System};
/// # #[global_allocator]
/// # static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
///
/// #[interface]
/// trait Port {
///     fn number(&self) -> Result<u32, RpcError>;
/// }
///
/// struct Open(u32);
///
/// impl Port for Open {
///     fn number(&self) -> Result<u32, RpcError> {
///         Ok(self.0)
///     }
/// }
///
/// /// The domain's own code: it gets a port and cannot make one.
/// fn init(port: u32) -> Result<Open, RpcError> {
///     Ok(Open(port))
/// }
///
/// // The host hands out three ports. The recipe runs at each start, as the host.
/// let ports = Arc::new(AtomicU32::new(0));
/// let recipe = Mint::fallible({
///     let ports = ports.clone();
///     move || match ports.fetch_add(1, Ordering::SeqCst) {
///         number @ 0..3 => Ok(number),
///         _ => Err("no port is left"),
///     }
/// });
/// let domain: Domain<dyn Port> = runtime().spawn(DomainSpec::new("port"), init, recipe)?;
/// assert_eq!(domain.proxy()?.number(), Ok(0));
///
/// // A recipe that never fails, and the one of an `init` without arguments.
/// let spec = DomainSpec::new("constant");
/// let constant: Domain<dyn Port> = runtime().spawn(spec, init, Mint::of(|| 80))?;
/// assert_eq!(constant.proxy()?.number(), Ok(80));
/// let spec = DomainSpec::new("plain");
/// let plain: Domain<dyn Port> = runtime().spawn(spec, |()| init(7), Mint::nothing())?;
/// assert_eq!(plain.proxy()?.number(), Ok(7));
///
/// // Nothing is left for the next domain: its start fails, and the message says so.
/// ports.store(3, Ordering::SeqCst);
/// let recipe = Mint::fallible(move || match ports.load(Ordering::SeqCst) {
///     number @ 0..3 => Ok(number),
///     _ => Err("no port is left"),
/// });
/// let failed = runtime().spawn::<dyn Port, _, _, _>(DomainSpec::new("late"), init, recipe);
/// assert!(failed.unwrap_err().to_string().contains("no port is left"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Mint<A>(ManuallyDrop<Make<A>>);

type Make<A> = Box<dyn Fn() -> Result<A, Box<Text<MESSAGE>>> + Send + Sync>;

impl<A> Drop for Mint<A> {
    fn drop(&mut self) {
        // SAFETY: taken here only, and not used afterwards.
        let make = unsafe { ManuallyDrop::take(&mut self.0) };
        // These are destructors of the host's, which may panic. They may run in the drop of a capability, which must
        // not panic.
        if let Err(payload) = samara_unwind::catch(move || drop(make)) {
            payload.dispose();
        }
    }
}

impl<A> Mint<A> {
    /// A recipe that does not fail. A panic is reported as [`SpawnError::Mint`](crate::SpawnError::Mint).
    pub fn of(make: impl Fn() -> A + Send + Sync + 'static) -> Self {
        Self(ManuallyDrop::new(Box::new(move || Ok(make()))))
    }

    /// A recipe that may fail, for example because the device is gone or memory is short.
    pub fn fallible<E: fmt::Display>(
        make: impl Fn() -> Result<A, E> + Send + Sync + 'static,
    ) -> Self {
        Self(ManuallyDrop::new(Box::new(move || {
            make().map_err(|error| {
                let mut text = Box::new(Text::new());
                // If `Display` fails, the message is what it has written so far.
                let _ = write!(text, "{error}");
                text
            })
        })))
    }

    /// Makes the arguments. The recipe is code of the host's, but it may run for a caller that only wanted a restart.
    /// So a panic in it ends here, as the recipe's failure.
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
