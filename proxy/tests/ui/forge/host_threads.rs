//! Implementing `Threads` is `unsafe`: the host starts the thread that it was given or gives it back, and keeps no
//! memory of a domain's heap.
//!
//! Invariant: AUTH-6

#![allow(unused)]

use samara_domain_runtime::host::Threads;
use samara_domain_runtime::threads::DomainThread;
use std::sync::Mutex;

struct Host;

static OTHER: Mutex<Option<DomainThread>> = Mutex::new(None);
static YIELDS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

impl Threads for Host {
    fn yield_now() {
        YIELDS.lock().unwrap().push(1);
    }

    fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
        match OTHER.lock().unwrap().replace(thread) {
            Some(other) => Err(other),
            None => Ok(()),
        }
    }
}

fn main() {}
