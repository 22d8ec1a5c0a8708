//! Waiting for frames (section 7.3): a vector for each queue, asked for by who waits, once for each wait.
//!
//! A vector that fires masks itself (EIAM), and nobody unmasks it but the next wait. So a queue that is polled
//! causes no interrupts, and one that is flooded causes as many as there are waits.

use core::time::Duration;

use samara_device_io::Interrupt;
use samara_device_io::mmio::WriteError;
use spin::{Mutex, MutexGuard};

use crate::args::MAX_QUEUES;
use crate::registers::{
    EIAC, EIAM, EICR, EIMC, EIMS, EITR, Function, GPIE, IVAR, STATUS, write_nth,
};

/// GPIE: a vector for each cause, reading EICR leaves queues' causes, automatic masks, and pending bits are
/// kept (section 8.2.3.5.18).
const MODE: u32 = 1 << 4 | 1 << 5 | 1 << 30 | 1 << 31;
/// EITR: 10 units of 2.048 us from bit 3 on: at most 49,000 interrupts a second (section 8.2.3.5.12).
const INTERVAL: u32 = 10 << 3;
/// IVAR: the allocation is valid (section 8.2.3.5.16).
const VALID: u32 = 0x80;

/// A vector for each queue, or none if the kernel offers none.
#[derive(Debug, Default)]
pub(crate) struct Interrupts([Option<Mutex<Interrupt>>; MAX_QUEUES as usize]);

impl Interrupts {
    /// Vectors for queues from 0 on.
    pub(crate) fn claim(function: &Function, queues: u16) -> Self {
        let mut lines = Self::default();
        for (queue, line) in (0..queues).zip(&mut lines.0) {
            match function.interrupt(queue) {
                Ok(interrupt) => *line = Some(Mutex::new(interrupt)),
                // Some would be no help: who serves a device waits for all of its queues.
                Err(_) => return Self::default(),
            }
        }
        lines
    }

    /// Allocates causes to vectors, all of them masked: after a reset.
    pub(crate) fn program(&self, function: &Function) -> Result<(), WriteError> {
        let vectors = (0..).zip(&self.0).filter(|(_, line)| line.is_some());
        let mut all = 0;
        for (queue, _) in vectors {
            all |= 1u32 << queue;
            // Two queues to a word, 16 bits each, of which
            // the low byte is for receiving; frames that leave cause no interrupt.
            let word = (0..2).map(|i| (queue & !1) + i).filter(|i| *i <= queue);
            let word = word.fold(0, |word, i| word | (VALID | i as u32) << (16 * (i & 1)));
            write_nth(function, IVAR, queue / 2, word)?;
            write_nth(function, EITR, queue, INTERVAL)?;
        }
        if all != 0 {
            function.write(GPIE, MODE)?;
            function.write(EIAC, all)?;
            function.write(EIAM, all)?;
        }
        Ok(())
    }

    /// The queue's vector, for as long as one thread waits: `Some(None)` if another does.
    pub(crate) fn line(&self, queue: u16) -> Option<Option<Line<'_>>> {
        let line = self.0.get(usize::from(queue))?.as_ref()?;
        Some(line.try_lock().map(|interrupt| Line {
            cause: 1 << interrupt.vector(),
            interrupt,
        }))
    }
}

/// A vector that this thread waits for.
pub(crate) struct Line<'i> {
    cause: u32,
    interrupt: MutexGuard<'i, Interrupt>,
}

impl Line<'_> {
    /// Has the next frame interrupt. What arrived before is in memory when this returns: look for it after
    /// this and before [`wait`](Self::wait), which then misses nothing. False if the device is gone.
    pub(crate) fn ask(&self, function: &Function) -> (u32, bool) {
        let seen = self.interrupt.count();
        // Causes of frames that were taken long since.
        let asked = function.write(EICR, self.cause);
        let asked = asked.and(function.write(EIMS, self.cause));
        // The answer comes after the writes, and pushes what the device wrote before ahead of it.
        (seen, asked.is_ok() && function.read(STATUS) != u32::MAX)
    }

    /// Waits for the interrupt that was asked for when the count was `seen`.
    pub(crate) fn wait(&self, seen: u32, timeout: Duration) {
        self.interrupt.wait(seen, timeout);
    }

    /// No interrupt, please.
    pub(crate) fn done(&self, function: &Function) {
        let _ = function.write(EIMC, self.cause);
    }
}
