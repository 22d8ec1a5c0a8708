//! Shrinks failing runs by leaving out steps that the failure does not need.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

/// The time limit of shrinking. Shrinking may take long, because each run may wait for its failure.
const LIMIT: Duration = Duration::from_secs(60);

/// A place in the sources: the length of the file's name (instead of the name) and a line. It is plain data without
/// memory of its own, because domains record their panics too.
type Place = (usize, u32);

thread_local! {
    /// The place of this thread's last panic.
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Runs `steps`, and returns the place of the panic if there is one.
fn fails<T>(run: &mut impl FnMut(&[T]), steps: &[T]) -> Option<Place> {
    let ran = panic::catch_unwind(AssertUnwindSafe(|| run(steps)));
    let place = PLACE.take();
    ran.err().and(place)
}

/// Returns the shortest part of `steps` found that still panics at the same place. Panics are not printed during the
/// search.
#[must_use]
pub fn shrink<T: Clone>(mut run: impl FnMut(&[T]), steps: &[T]) -> Vec<T> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        // The last panic of a run is the panic that ends the run, and domains panic before it. So each panic replaces
        // the place.
        let place = info.location().map(|at| (at.file().len(), at.line()));
        PLACE.set(place);
    }));
    let mut best = steps.to_vec();
    let place = fails(&mut run, &best);
    let began = Instant::now();
    let mut chunk = best.len().div_ceil(2);
    while chunk > 0 && place.is_some() && began.elapsed() < LIMIT {
        let (mut at, mut shorter) = (0, false);
        while at < best.len() && began.elapsed() < LIMIT {
            let mut without = best.clone();
            without.drain(at..(at + chunk).min(best.len()));
            if fails(&mut run, &without) == place {
                best = without;
                shorter = true;
            } else {
                at += chunk;
            }
        }
        if chunk == 1 && !shorter {
            break;
        }
        chunk = (chunk / 2).max(1);
    }
    panic::set_hook(hook);
    best
}
