//! Failures made small: by leaving out what is not needed for one.

use crate::step::BYTES;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

/// How long it may take: a failure may be one that is waited for.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs `steps`; whether that panics.
fn fails(run: &mut impl FnMut(&[[u8; BYTES]]), steps: &[[u8; BYTES]]) -> bool {
    panic::catch_unwind(AssertUnwindSafe(|| run(steps))).is_err()
}

/// The shortest part of `steps`, whose run panics, that was found to panic too. Silent meanwhile.
#[must_use]
pub fn shortest(
    mut run: impl FnMut(&[[u8; BYTES]]),
    steps: &[[u8; BYTES]],
) -> Vec<[u8; BYTES]> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let mut best = steps.to_vec();
    let began = Instant::now();
    let mut chunk = best.len().div_ceil(2);
    while chunk > 0 && began.elapsed() < LIMIT {
        let (mut at, mut shorter) = (0, false);
        while at < best.len() && began.elapsed() < LIMIT {
            let mut without = best.clone();
            without.drain(at..(at + chunk).min(best.len()));
            if fails(&mut run, &without) {
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
