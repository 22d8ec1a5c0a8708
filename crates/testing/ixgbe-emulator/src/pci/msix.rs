//! The MSI-X table and its pending bits (section 9.3.9).
//!
//! If the device is served to a VMM (`foreign` below), the VMM keeps its own table, which masks the vectors, and this
//! table masks none. If the device is used in process, this table masks the vectors.

use alloc::vec::Vec;

use super::layout::{MSIX_PENDING, VECTORS};

/// Words of an entry: address, address high, data, control.
const ENTRY_WORDS: usize = 4;
const CONTROL_MASKED: u32 = 1;

/// The table's entries and the pending bits.
#[derive(Clone, Debug)]
pub(crate) struct MsixTable {
    words: Vec<u32>,
    pending: u64,
}

impl MsixTable {
    pub(crate) fn new() -> Self {
        let mut table = MsixTable {
            words: alloc::vec![0; usize::from(VECTORS) * ENTRY_WORDS],
            pending: 0,
        };
        table.reset();
        table
    }

    /// Masks every vector and clears all pending bits.
    pub(crate) fn reset(&mut self) {
        self.pending = 0;
        for entry in self.words.chunks_exact_mut(ENTRY_WORDS) {
            entry.copy_from_slice(&[0, 0, 0, CONTROL_MASKED]);
        }
    }

    /// Reads the word at `offset` of the BAR.
    pub(crate) fn read(&self, offset: u32) -> u32 {
        match offset {
            MSIX_PENDING => self.pending as u32,
            o if o == MSIX_PENDING + 4 => (self.pending >> 32) as u32,
            _ => self.words.get((offset / 4) as usize).copied().unwrap_or(0),
        }
    }

    /// Writes the word at `offset` of the BAR.
    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        if let Some(word) = self.words.get_mut((offset / 4) as usize) {
            *word = value;
        }
    }

    /// Whether a message for this vector may be sent now. If it may not, the vector becomes pending.
    pub(crate) fn admit(&mut self, vector: u16, open: bool, foreign: bool) -> bool {
        let masked = !open || !foreign && self.masked(vector);
        if masked {
            self.pending |= 1 << (vector % VECTORS);
        }
        !masked
    }

    /// Returns the pending vectors whose message may be sent now, as bits. They are no longer pending.
    pub(crate) fn released(&mut self, open: bool, foreign: bool) -> u64 {
        if !open || self.pending == 0 {
            return 0;
        }
        let mut released = 0;
        for vector in 0..VECTORS {
            if self.pending & 1 << vector != 0 && (foreign || !self.masked(vector)) {
                released |= 1 << vector;
            }
        }
        self.pending &= !released;
        released
    }

    fn masked(&self, vector: u16) -> bool {
        let control = usize::from(vector) * ENTRY_WORDS + 3;
        self.words
            .get(control)
            .is_none_or(|word| word & CONTROL_MASKED != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::MsixTable;

    #[test]
    fn a_masked_vector_waits_until_it_is_unmasked() {
        let mut table = MsixTable::new();
        assert!(!table.admit(3, true, false));
        assert_eq!(table.read(0x2000), 1 << 3);
        assert_eq!(table.released(true, false), 0);
        table.write(3 * 16 + 12, 0);
        assert_eq!(table.released(false, false), 0);
        assert_eq!(table.released(true, false), 1 << 3);
        assert_eq!(table.read(0x2000), 0);
        assert!(table.admit(3, true, false));
        assert!(!table.admit(999, true, false));
    }

    #[test]
    fn foreign_table_leaves_only_the_function_mask() {
        let mut table = MsixTable::new();
        assert!(table.admit(3, true, true));
        assert!(!table.admit(3, false, true));
        assert_eq!(table.released(false, true), 0);
        assert_eq!(table.released(true, true), 1 << 3, "it was not lost");
        assert_eq!(table.released(true, true), 0);
    }
}
