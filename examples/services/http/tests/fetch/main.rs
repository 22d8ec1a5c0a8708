//! The driver, the stack and the server run as three domains over the emulated device. A client at the other end of
//! the cable fetches through all of them.
#![forbid(unsafe_code)]

mod crashes;
mod protocol;
mod world;

use samara_host_std::{DomainAlloc, System};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
