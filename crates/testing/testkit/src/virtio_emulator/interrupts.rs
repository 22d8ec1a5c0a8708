//! The MSI-X table (PCI Express Base 5.0 §7.7.2) and the ISR status (§4.1.4.5).

use std::vec;
use std::vec::Vec;

use super::config_space::{PENDING, TABLE};

/// Bytes of a table entry. Its dwords are the address, the address's high half, the data and the vector control, whose
/// bit 0 masks the vector.
const ENTRY: u32 = 16;
const CONTROL: usize = 3;
const MASKED: u32 = 1;

/// Bits of the ISR status.
pub(super) const QUEUE: u8 = 1;
pub(super) const CONFIGURATION: u8 = 2;

pub(super) struct Interrupts {
    table: Vec<[u32; 4]>,
    pending: u64,
    pub(super) isr: u8,
}

impl Interrupts {
    /// Makes the power-on state, in which all vectors are masked.
    pub(super) fn new(vectors: u16) -> Self {
        Self {
            table: vec![[0, 0, 0, MASKED]; usize::from(vectors)],
            pending: 0,
            isr: 0,
        }
    }

    /// Returns the index of the table entry at `offset`, and the index of the dword in this entry. `None` if the
    /// offset is not in the table.
    fn place(&self, offset: u32) -> Option<(usize, usize)> {
        let at = offset.checked_sub(TABLE)?;
        let entry = (at / ENTRY) as usize;
        (entry < self.table.len()).then_some((entry, (at % ENTRY / 4) as usize))
    }

    /// Reads a dword of the MSI-X BAR.
    pub(super) fn read(&self, offset: u32) -> u32 {
        match (self.place(offset), offset.checked_sub(PENDING)) {
            (Some((entry, word)), _) => self.table[entry][word],
            (None, Some(0)) => self.pending as u32,
            (None, Some(4)) => (self.pending >> 32) as u32,
            _ => 0,
        }
    }

    /// Writes a dword of the MSI-X BAR. Only the table takes writes: the pending bits are read-only.
    pub(super) fn write(&mut self, offset: u32, value: u32) {
        if let Some((entry, word)) = self.place(offset) {
            self.table[entry][word] = value;
        }
    }

    /// Marks `vector` as pending. Does nothing if the table has no such vector.
    pub(super) fn raise(&mut self, vector: u16) {
        if usize::from(vector) < self.table.len() {
            self.pending |= 1 << vector;
        }
    }

    /// Takes the message, address and data, of a pending vector that is not masked. Afterwards the vector is no
    /// longer pending.
    pub(super) fn take_message(&mut self) -> Option<(u64, u32)> {
        let due = |(vector, entry): &(usize, &[u32; 4])| {
            self.pending >> vector & 1 != 0 && entry[CONTROL] & MASKED == 0
        };
        let (vector, entry) = self.table.iter().enumerate().find(due)?;
        let message = (u64::from(entry[1]) << 32 | u64::from(entry[0]), entry[2]);
        self.pending &= !(1 << vector);
        Some(message)
    }
}
