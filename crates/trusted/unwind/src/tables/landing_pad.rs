//! What a frame does with an exception that a call in it raises.

/// What a frame does with an exception that its active call raises. The addresses are those of code in the function of
/// that frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandingPad {
    /// The frame does nothing: the exception continues to the caller.
    None,
    /// The landing pad at this address runs destructors, and then lets the exception continue.
    CleanUp(usize),
    /// The landing pad at this address catches the exception.
    Catch(usize),
    /// The landing pad at this address reports that the code must not unwind.
    Terminate(usize),
    /// The table has no entry for the call, because the compiler assumed that it raises nothing. The exception cannot
    /// continue.
    Never,
}

impl LandingPad {
    /// Returns the address of the landing pad, if there is one.
    pub(crate) const fn address(self) -> Option<usize> {
        match self {
            Self::CleanUp(pad) | Self::Catch(pad) | Self::Terminate(pad) => Some(pad),
            Self::None | Self::Never => None,
        }
    }

    /// Packs the kind and the distance from `pc` into one word, which is never 0. Returns `None` if the distance is too
    /// large.
    pub(super) fn pack(self, pc: usize) -> Option<u64> {
        let kind = match self {
            Self::None => 1,
            Self::CleanUp(_) => 2,
            Self::Catch(_) => 3,
            Self::Terminate(_) => 4,
            Self::Never => 5,
        };
        let distance = self
            .address()
            .map_or(0, |pad| pad.wrapping_sub(pc) as isize);
        let distance = i32::try_from(distance).ok()?;
        Some(kind << 32 | u64::from(distance as u32))
    }

    /// Unpacks a word from [`pack`](Self::pack). Returns `None` for 0.
    #[inline]
    pub(super) fn unpack(word: u64, pc: usize) -> Option<Self> {
        let pad = pc.wrapping_add_signed(word as u32 as i32 as isize);
        Some(match word >> 32 {
            1 => Self::None,
            2 => Self::CleanUp(pad),
            3 => Self::Catch(pad),
            4 => Self::Terminate(pad),
            5 => Self::Never,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::LandingPad;

    #[test]
    fn a_packed_pad_unpacks_to_itself() {
        let pc = 0xffff_ffff_8020_0010;
        let (before, behind) = (pc - 0x7fff, pc + 0x7f_ffff);
        for pad in [
            LandingPad::None,
            LandingPad::CleanUp(before),
            LandingPad::Catch(behind),
            LandingPad::Terminate(pc),
            LandingPad::Never,
        ] {
            let word = pad.pack(pc).expect("near enough");
            assert_eq!(LandingPad::unpack(word, pc), Some(pad));
        }
        assert_eq!(LandingPad::unpack(0, pc), None);
        assert_eq!(LandingPad::Catch(pc / 2).pack(pc), None);
    }
}
