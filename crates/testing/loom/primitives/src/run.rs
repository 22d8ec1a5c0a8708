//! Runs loom tests.

use crate::weaken::{self, Weaken};
use crate::{bind, lock, statics, wait};
use std::sync::{Arc, Mutex, PoisonError};

/// How a loom test is run.
#[derive(Clone, Debug)]
pub struct Check {
    name: &'static str,
    words: usize,
    locks: usize,
    preemptions: Option<usize>,
    weaken: Option<Weaken>,
}

/// Size of a stack, in words.
const STACK_WORDS: usize = 1 << 16;

/// Makes loom tests run one at a time, because they share the shipped crates' statics.
static ALONE: Mutex<()> = Mutex::new(());

impl Check {
    /// Creates a test that explores every interleaving and uses at most `words` atomic words and `locks` locks.
    #[must_use]
    pub const fn new(name: &'static str, words: usize, locks: usize) -> Self {
        Self {
            name,
            words,
            locks,
            preemptions: None,
            weaken: None,
        }
    }

    /// Limits the test to interleavings with at most `most` preemptions. A preemption is a switch away from a thread
    /// that could go on.
    #[must_use]
    pub const fn preemptions(mut self, most: usize) -> Self {
        self.preemptions = Some(most);
        self
    }

    /// Takes an ordering or a check away from one source file.
    #[must_use]
    pub const fn weaken(mut self, weaken: Weaken) -> Self {
        self.weaken = Some(weaken);
        self
    }

    /// Runs `body` once for every execution that loom finds.
    ///
    /// # Panics
    /// If an execution fails.
    pub fn run(&self, body: impl Fn() + Send + Sync + 'static) {
        struct Clean;
        impl Drop for Clean {
            fn drop(&mut self) {
                bind::end();
                statics::restore();
                lock::forget_look();
                weaken::set(None);
            }
        }
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let _clean = Clean;
        weaken::set(self.weaken);
        wait::begin();
        let (words, locks) = (self.words, self.locks);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = builder.preemption_bound.or(self.preemptions);
        builder.max_branches = 20_000;
        let body = Arc::new(body);
        let start = std::time::Instant::now();
        builder.check(move || {
            statics::restore();
            bind::begin(words, locks);
            wait::begin_execution();
            // The test's first thread is spawned, because loom's own first thread has a stack of only 32 KiB.
            let body = Arc::clone(&body);
            let first = loom::thread::Builder::new().stack_size(STACK_WORDS);
            if let Ok(first) = first.spawn(move || body()) {
                let _ = first.join();
            }
        });
        println!(
            "{}: {} executions, {} of them cut at the bound of waiting loops, in {:.1} s",
            self.name,
            bind::number(),
            wait::cut_short(),
            start.elapsed().as_secs_f64()
        );
    }
}
