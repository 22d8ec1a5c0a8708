//! Compares two threads that call one domain with two threads that make the plain virtual call.

use samara::prelude::*;
use samara_benches::{Target, domain, init};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread::scope;
use std::time::{Duration, Instant};

const CALLS: u32 = 400_000;
const ROUNDS: u32 = 60;

/// Returns the time that `CALLS` calls by each of `count` threads take, from the start of the first thread to the end
/// of the last.
fn run<T: Target + ?Sized>(count: usize, target: &T) -> Duration {
    let barrier = Barrier::new(count);
    scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|_| {
                scope.spawn(|| {
                    black_box(target).null(1).ok();
                    barrier.wait();
                    let start = Instant::now();
                    for at in 0..u64::from(CALLS) {
                        black_box(black_box(target).null(at).unwrap_or(0));
                    }
                    (start, Instant::now())
                })
            })
            .collect();
        let times = threads.into_iter().filter_map(|thread| thread.join().ok());
        let (starts, ends): (Vec<_>, Vec<_>) = times.unzip();
        match (starts.iter().min(), ends.iter().max()) {
            (Some(start), Some(end)) => *end - *start,
            _ => Duration::MAX,
        }
    })
}

/// Returns the calls per second of two threads together, divided by those of one thread. Each rate is computed from
/// the shortest time so far.
fn scales<T: Target + ?Sized>(target: &T, best: &mut [Duration; 2]) -> f64 {
    for (count, best) in [1, 2].into_iter().zip(best.iter_mut()) {
        *best = run(count, target).min(*best);
    }
    2.0 * best[0].as_secs_f64() / best[1].as_secs_f64()
}

pub(crate) fn scaling() {
    let domain = domain();
    let proxy = domain.proxy().expect("room for a proxy");
    let direct = init(7).expect("cannot fail");
    let (mut plain, mut proxied) = ([Duration::MAX; 2], [Duration::MAX; 2]);
    let (mut of_plain, mut of_proxied) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        of_plain = scales::<dyn Target>(&direct, &mut plain);
        of_proxied = scales(&proxy, &mut proxied);
    }
    println!("\ntwo threads on one domain, at best of {ROUNDS} runs of {CALLS} calls each");
    let nanos = |took: Duration| took.as_nanos() as f64 / f64::from(CALLS);
    for (name, best, scales) in [
        ("virtual call", plain, of_plain),
        ("proxy: null", proxied, of_proxied),
    ] {
        let (one, two) = (nanos(best[0]), nanos(best[1]));
        println!("{name:<36} {one:>8.2} ns alone {two:>8.2} ns by twos: scales by {scales:.3}");
    }
    println!(
        "the proxy's scaling is {:.3} of the virtual call's",
        of_proxied / of_plain
    );
}
