//! Measures batches of operations, and prints the results.

use std::time::{Duration, Instant};

/// An operation, and the times that its batches took.
pub(crate) struct Row<'a> {
    pub(crate) name: &'static str,
    /// The number of operations of a batch.
    batch: u32,
    run: Box<dyn FnMut() -> Duration + 'a>,
    took: Vec<Duration>,
}

impl<'a> Row<'a> {
    /// Makes a row whose batch repeats `one` `batch` times between two reads of the clock.
    pub(crate) fn new(name: &'static str, batch: u32, mut one: impl FnMut() + 'a) -> Self {
        let run = move || {
            let start = Instant::now();
            (0..batch).for_each(|_| one());
            start.elapsed()
        };
        Self::timed(name, batch, run)
    }

    /// Makes a row whose `run` executes a batch of `batch` operations and returns their time.
    pub(crate) fn timed(
        name: &'static str,
        batch: u32,
        run: impl FnMut() -> Duration + 'a,
    ) -> Self {
        Self {
            name,
            batch,
            run: Box::new(run),
            took: Vec::new(),
        }
    }

    fn nanos(&self, took: Duration) -> f64 {
        took.as_nanos() as f64 / f64::from(self.batch)
    }

    /// Returns the nanoseconds of one operation in the fastest batch.
    pub(crate) fn least(&self) -> f64 {
        self.nanos(self.took.iter().min().copied().unwrap_or_default())
    }

    /// Returns the nanoseconds of one operation in the median batch.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.took.clone();
        sorted.sort_unstable();
        self.nanos(sorted.get(sorted.len() / 2).copied().unwrap_or_default())
    }
}

/// Runs all operations in turn, batch by batch, and prints their times and the ratios to the first one.
pub(crate) fn measure(title: &str, rounds: u32, rows: &mut [Row<'_>]) {
    for _ in 0..rounds {
        for row in rows.iter_mut() {
            let took = (row.run)();
            row.took.push(took);
        }
    }
    let (least, median) = (rows[0].least(), rows[0].median());
    println!("\n{title}; of {rounds} batches");
    println!(
        "{:<36} {:>11} {:>7} {:>11} {:>7}",
        "", "minimum ns", "×", "median ns", "×"
    );
    for row in rows {
        let (name, low, middle) = (row.name, row.least(), row.median());
        println!(
            "{name:<36} {low:>11.2} {:>7.2} {middle:>11.2} {:>7.2}",
            low / least,
            middle / median
        );
    }
}
