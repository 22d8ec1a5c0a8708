//! A test by itself, after which everything is as it was.

use super::{Totals, alone, host, wait_until};
use samara_domain_runtime::{Domain, ExitKind, Interface};
use std::boxed::Box;
use std::sync::{Mutex, MutexGuard};
use std::vec::Vec;

/// How each domain of the running test comes to its end.
static ENDS: Mutex<Vec<Box<dyn FnOnce() + Send>>> = Mutex::new(Vec::new());

fn ends() -> MutexGuard<'static, Vec<Box<dyn FnOnce() + Send>>> {
    ENDS.lock().unwrap_or_else(|poison| poison.into_inner())
}

/// See [`leak_check`].
#[derive(Debug)]
#[must_use = "it looks when it is dropped"]
pub struct LeakCheck {
    before: Totals,
    _alone: MutexGuard<'static, ()>,
}

/// For the whole of a test, in a binary where each begins with it: only one runs at a time. At its end every
/// [`watch`]ed domain that died is restarted, and all are killed; then all totals must be as they were.
pub fn leak_check() -> LeakCheck {
    let alone = alone();
    ends().clear();
    LeakCheck {
        before: Totals::now(),
        _alone: alone,
    }
}

/// Has `domain` restarted if it is dead, and killed, when the test is over; not one that was stopped. Its spec
/// allows a restart.
pub fn watch<I: ?Sized + Interface>(domain: &Domain<I>) {
    let domain = domain.clone();
    ends().push(Box::new(move || {
        match domain.exit_reason().map(|reason| reason.kind) {
            None => {}
            Some(ExitKind::Stopped) => return,
            Some(_) => domain.restart().expect("a restart works"),
        }
        assert!(domain.kill(), "it runs");
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
        wait_until("what there was before, and no more", || {
            host().collect_exports();
            Totals::now() == self.before
        });
    }
}
