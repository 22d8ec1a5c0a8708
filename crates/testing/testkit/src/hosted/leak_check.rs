//! Runs a test while no other test runs, and checks at its end that nothing has leaked.

use super::{Totals, alone, host, wait_until};
use samara_domain_runtime::{Domain, ExitKind, Interface};
use std::boxed::Box;
use std::sync::{Mutex, MutexGuard};
use std::vec::Vec;

/// For each watched domain of the running test, a function that ends it.
static ENDS: Mutex<Vec<Box<dyn FnOnce() + Send>>> = Mutex::new(Vec::new());

fn ends() -> MutexGuard<'static, Vec<Box<dyn FnOnce() + Send>>> {
    ENDS.lock().unwrap_or_else(|poison| poison.into_inner())
}

/// See [`leak_check`].
#[derive(Debug)]
#[must_use = "the check happens when this value is dropped"]
pub struct LeakCheck {
    before: Totals,
    _alone: MutexGuard<'static, ()>,
}

/// Begins a leak check that lasts until its result is dropped, at the end of the test. Every test of the binary must
/// begin with it, so that only one test runs at a time. At the end, every [`watch`]ed domain that has died is
/// restarted, and all watched domains are killed. Then all totals must be as they were at the beginning.
pub fn leak_check() -> LeakCheck {
    let alone = alone();
    ends().clear();
    LeakCheck {
        before: Totals::now(),
        _alone: alone,
    }
}

/// Makes the leak check end `domain` when the test is over: the domain is restarted if it is dead, and then killed.
/// The leak check leaves a domain alone that was stopped. The spec of the domain must allow a restart.
pub fn watch<I: ?Sized + Interface>(domain: &Domain<I>) {
    let domain = domain.clone();
    ends().push(Box::new(move || {
        match domain.exit_reason().map(|reason| reason.kind) {
            None => {}
            Some(ExitKind::Stopped) => return,
            Some(_) => domain
                .restart()
                .expect("the watched domain restarts; its spec must allow that"),
        }
        assert!(
            domain.kill(),
            "the watched domain runs until the leak check kills it"
        );
    }));
}

impl Drop for LeakCheck {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let ends: Vec<_> = ends().drain(..).collect();
        for end in ends {
            end();
        }
        wait_until("the return of all totals to those before the test", || {
            host().collect_exports();
            Totals::now() == self.before
        });
    }
}
