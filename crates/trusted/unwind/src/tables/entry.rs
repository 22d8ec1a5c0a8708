//! The entry of one function in `.eh_frame` (LSB core, 10.6.1; DWARF 5, 6.4.1).
//!
//! By hand: of what entries may say, a cut needs one row and the address of the language-specific data,
//! in a trap handler, for each frame (decision 83). `gimli` is what the tests compare with.

use super::TableError;
use super::reader::{Cursor, INDIRECT, OMIT};

/// A length in 32 bits may not be this: more follows.
const LONG: u32 = u32::MAX;

/// What a function's entry, and the part that it shares with others, say.
pub(super) struct Entry<'a> {
    /// Its first address, and its length in bytes.
    pub(super) start: usize,
    pub(super) length: usize,
    /// Factors of what the instructions say.
    pub(super) code_factor: usize,
    pub(super) data_factor: i64,
    pub(super) return_address: usize,
    /// The caller was interrupted (a signal's trampoline).
    pub(super) interrupted: bool,
    /// Address of the language-specific data.
    pub(super) except_data: Option<usize>,
    /// Instructions: shared, then its own.
    pub(super) shared: &'a [u8],
    pub(super) own: &'a [u8],
}

/// What entries share.
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
    /// The entry at `offset` of `.eh_frame`; `header` is the address of `.eh_frame_hdr`.
    #[inline]
    pub(super) fn parse(
        frames: &'a [u8],
        offset: usize,
        header: usize,
    ) -> Result<Self, TableError> {
        let mut at = body(frames, offset)?;
        // Counted back from this very field; zero for what is shared.
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

/// What stands at `offset`, behind its length.
#[inline]
fn body(frames: &[u8], offset: usize) -> Result<Cursor<'_>, TableError> {
    let mut at = Cursor(frames.get(offset..).ok_or(TableError::Damaged)?);
    match at.word()? {
        LONG => Err(TableError::Unsupported),
        length => Ok(Cursor(at.take(length as usize)?)),
    }
}
