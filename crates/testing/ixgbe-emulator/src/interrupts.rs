//! Interrupts: causes, masks, throttling and vectors (section 7.3).

use alloc::boxed::Box;

use crate::registers::bits::{
    EICR_OTHERS, EICR_QUEUES, EICR_TCP_TIMER, EITR_INTERVAL, GPIE_AUTO_MASK, GPIE_MULTIPLE_MSIX,
    GPIE_OTHER_CLEAR_DISABLE, IVAR_VALID,
};
use crate::registers::{RegisterFile, offset as at};

/// Nanoseconds of one unit of EITR's interval field. The field's lowest bit is bit 3.
const EITR_UNIT_NS: u64 = 2048;

/// Takes the interrupts that the device sends.
pub trait Interrupts {
    /// Sends the message of an MSI-X vector below 64.
    fn raise(&mut self, vector: u16);
}

/// Counts how often each vector was raised.
#[derive(Clone, Debug)]
pub struct CountedInterrupts {
    /// The number of messages of each vector.
    pub raised: [u64; 64],
}

impl Default for CountedInterrupts {
    fn default() -> Self {
        CountedInterrupts { raised: [0; 64] }
    }
}

impl Interrupts for CountedInterrupts {
    fn raise(&mut self, vector: u16) {
        if let Some(count) = self.raised.get_mut(usize::from(vector)) {
            *count += 1;
        }
    }
}

/// The state behind EICR, EICS, EIMS and EIMC.
///
/// Causes of queues are kept by vector (0 to 63). Those of the lowest 16 vectors are EICR's low bits.
#[derive(Clone, Debug)]
pub(crate) struct InterruptBlock {
    vectors: u64,
    vector_mask: u64,
    /// Vectors that have already sent a message for a cause that is still set. They send no second one.
    vectors_sent: u64,
    /// Vectors whose cause software has set by EICS or EICS_EX.
    vectors_asked: u64,
    others: u32,
    other_mask: u32,
    others_sent: u32,
    /// The time at which each vector may fire again, in nanoseconds.
    not_before: Box<[u64; 64]>,
}

impl InterruptBlock {
    pub(crate) fn new() -> Self {
        InterruptBlock {
            vectors: 0,
            vector_mask: 0,
            vectors_sent: 0,
            vectors_asked: 0,
            others: 0,
            other_mask: 0,
            others_sent: 0,
            not_before: Box::new([0; 64]),
        }
    }

    /// Sets the cause of the vector that IVAR allocates to a queue, because the queue has written back descriptors
    /// (section 7.3.4).
    pub(crate) fn queue(&mut self, file: &RegisterFile, queue: u32, transmit: bool) {
        let register = file.get(at::IVAR + queue / 2 * 4);
        let allocation = register >> (16 * (queue % 2) + 8 * u32::from(transmit));
        if allocation & IVAR_VALID != 0 {
            self.vectors |= 1 << (allocation & 0x3f);
        }
    }

    /// Sets one of the causes in EICR bits 29:16.
    pub(crate) fn other(&mut self, cause: u32) {
        self.others |= cause & EICR_OTHERS;
    }

    /// Reads EICR, and clears the causes that a read clears (section 7.3.1.4).
    pub(crate) fn read_causes(&mut self, file: &RegisterFile) -> u32 {
        let causes = self.vectors as u32 & EICR_QUEUES | self.others;
        if file.has(at::GPIE, GPIE_OTHER_CLEAR_DISABLE) {
            self.clear(causes & EICR_OTHERS);
        } else {
            self.clear(causes);
        }
        if !file.has(at::GPIE, GPIE_MULTIPLE_MSIX) {
            // Without multiple MSI-X vectors, a read of EICR masks the causes whose bits in EIAM are set.
            self.mask(file.get(at::EIAM) & causes);
        }
        causes
    }

    /// Handles a write of ones to EICR.
    pub(crate) fn clear(&mut self, causes: u32) {
        self.vectors &= !u64::from(causes & EICR_QUEUES);
        self.vectors_asked &= !u64::from(causes & EICR_QUEUES);
        self.others &= !causes;
        self.settle();
    }

    /// Handles a write to EICS.
    pub(crate) fn set(&mut self, causes: u32) {
        let again = u64::from(causes & EICR_QUEUES);
        self.vectors |= again;
        self.vectors_sent &= !again;
        self.vectors_asked |= again;
        self.others |= causes & (EICR_OTHERS | EICR_TCP_TIMER);
        self.others_sent &= !causes;
    }

    /// Handles a write to EICS_EX.
    pub(crate) fn set_vectors(&mut self, half: u32, causes: u32) {
        let again = u64::from(causes) << (32 * half);
        self.vectors |= again;
        self.vectors_sent &= !again;
        self.vectors_asked |= again;
    }

    /// Handles a write to EIMS.
    pub(crate) fn unmask(&mut self, causes: u32) {
        self.vector_mask |= u64::from(causes & EICR_QUEUES);
        self.other_mask |= causes & !EICR_QUEUES;
    }

    /// Handles a write to EIMC.
    pub(crate) fn mask(&mut self, causes: u32) {
        self.vector_mask &= !u64::from(causes & EICR_QUEUES);
        self.other_mask &= !causes;
        self.settle();
    }

    /// Handles a write to EIMS_EX.
    pub(crate) fn unmask_vectors(&mut self, half: u32, vectors: u32) {
        self.vector_mask |= u64::from(vectors) << (32 * half);
    }

    /// Handles a write to EIMC_EX.
    pub(crate) fn mask_vectors(&mut self, half: u32, vectors: u32) {
        self.vector_mask &= !(u64::from(vectors) << (32 * half));
        self.settle();
    }

    /// Returns EIMS.
    pub(crate) fn masks(&self) -> u32 {
        self.vector_mask as u32 & EICR_QUEUES | self.other_mask
    }

    /// Returns half of EIMS_EX.
    pub(crate) fn vector_masks(&self, half: u32) -> u32 {
        (self.vector_mask >> (32 * half)) as u32
    }

    /// Forgets that a message was sent for causes that are now cleared or masked. So these causes can send a message
    /// again later.
    fn settle(&mut self) {
        self.vectors_sent &= self.vectors & self.vector_mask;
        self.others_sent &= self.others & self.other_mask;
    }

    /// Returns the vectors to send messages for at time `now`, and updates the causes. `sticks` says whether the
    /// fault of sticking causes is injected: see [`Faults`](crate::Faults::cause_sticks).
    pub(crate) fn due(&mut self, file: &RegisterFile, now: u64, sticks: bool) -> u64 {
        if file.has(at::GPIE, GPIE_MULTIPLE_MSIX) {
            self.due_vectors(file, now, sticks) | self.due_others(file)
        } else {
            self.due_single(file, now)
        }
    }

    fn due_vectors(&mut self, file: &RegisterFile, now: u64, sticks: bool) -> u64 {
        let waiting = self.vectors & self.vector_mask & !self.vectors_sent;
        let mut fired = 0;
        let mut rest = waiting;
        while rest != 0 {
            let vector = rest.trailing_zeros();
            rest &= rest - 1;
            if self.throttle(file, vector, now) {
                fired |= 1 << vector;
            }
        }
        self.vectors_sent |= fired;
        // Auto clear: for the first 16 vectors EIAC says whether a message clears the cause; for the other vectors it
        // always does (section 7.3.1.4).
        let clears = u64::from(file.get(at::EIAC) & EICR_QUEUES) | !u64::from(EICR_QUEUES);
        let masks = if file.has(at::GPIE, GPIE_AUTO_MASK) {
            let low = file.get(at::EIAM_EX) | file.get(at::EIAM) & EICR_QUEUES;
            u64::from(low) | u64::from(file.get(at::EIAM_EX + 4)) << 32
        } else {
            0
        };
        let stuck = if sticks {
            self.vectors_asked & !masks
        } else {
            0
        };
        self.vectors &= !(fired & clears & !stuck);
        self.vectors_asked &= !(fired & clears & !stuck);
        self.vector_mask &= !(fired & masks);
        self.settle();
        fired
    }

    fn due_others(&mut self, file: &RegisterFile) -> u64 {
        let active = self.others & self.other_mask;
        let news = active & !self.others_sent;
        if news == 0 {
            return 0;
        }
        self.others_sent |= news;
        if file.has(at::GPIE, GPIE_AUTO_MASK) {
            self.other_mask &= !(file.get(at::EIAM) & news);
            self.settle();
        }
        let timer = file.get(at::IVAR_MISC);
        let allocated = |allocation: u32| match allocation & IVAR_VALID {
            0 => 0,
            _ => 1u64 << (allocation & 0x3f),
        };
        let mut fired = 0;
        if news & EICR_OTHERS != 0 {
            fired |= allocated(timer >> 8);
        }
        if news & EICR_TCP_TIMER != 0 {
            fired |= allocated(timer);
        }
        fired
    }

    /// Implements [`due`](Self::due) for the mode without multiple MSI-X vectors. In this mode all causes share
    /// vector 0.
    fn due_single(&mut self, file: &RegisterFile, now: u64) -> u64 {
        let vectors = self.vectors & self.vector_mask & !self.vectors_sent;
        let others = self.others & self.other_mask & !self.others_sent;
        if vectors == 0 && others == 0 || !self.throttle(file, 0, now) {
            return 0;
        }
        self.vectors_sent |= vectors;
        self.others_sent |= others;
        1
    }

    /// Whether the vector may fire now. If it may, the next throttling interval of the vector begins (section 7.3.2).
    fn throttle(&mut self, file: &RegisterFile, vector: u32, now: u64) -> bool {
        let Some(not_before) = self.not_before.get_mut(vector as usize) else {
            return false;
        };
        if now < *not_before {
            return false;
        }
        let interval = file.get(at::eitr(vector)) & EITR_INTERVAL;
        *not_before = now + u64::from(interval >> 3) * EITR_UNIT_NS;
        true
    }

    /// Returns the earliest time at which a vector with an unsent cause may fire, if there is such a vector.
    pub(crate) fn next_deadline(&self, file: &RegisterFile) -> Option<u64> {
        let waiting = self.vectors & self.vector_mask & !self.vectors_sent;
        if !file.has(at::GPIE, GPIE_MULTIPLE_MSIX) {
            let others = self.others & self.other_mask & !self.others_sent;
            return (waiting != 0 || others != 0).then_some(self.not_before[0]);
        }
        (0..64)
            .filter(|vector| waiting & 1 << vector != 0)
            .map(|vector| self.not_before[vector as usize])
            .min()
    }
}
