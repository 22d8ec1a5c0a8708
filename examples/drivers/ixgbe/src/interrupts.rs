//! The queues' interrupt vectors, on which threads wait for frames (section 7.3).
//!
//! A waiting thread asks for one interrupt for each wait. When a vector fires, the device masks it (EIAM), and only
//! the next wait unmasks it. So a polled queue causes no interrupts, and a flooded queue causes at most one interrupt
//! for each wait.

use core::time::Duration;

use samara_device_io::Interrupt;
use samara_device_io::mmio::WriteError;
use spin::{Mutex, MutexGuard};

use crate::args::MAX_QUEUES;
use crate::registers::{
    EIAC, EIAM, EICR, EIMC, EIMS, EITR, Function, GPIE, IVAR, STATUS, write_nth,
};

/// GPIE: each cause has a vector, a read of EICR does not clear the causes of queues, vectors are masked automatically,
/// and pending bits are kept (section 8.2.3.5.18).
const MODE: u32 = 1 << 4 | 1 << 5 | 1 << 30 | 1 << 31;
/// EITR, from bit 3 on: an interval of 10 units of 2.048 us, which allows at most 49,000 interrupts a second (section
/// 8.2.3.5.12).
const INTERVAL: u32 = 10 << 3;
/// IVAR: the allocation is valid (section 8.2.3.5.16).
const VALID: u32 = 0x80;

/// The queues' vectors. There is one for each queue, or none at all if the kernel offers fewer vectors than there are
/// queues.
#[derive(Debug, Default)]
pub(crate) struct Interrupts([Option<Mutex<Interrupt>>; MAX_QUEUES as usize]);

impl Interrupts {
    /// Claims a vector for each of the first `queues` queues.
    pub(crate) fn claim(function: &Function, queues: u16) -> Self {
        let mut lines = Self::default();
        for (queue, line) in (0..queues).zip(&mut lines.0) {
            match function.interrupt(queue) {
                Ok(interrupt) => *line = Some(Mutex::new(interrupt)),
                // Vectors for only some of the queues would not help, because a caller that serves the device must
                // wait for all queues.
                Err(_) => return Self::default(),
            }
        }
        lines
    }

    /// Maps the receive queues to their vectors after a reset, which has left all vectors masked.
    pub(crate) fn program(&self, function: &Function) -> Result<(), WriteError> {
        let vectors = (0..).zip(&self.0).filter(|(_, line)| line.is_some());
        let mut all = 0;
        for (queue, _) in vectors {
            all |= 1u32 << queue;
            // A word holds two queues, 16 bits each. The low byte of each half maps received frames to a vector. The
            // high byte, for sent frames, stays 0, so sent frames cause no interrupt.
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

    /// Locks the queue's vector for the time of one thread's wait. Returns `Some(None)` if another thread waits on
    /// it, and `None` if the queue has no vector.
    pub(crate) fn line(&self, queue: u16) -> Option<Option<Line<'_>>> {
        let line = self.0.get(usize::from(queue))?.as_ref()?;
        Some(line.try_lock().map(|interrupt| Line {
            cause: 1 << interrupt.vector(),
            interrupt,
        }))
    }
}

/// A queue's vector, locked for a wait of this thread.
pub(crate) struct Line<'i> {
    cause: u32,
    interrupt: MutexGuard<'i, Interrupt>,
}

impl Line<'_> {
    /// Asks the device to interrupt when the next frame arrives. Returns the count of interrupts so far, for
    /// [`wait`](Self::wait), and whether the device answers. When this returns, all frames that arrived before are in
    /// memory. So a caller misses no frame if it looks for frames between this call and the wait.
    pub(crate) fn ask(&self, function: &Function) -> (u32, bool) {
        let seen = self.interrupt.count();
        // Clears the cause, because frames that were received long ago may have set it.
        let asked = function.write(EICR, self.cause);
        let asked = asked.and(function.write(EIMS, self.cause));
        // The device answers this read after the two writes, and its earlier writes to memory arrive before the
        // answer.
        (seen, asked.is_ok() && function.read(STATUS) != u32::MAX)
    }

    /// Waits until the count of interrupts is no longer `seen`, for `timeout` at most.
    pub(crate) fn wait(&self, seen: u32, timeout: Duration) {
        self.interrupt.wait(seen, timeout);
    }

    /// Masks the vector, so that frames cause no interrupt.
    pub(crate) fn done(&self, function: &Function) {
        let _ = function.write(EIMC, self.cause);
    }
}
