//! `.eh_frame_hdr`: the linker's sorted table of the addresses of all entries.
//!
//! The parser is written by hand, because it needs little and must be safe for any bytes. It supports the one form that
//! linkers write (LSB core, 10.6.2): a table of pairs of 32-bit offsets from the header's own address.

use super::TableError;

/// The supported encodings (LSB core, 10.5.1): `pcrel | sdata4`, `udata4`, `datarel | sdata4`.
const ENCODINGS: [u8; 3] = [0x1b, 0x03, 0x3b];
const VERSION: u8 = 1;
/// The length of the version and the encodings, the pointer to `.eh_frame`, and the count.
const PREFIX: usize = 12;

/// A parsed header.
pub(crate) struct Header<'a> {
    address: usize,
    pairs: &'a [[u8; 8]],
}

impl<'a> Header<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, TableError> {
        let (prefix, rest) = bytes
            .split_first_chunk::<PREFIX>()
            .ok_or(TableError::Damaged)?;
        let [version, frames, count, table, .., c0, c1, c2, c3] = *prefix;
        if version != VERSION || [frames, count, table] != ENCODINGS {
            return Err(TableError::Unsupported);
        }
        let count = u32::from_le_bytes([c0, c1, c2, c3]) as usize;
        let (pairs, _) = rest.as_chunks::<8>();
        Ok(Self {
            address: bytes.as_ptr().addr(),
            pairs: pairs.get(..count).ok_or(TableError::Damaged)?,
        })
    }

    /// Returns the address of the entry for the last function that begins at or before `pc`.
    pub(crate) fn entry(&self, pc: usize) -> Result<usize, TableError> {
        let behind = self.pairs.partition_point(|pair| self.start(pair) <= pc);
        let pair = behind
            .checked_sub(1)
            .and_then(|at| self.pairs.get(at))
            .ok_or(TableError::NoEntry)?;
        let [.., e0, e1, e2, e3] = *pair;
        Ok(self.absolute([e0, e1, e2, e3]))
    }

    fn start(&self, pair: &[u8; 8]) -> usize {
        let [s0, s1, s2, s3, ..] = *pair;
        self.absolute([s0, s1, s2, s3])
    }

    fn absolute(&self, offset: [u8; 4]) -> usize {
        self.address
            .wrapping_add_signed(i32::from_le_bytes(offset) as isize)
    }
}
