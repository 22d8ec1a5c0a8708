//! Deterministic pseudo-random bytes addressed by position.
//!
//! The kernel writes these bytes to the disk, or serves them over HTTP, and `cargo xtask` predicts the contents of
//! the image or of the response. A byte depends on the seed and on its absolute offset only. So the result is the
//! same in whatever order and pieces regions are written, even if some are written more than once.
//!
//! The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014) used in counter mode: word `i` is the mix of a key and `i`.
#![no_std]
#![forbid(unsafe_code)]

/// Bytes in one generated word.
const WORD: u64 = 8;

/// The increment of SplitMix64: 2^64 divided by the golden ratio, made odd.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of SplitMix64: a bijection under which neighbouring inputs look unrelated.
#[must_use]
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Returns the 64-bit word that covers bytes `8 * index .. 8 * index + 8` of the stream of `seed`.
///
/// The function can also serve as a source of repeatable random numbers, one for each index.
#[must_use]
pub const fn word(seed: u64, index: u64) -> u64 {
    // The seed is mixed first: streams of neighbouring seeds must not be shifts of one another.
    // `seed + GAMMA` keeps seed 0 away from the fixed point of `mix`.
    let key = mix(seed.wrapping_add(GAMMA));
    mix(key.wrapping_add(index.wrapping_mul(GAMMA)))
}

/// Fills `buffer` with the bytes at `offset ..` of the stream of `seed`.
///
/// `offset` is in bytes and need not be aligned; words are little-endian on every machine. Offsets
/// past `u64::MAX` wrap to 0.
pub fn fill(seed: u64, offset: u64, buffer: &mut [u8]) {
    let mut index = offset / WORD;
    let mut skip = (offset % WORD) as usize;
    let mut rest = buffer;
    while !rest.is_empty() {
        let bytes = word(seed, index).to_le_bytes();
        let count = rest.len().min(bytes.len() - skip);
        let (head, tail) = rest.split_at_mut(count);
        head.copy_from_slice(&bytes[skip..skip + count]);
        rest = tail;
        // After the last word that an offset can name, the stream begins again with the first word.
        index = (index + 1) & (u64::MAX / WORD);
        skip = 0;
    }
}

/// Compares `data` with the bytes at `offset ..` of the stream of `seed`.
///
/// Returns the index within `data` of the first byte that differs from what [`fill`] writes, or `None` if no byte
/// differs.
#[must_use]
pub fn first_mismatch(seed: u64, offset: u64, data: &[u8]) -> Option<usize> {
    let mut expected = [0; 256];
    let mut start = 0;
    for piece in data.chunks(expected.len()) {
        let expected = &mut expected[..piece.len()];
        fill(seed, offset.wrapping_add(start as u64), expected);
        if piece != expected {
            let within = piece
                .iter()
                .zip(expected)
                .position(|(have, want)| have != want);
            return within.map(|at| start + at);
        }
        start += piece.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{fill, first_mismatch, word};

    /// The stream is a contract between binaries that are built at different times: these bytes never change.
    #[test]
    fn the_stream_is_fixed() {
        let mut bytes = [0; 16];
        fill(42, 0, &mut bytes);
        assert_eq!(bytes[..8], word(42, 0).to_le_bytes());
        assert_eq!(bytes[8..], word(42, 1).to_le_bytes());
        assert_eq!(word(0, 0), 0x4821_8226_FF3C_D4BF);
        assert_eq!(word(42, 7), 0x3202_8F50_341E_BD74);
    }

    #[test]
    fn any_split_of_a_region_gives_the_same_bytes() {
        let mut whole = [0; 64];
        fill(7, 1000, &mut whole);
        for cut in 0..=whole.len() {
            let mut pieces = [0; 64];
            let (left, right) = pieces.split_at_mut(cut);
            fill(7, 1000, left);
            fill(7, 1000 + cut as u64, right);
            assert_eq!(pieces, whole, "split at {cut}");
        }
    }

    #[test]
    fn unaligned_offsets_are_windows_of_the_stream() {
        let mut stream = [0; 40];
        fill(3, 0, &mut stream);
        for offset in 0..24 {
            let mut window = [0; 11];
            fill(3, offset, &mut window);
            let at = offset as usize;
            assert_eq!(window, stream[at..at + 11]);
        }
    }

    #[test]
    fn seeds_give_unrelated_streams() {
        let mut first = [0; 512];
        let mut second = [0; 512];
        fill(0, 0, &mut first);
        fill(1, 0, &mut second);
        let equal = first.iter().zip(&second).filter(|(a, b)| a == b).count();
        assert!(equal < 16, "{equal} of 512 bytes agree");
        assert!(first.iter().any(|&byte| byte != 0));
    }

    #[test]
    fn a_changed_byte_is_found_wherever_it_is() {
        let mut data = [0; 700];
        fill(9, 12_345, &mut data);
        assert_eq!(first_mismatch(9, 12_345, &data), None);
        for at in [0, 1, 255, 256, 511, 699] {
            let mut changed = data;
            changed[at] ^= 0x10;
            assert_eq!(first_mismatch(9, 12_345, &changed), Some(at));
        }
        assert_eq!(first_mismatch(9, 0, &[]), None);
    }

    #[test]
    fn the_end_of_the_offset_range_wraps() {
        let mut bytes = [0; 16];
        fill(5, u64::MAX - 7, &mut bytes);
        assert_eq!(bytes[8..], word(5, 0).to_le_bytes());
    }
}
