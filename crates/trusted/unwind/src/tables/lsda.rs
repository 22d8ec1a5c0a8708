//! What a function does when a callee raises: its language-specific data (Itanium C++ ABI, "Exception
//! Handling Tables"), as far as rustc and clang write them.

use super::reader::{Cursor, OMIT};
use super::{LandingPad, TableError};

/// Encodings of the call sites' numbers.
const ULEB128: u8 = 0x01;
const UDATA4: u8 = 0x03;

/// What is done with what the call at `offset` from the function's start raises. The addresses in the
/// answer count from the function's start too.
pub(super) fn landing_pad(data: &[u8], offset: usize) -> Result<LandingPad, TableError> {
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
            return match (pad, action) {
                (0, _) => Ok(LandingPad::None),
                (pad, 0) => Ok(LandingPad::CleanUp(pad)),
                (pad, action) => at_pad(pad, actions, action),
            };
        }
    }
    Ok(LandingPad::Never)
}

/// What the first filter of the action record `action` (from 1) makes of `pad`: a type, null for any,
/// is caught; none is a clean-up; a list of what may pass is that of code which lets nothing pass.
fn at_pad(pad: usize, actions: &[u8], action: usize) -> Result<LandingPad, TableError> {
    let record = actions.get(action - 1..).ok_or(TableError::Damaged)?;
    // A small signed number: 1 to 63 in one byte, or more to come and a sign in the last one.
    let mut filter = Cursor(record);
    match filter.byte()? {
        0x80.. => Err(TableError::Unsupported),
        0 => Ok(LandingPad::CleanUp(pad)),
        0x40.. => Ok(LandingPad::Terminate(pad)),
        _ => Ok(LandingPad::Catch(pad)),
    }
}

fn number(at: &mut Cursor<'_>, encoding: u8) -> Result<usize, TableError> {
    match encoding {
        ULEB128 | UDATA4 => at.plain(encoding),
        _ => Err(TableError::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use super::landing_pad;
    use crate::tables::{LandingPad, TableError};

    /// Five call sites: caught by anything at 0..16, cleaned up after at 16..32, neither at 32..48, and,
    /// behind a gap, at 64..80 nothing may pass, at 80..96 cleaned up after, by an action that says so.
    const DATA: [u8; 33] = [
        0xff, 0x9b, 32, 0x01, 20, 0, 16, 100, 1, 16, 16, 120, 0, 32, 16, 0, 0, 64, 16, 90, 3, 80,
        16, 91, 5, 1, 0, 0x7f, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn a_catch_is_told_from_a_clean_up_and_from_what_may_not_pass() {
        for (offset, pad) in [
            (0, LandingPad::Catch(100)),
            (15, LandingPad::Catch(100)),
            (16, LandingPad::CleanUp(120)),
            (40, LandingPad::None),
            (48, LandingPad::Never),
            (63, LandingPad::Never),
            (64, LandingPad::Terminate(90)),
            (80, LandingPad::CleanUp(91)),
            (96, LandingPad::Never),
        ] {
            assert_eq!(landing_pad(&DATA, offset), Ok(pad), "at {offset}");
        }
    }

    #[test]
    fn what_ends_too_early_is_damaged() {
        for length in 0..25 {
            let pad = landing_pad(&DATA[..length], 40);
            assert_eq!(pad, Err(TableError::Damaged));
        }
        assert_eq!(landing_pad(&DATA[..25], 4), Err(TableError::Damaged));
        assert_eq!(landing_pad(&[0x00], 0), Err(TableError::Unsupported));
    }
}
