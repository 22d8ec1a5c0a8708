//! The entry of one function in `.eh_frame` (LSB core, 10.6.1; DWARF 5, 6.4.1).
//!
//! The parser is written by hand. For each frame, a cut needs only one row and the address of the language-specific
//! data, and it needs them in a trap handler (decision 83). The tests compare the results with those of `gimli`.

use super::TableError;
use super::reader::{Cursor, INDIRECT, OMIT};

/// The 32-bit length that says that a 64-bit length follows.
const LONG: u32 = u32::MAX;

/// The content of a function's entry (FDE) and of the part that it shares with others (CIE).
pub(super) struct Entry<'a> {
    /// The function's first address, and its length in bytes.
    pub(super) start: usize,
    pub(super) length: usize,
    /// The factors of the operands of instructions.
    pub(super) code_factor: usize,
    pub(super) data_factor: i64,
    pub(super) return_address: usize,
    /// Whether the caller was interrupted (the function is a signal trampoline).
    pub(super) interrupted: bool,
    /// The address of the language-specific data.
    pub(super) except_data: Option<usize>,
    /// The instructions: the shared ones, then the function's own.
    pub(super) shared: &'a [u8],
    pub(super) own: &'a [u8],
}

/// The part that entries share (CIE).
struct Common<'a> {
    code_factor: usize,
    data_factor: i64,
    return_address: usize,
    has_length: bool,
    pointers: u8,
    except_data: u8,
    interrupted: bool,
    instructions: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Parses the entry at `offset` in `.eh_frame`. `header` is the address of `.eh_frame_hdr`.
    #[inline]
    pub(super) fn parse(
        frames: &'a [u8],
        offset: usize,
        header: usize,
    ) -> Result<Self, TableError> {
        let mut at = body(frames, offset)?;
        // The distance back from this field to the shared part. It is zero in a shared part itself.
        let back = at.word()? as usize;
        let shared = (offset + 4).checked_sub(back).filter(|_| back != 0);
        let common = Common::parse(frames, shared.ok_or(TableError::Damaged)?)?;
        let start = at.pointer(common.pointers, header)?;
        let length = at.plain(common.pointers)?;
        let mut except_data = None;
        if common.has_length {
            let extra = at.uleb()?;
            let mut extra = Cursor(at.take(extra)?);
            if common.except_data != OMIT {
                let address = extra.pointer(common.except_data, header)?;
                except_data =
                    (address != 0 && common.except_data & INDIRECT == 0).then_some(address);
            }
        }
        Ok(Self {
            start,
            length,
            code_factor: common.code_factor,
            data_factor: common.data_factor,
            return_address: common.return_address,
            interrupted: common.interrupted,
            except_data,
            shared: common.instructions,
            own: at.0,
        })
    }

    #[inline]
    pub(super) const fn contains(&self, pc: usize) -> bool {
        pc.wrapping_sub(self.start) < self.length
    }
}

impl<'a> Common<'a> {
    #[inline]
    fn parse(frames: &'a [u8], offset: usize) -> Result<Self, TableError> {
        let mut at = body(frames, offset)?;
        if at.word()? != 0 {
            return Err(TableError::Damaged);
        }
        let version = at.byte()?;
        if version != 1 && version != 3 {
            return Err(TableError::Unsupported);
        }
        let length = at.0.iter().position(|byte| *byte == 0);
        let augmentation = at.take(length.ok_or(TableError::Damaged)?)?;
        at.byte()?;
        let code_factor = at.uleb()?;
        let data_factor = at.sleb()?;
        let return_address = match version {
            1 => at.byte()?.into(),
            _ => at.uleb()?,
        };
        let mut common = Self {
            code_factor,
            data_factor,
            return_address,
            has_length: false,
            pointers: 0,
            except_data: OMIT,
            interrupted: false,
            instructions: &[],
        };
        if let [b'z', letters @ ..] = augmentation {
            common.has_length = true;
            let extra = at.uleb()?;
            common.read_extra(letters, Cursor(at.take(extra)?))?;
        } else if !augmentation.is_empty() {
            return Err(TableError::Unsupported);
        }
        common.instructions = at.0;
        Ok(common)
    }

    #[inline]
    fn read_extra(&mut self, letters: &[u8], mut at: Cursor<'_>) -> Result<(), TableError> {
        for letter in letters {
            match letter {
                b'R' => self.pointers = at.byte()?,
                b'L' => self.except_data = at.byte()?,
                b'P' => {
                    let encoding = at.byte()?;
                    at.plain(encoding)?;
                }
                b'S' => self.interrupted = true,
                _ => return Err(TableError::Unsupported),
            }
        }
        Ok(())
    }
}

/// Returns the content at `offset`, without the length before it.
#[inline]
fn body(frames: &[u8], offset: usize) -> Result<Cursor<'_>, TableError> {
    let mut at = Cursor(frames.get(offset..).ok_or(TableError::Damaged)?);
    match at.word()? {
        LONG => Err(TableError::Unsupported),
        length => Ok(Cursor(at.take(length as usize)?)),
    }
}
