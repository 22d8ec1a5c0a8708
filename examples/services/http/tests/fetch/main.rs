//! Three domains on one another, driver, stack and server, over the model of the device: a client at the
//! far end of the cable fetches through all of them.
#![forbid(unsafe_code)]

mod crashes;
mod protocol;
mod world;

use samara_host_std::{DomainAlloc, System};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
