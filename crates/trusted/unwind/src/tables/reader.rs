//! Reading of the numbers of an unwind table, never beyond its end.

use super::TableError;

/// The bits of a pointer's encoding that say to which address it is relative (LSB core, 10.5.1).
const RELATIVE: u8 = 0x70;
/// The bit that says that the address of the pointer is encoded, and not the pointer itself.
pub(super) const INDIRECT: u8 = 0x80;
/// The encoding of a value that is left out.
pub(super) const OMIT: u8 = 0xff;

/// The bytes that are left to read.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], TableError> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or(TableError::Damaged)?;
        self.0 = rest;
        Ok(*chunk)
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, TableError> {
        self.chunk::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub(super) fn half(&mut self) -> Result<u16, TableError> {
        self.chunk().map(u16::from_le_bytes)
    }

    #[inline]
    pub(super) fn word(&mut self) -> Result<u32, TableError> {
        self.chunk().map(u32::from_le_bytes)
    }

    #[inline]
    fn long(&mut self) -> Result<u64, TableError> {
        self.chunk().map(u64::from_le_bytes)
    }

    /// Reads the next `count` bytes.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], TableError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(TableError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Reads an unsigned LEB128 number of at most 63 bits.
    #[inline]
    pub(super) fn uleb(&mut self) -> Result<usize, TableError> {
        let mut value = 0;
        let mut shift = 0;
        while shift < 63 {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
        }
        Err(TableError::Damaged)
    }

    /// Reads a signed LEB128 number of at most 63 bits.
    #[inline]
    pub(super) fn sleb(&mut self) -> Result<i64, TableError> {
        let mut value = 0;
        let mut shift = 0;
        while shift < 63 {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                let unused = 64 - shift;
                return Ok(value << unused >> unused);
            }
        }
        Err(TableError::Damaged)
    }

    /// Reads a number in the format of `encoding`, and ignores to which address it is relative.
    #[inline]
    pub(super) fn plain(&mut self, encoding: u8) -> Result<usize, TableError> {
        Ok(match encoding & 0x0f {
            0x00 | 0x04 | 0x0c => self.long()? as usize,
            0x01 => self.uleb()?,
            0x02 => self.half()?.into(),
            0x03 => self.word()? as usize,
            0x09 => self.sleb()? as usize,
            0x0a => self.half()? as i16 as usize,
            0x0b => self.word()? as i32 as usize,
            _ => return Err(TableError::Unsupported),
        })
    }

    /// Reads an address; 0 if none is given. `header` is the address of `.eh_frame_hdr`.
    #[inline]
    pub(super) fn pointer(&mut self, encoding: u8, header: usize) -> Result<usize, TableError> {
        let here = self.0.as_ptr().addr();
        let value = self.plain(encoding)?;
        let relative_to = match encoding & RELATIVE {
            _ if value == 0 => 0,
            0x00 => 0,
            0x10 => here,
            0x30 => header,
            _ => return Err(TableError::Unsupported),
        };
        Ok(value.wrapping_add(relative_to))
    }
}
