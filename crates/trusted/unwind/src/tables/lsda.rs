//! The language-specific data of a function, which says how the function handles an exception that a callee raises
//! (Itanium C++ ABI, "Exception Handling Tables"). Only the forms that rustc and clang write are supported.

use super::reader::{Cursor, OMIT};
use super::{LandingPad, TableError};

/// The supported encodings of the numbers of call sites.
const ULEB128: u8 = 0x01;
const UDATA4: u8 = 0x03;

/// Returns what the function does with an exception that the call at `offset` raises. `offset` and the addresses in the
/// result are counted from the function's start.
pub(super) fn landing_pad(data: &[u8], offset: usize) -> Result<LandingPad, TableError> {
    let mut at = Cursor(data);
    // With `OMIT`, landing pads are counted from the function's start. These compilers write nothing else.
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
    // The call sites are sorted by address.
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

/// Returns the kind of the landing pad `pad`, by the first filter of the action record `action` (counted from 1). A
/// positive filter names a type to catch, and 0 is a clean-up. A negative one names a list of types that may pass;
/// only code that lets nothing pass has such a filter.
fn at_pad(pad: usize, actions: &[u8], action: usize) -> Result<LandingPad, TableError> {
    let record = actions.get(action - 1..).ok_or(TableError::Damaged)?;
    // A signed LEB128 number. Only numbers of one byte are supported, in which 0x40 is the sign.
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

    /// Five call sites: at 0..16 a catch of any type, at 16..32 a clean-up, and at 32..48 nothing. After a gap, at
    /// 64..80 a call from which nothing may pass, and at 80..96 a clean-up by an explicit action.
    const DATA: [u8; 33] = [
        0xff, 0x9b, 32, 0x01, 20, 0, 16, 100, 1, 16, 16, 120, 0, 32, 16, 0, 0, 64, 16, 90, 3, 80,
        16, 91, 5, 1, 0, 0x7f, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn call_sites_map_to_their_landing_pads() {
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
    fn a_truncated_table_is_damaged() {
        for length in 0..25 {
            let pad = landing_pad(&DATA[..length], 40);
            assert_eq!(pad, Err(TableError::Damaged));
        }
        assert_eq!(landing_pad(&DATA[..25], 4), Err(TableError::Damaged));
        assert_eq!(landing_pad(&[0x00], 0), Err(TableError::Unsupported));
    }
}
