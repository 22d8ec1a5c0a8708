//! Names, by which code gets handles on domains that other code has spawned.
//!
//! The host publishes a domain under its name, and code that holds the authority imports it as an interface. The
//! interfaces are compared as data, so a mismatch is reported before any call. An import stands for the name, not for
//! a generation: a proxy that is made from it later belongs to the generation that is the newest then.

use crate::domain::Domain;
use crate::interface::{Interface, InterfaceDescriptor};
use crate::service::Service;
use crate::text::Text;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;
use samara_shared_heap::{NoCutMutex, thread};

struct Entry {
    name: Text<32>,
    interface: InterfaceDescriptor,
    service: Arc<dyn Any + Send + Sync>,
}

// SAFETY: the lock is held while names are compared and entries moved; entries are dropped without it (ORDER-54).
static NAMES: NoCutMutex<Vec<Entry>> = unsafe { NoCutMutex::new(Vec::new()) };

/// Why a name could not be published or imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Another domain has the name already.
    Taken,
    /// No domain is published under that name.
    Unknown,
    /// The domain of that name exports another interface.
    Interface {
        /// The interface that was asked for.
        wanted: &'static str,
        /// The interface that the domain exports. It has the same name if the two differ in their methods.
        exported: &'static str,
    },
    /// The domain exports an interface that is equal as data, but is another trait of this binary: a call would go
    /// through the other trait's vtable.
    AnotherTrait {
        /// The interfaces' name.
        interface: &'static str,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("the name is taken; withdraw it first"),
            Self::Unknown => f.write_str("the name is not published; publish its domain first"),
            Self::Interface { wanted, exported } if wanted == exported => {
                write!(
                    f,
                    "the domain exports another version of `{wanted}`; build both anew"
                )
            }
            Self::AnotherTrait { interface } => {
                write!(
                    f,
                    "the domain exports a copy of `{interface}`; both must name one trait"
                )
            }
            Self::Interface { wanted, exported } => {
                write!(
                    f,
                    "the domain exports `{exported}`, not `{wanted}`; import that"
                )
            }
        }
    }
}

impl core::error::Error for NameError {}

/// Runs `action` on the table, as the host, so that its allocations are the host's.
fn with_names<R>(action: impl FnOnce(&mut Vec<Entry>) -> R) -> R {
    let locked = || action(&mut NAMES.lock());
    // SAFETY: the table and its entries are the host's; no code of a domain runs in here (AUTH-8).
    unsafe { thread::as_host(locked) }
}

/// Publishes `domain` under its name.
pub(crate) fn publish<I: ?Sized + Interface>(domain: &Domain<I>) -> Result<(), NameError> {
    let entry = Entry {
        name: Text::of(domain.name()),
        interface: I::DESCRIPTOR,
        service: domain.service().clone(),
    };
    with_names(|names| {
        if names.iter().any(|other| other.name == entry.name) {
            return Err(NameError::Taken);
        }
        names.push(entry);
        Ok(())
    })
}

/// Takes a name back; returns false if it was not published.
pub(crate) fn withdraw(name: &str) -> bool {
    let entry = with_names(|names| {
        let at = names.iter().position(|entry| entry.name.as_str() == name)?;
        Some(names.swap_remove(at))
    });
    // The entry is dropped without the lock: the last handle drops the recipe, whose destructor may be anybody's
    // code.
    entry.is_some()
}

/// The service published as `name`, if it exports `I`.
pub(crate) fn import<I: ?Sized + Interface>(name: &str) -> Result<Arc<Service<I>>, NameError> {
    let (interface, service) = with_names(|names| {
        let entry = names.iter().find(|entry| entry.name.as_str() == name)?;
        Some((entry.interface, Arc::clone(&entry.service)))
    })
    .ok_or(NameError::Unknown)?;
    if interface != I::DESCRIPTOR {
        return Err(NameError::Interface {
            wanted: I::DESCRIPTOR.name,
            exported: interface.name,
        });
    }
    // Equality as data is not enough. In one binary the two interfaces must also be the same type, or the call would
    // go through another trait's vtable.
    service
        .downcast::<Service<I>>()
        .map_err(|_| NameError::AnotherTrait {
            interface: interface.name,
        })
}
