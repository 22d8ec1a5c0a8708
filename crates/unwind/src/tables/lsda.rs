//! What a function does when a callee raises: its language-specific data (Itanium C++ ABI, "Exception
//! Handling Tables"), as far as rustc and clang write them.

use super::TableError;
use super::reader::{Cursor, OMIT};

/// Encodings of the call sites' numbers.
const ULEB128: u8 = 0x01;
const UDATA4: u8 = 0x03;

/// Whether what the call at `offset` from the function's start raises is caught in that very function:
/// not merely cleaned up after, and not fatal.
pub(super) fn catches(data: &[u8], offset: usize) -> Result<bool, TableError> {
    let mut at = Cursor(data);
    // Landing pads count from the function's start: all that these compilers write.
    if at.byte()? != OMIT {
        return Err(TableError::Unsupported);
    }
    if at.byte()? != OMIT {
        at.uleb()?;
    }
    let encoding = at.byte()?;
    let length = at.uleb()?;
    let (sites, actions) = at.0.split_at_checked(length).ok_or(TableError::Damaged)?;
    let mut sites = Cursor(sites);
    // In the order of their addresses.
    while !sites.0.is_empty() {
        let start = number(&mut sites, encoding)?;
        let length = number(&mut sites, encoding)?;
        let pad = number(&mut sites, encoding)?;
        let action = sites.uleb()?;
        if offset < start {
            break;
        }
        if offset - start < length {
            return Ok(pad != 0 && action != 0 && is_catch(actions, action)?);
        }
    }
    Ok(false)
}

/// Whether the first filter of the action record `action` (from 1) names a type, null for any.
fn is_catch(actions: &[u8], action: usize) -> Result<bool, TableError> {
    let record = actions.get(action - 1..).ok_or(TableError::Damaged)?;
    // A small signed number: 1 to 63 in one byte, or more to come and a sign in the last one.
    let mut filter = Cursor(record);
    let first = filter.byte()?;
    if first & 0x80 != 0 {
        return Err(TableError::Unsupported);
    }
    Ok(first != 0 && first & 0x40 == 0)
}

fn number(at: &mut Cursor<'_>, encoding: u8) -> Result<usize, TableError> {
    match encoding {
        ULEB128 | UDATA4 => at.plain(encoding),
        _ => Err(TableError::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use super::catches;
    use crate::tables::TableError;

    /// Three call sites: caught by anything at 0..16, cleaned up after at 16..32, neither at 32..48.
    const DATA: [u8; 21] = [
        0xff, 0x9b, 20, 0x01, 12, 0, 16, 100, 1, 16, 16, 120, 0, 32, 16, 0, 0, 1, 0, 0, 0,
    ];

    #[test]
    fn a_catch_is_told_from_a_clean_up() {
        assert_eq!(catches(&DATA, 0), Ok(true));
        assert_eq!(catches(&DATA, 15), Ok(true));
        assert_eq!(catches(&DATA, 16), Ok(false));
        assert_eq!(catches(&DATA, 40), Ok(false));
        assert_eq!(catches(&DATA, 48), Ok(false));
    }

    #[test]
    fn what_ends_too_early_is_damaged() {
        for length in 0..17 {
            assert_eq!(catches(&DATA[..length], 40), Err(TableError::Damaged));
        }
        assert_eq!(catches(&DATA[..17], 4), Err(TableError::Damaged));
        assert_eq!(catches(&[0x00], 0), Err(TableError::Unsupported));
    }
}
