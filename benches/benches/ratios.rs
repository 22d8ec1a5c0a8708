//! The ratios of one run: every operation in turn, batch by batch, minimum of all batches. Machines
//! are noisy and drift; a minimum taken in turn compares like with like.

use samara::prelude::*;
use samara_benches::{Target, domain, init};
use std::hint::black_box;
use std::time::{Duration, Instant};

const BATCH: u32 = 20_000;
const ROUNDS: u32 = 400;

/// An operation and its best batch so far.
struct Row<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    best: Duration,
}

impl<'a> Row<'a> {
    fn new(name: &'static str, mut one: impl FnMut() + 'a) -> Self {
        let run = move || (0..BATCH).for_each(|_| one());
        Self {
            name,
            run: Box::new(run),
            best: Duration::MAX,
        }
    }

    fn measure(&mut self) {
        let start = Instant::now();
        (self.run)();
        self.best = self.best.min(start.elapsed());
    }

    fn nanos(&self) -> f64 {
        self.best.as_nanos() as f64 / f64::from(BATCH)
    }
}

fn main() {
    // `cargo test --benches` and filters have no meaning here.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let domain = domain();
    let proxy = &domain.proxy().expect("room for a proxy");
    let shadow = &domain.shadow().expect("room for a shadow");
    let direct: &dyn Target = &init(7).expect("cannot fail");
    let lent = &RRef::new([0u8; 64]);
    let mut objects: [_; 3] = std::array::from_fn(|_| Some(RRef::new([0u8; 64])));
    let [first, second, third] = &mut objects;
    let mut page = Some(RRef::new([0u8; 4096]));
    let mut rows = [
        // `black_box` on the receiver keeps the optimiser from seeing through the virtual call.
        Row::new("virtual call", || {
            black_box(black_box(direct).null(1).unwrap_or(0));
        }),
        Row::new("proxy: null", || {
            black_box(black_box(proxy).null(1).unwrap_or(0));
        }),
        Row::new("shadow: null", || {
            black_box(black_box(shadow).null(1).unwrap_or(0));
        }),
        Row::new("proxy: borrow", || {
            black_box(black_box(proxy).borrow(lent).unwrap_or(0));
        }),
        Row::new("virtual: move 64 B", || {
            *first = first.take().and_then(|at| black_box(direct).small(at).ok());
        }),
        Row::new("proxy: move 64 B", || {
            *second = second.take().and_then(|at| black_box(proxy).small(at).ok());
        }),
        Row::new("shadow: move 64 B", || {
            *third = third.take().and_then(|at| black_box(shadow).small(at).ok());
        }),
        Row::new("proxy: move 4 KiB", || {
            page = page.take().and_then(|at| black_box(proxy).page(at).ok());
        }),
        Row::new("Box: alloc + free 64 B", || {
            drop(black_box(Box::new(black_box([0u8; 64]))));
        }),
        Row::new("RRef: alloc + free 64 B", || {
            drop(black_box(RRef::new(black_box([0u8; 64]))));
        }),
        Row::new("Box: alloc + free 4 KiB, zeroed", || {
            drop(black_box(vec![0u8; black_box(4096)].into_boxed_slice()));
        }),
        Row::new("RRef: alloc + free 4 KiB, zeroed", || {
            drop(black_box(RRef::<[u8]>::new_zeroed_slice(black_box(4096))));
        }),
    ];
    for _ in 0..ROUNDS {
        rows.iter_mut().for_each(Row::measure);
    }
    let unit = rows[0].nanos();
    println!("{:<34} {:>8} {:>16}", "operation", "ns", "× virtual call");
    for row in &rows {
        println!(
            "{:<34} {:>8.2} {:>16.2}",
            row.name,
            row.nanos(),
            row.nanos() / unit
        );
    }
    drop(rows);
    assert!(
        objects.iter().all(Option::is_some),
        "a call failed while it was measured"
    );
}
