//! The unwind tables of an image are untrusted: mutated ones give errors or other frames, never a panic, a
//! hang or a read outside of them.
#![cfg(all(feature = "contained", target_arch = "x86_64", target_os = "linux"))]

use samara_testkit::contained::program_image;
use samara_testkit::hosted::Rng;
use samara_unwind::tables::{Finder, Image, TableError};
use std::time::{Duration, Instant};

/// Mutated tables that are asked.
const MUTATIONS: usize = if cfg!(debug_assertions) {
    20_000
} else {
    100_000
};

/// A copy of an image's tables, which may be changed. Its code is as far from the copy as the image's is
/// from its tables, so that relative pointers stay right.
struct Copy {
    bytes: Box<[u8]>,
    header: usize,
    frames: usize,
    code: std::ops::Range<usize>,
}

impl Copy {
    fn of(image: &Image<'_>) -> Self {
        let start = image.except_table.as_ptr().addr();
        let bytes: Box<[u8]> = image.except_table.into();
        let moved = bytes.as_ptr().addr().wrapping_sub(start);
        Self {
            header: image.eh_frame_hdr.as_ptr().addr() - start,
            frames: image.eh_frame.as_ptr().addr() - start,
            code: image.code.start.wrapping_add(moved)..image.code.end.wrapping_add(moved),
            bytes,
        }
    }

    fn start(&self) -> usize {
        self.bytes.as_ptr().addr()
    }

    fn offset(&self, at: usize) -> isize {
        let word = self.bytes[at..at + 4].try_into().expect("four bytes");
        i32::from_le_bytes(word) as isize
    }

    fn word(&self, at: usize) -> usize {
        self.offset(at) as u32 as usize
    }

    fn image(&self) -> Image<'_> {
        Image {
            code: self.code.clone(),
            eh_frame_hdr: &self.bytes[self.header..],
            eh_frame: &self.bytes[self.frames..],
            except_table: &self.bytes,
        }
    }
}

#[test]
fn whole_tables_answer_everywhere_in_the_code() {
    let copy = Copy::of(program_image());
    let image = copy.image();
    let mut found = 0;
    let mut asked = 0;
    for pc in image.code.clone().step_by(97) {
        asked += 1;
        match image.rules(pc) {
            Ok(_) => found += 1,
            Err(error) => assert!(
                matches!(error, TableError::NoEntry | TableError::Unsupported),
                "{error} at {pc:#x}"
            ),
        }
        assert_ne!(image.catches(pc), Err(TableError::Damaged), "{pc:#x}");
    }
    // What is between functions, and the linker's stubs, has none.
    assert!(found * 10 > asked * 9, "{found} of {asked}");
    assert_eq!(image.rules(image.code.end).err(), Some(TableError::NoEntry));
}

#[test]
fn mutated_tables_are_errors_and_nothing_worse() {
    let mut copy = Copy::of(program_image());
    let mut rng = Rng::new(0x7ab1e5);
    let mut slowest = Duration::ZERO;
    let mut damaged = 0;
    for _ in 0..MUTATIONS {
        // A function, and what is said of it: in the header, in its entry, in what entries share.
        let pair = copy.header + 12 + 8 * rng.below(copy.word(copy.header + 8));
        let function = copy.start() + copy.header;
        let function = function.wrapping_add_signed(copy.offset(pair));
        let entry = copy.header.wrapping_add_signed(copy.offset(pair + 4));
        let from = match rng.below(8) {
            0 => copy.header,
            1 => pair,
            2 | 3 => entry + 4 - copy.word(entry + 4),
            4 => rng.below(copy.bytes.len()),
            _ => entry,
        };
        let reach = 1 << rng.below(7);
        let mut saved = Vec::new();
        for _ in 0..1 + rng.below(8) {
            let at = (from + rng.below(reach)).min(copy.bytes.len() - 1);
            saved.push((at, copy.bytes[at]));
            copy.bytes[at] = match rng.below(4) {
                0 => 0xff,
                1 => 0,
                2 => copy.bytes[at] ^ 1 << rng.below(8),
                _ => rng.below(256) as u8,
            };
        }
        let image = copy.image();
        for _ in 0..4 {
            let pc = function.wrapping_add(rng.below(64));
            let start = Instant::now();
            let rules = image.rules(pc);
            damaged += usize::from(rules.err() == Some(TableError::Damaged));
            let _ = image.catches(pc);
            slowest = slowest.max(start.elapsed());
        }
        for (at, byte) in saved.into_iter().rev() {
            copy.bytes[at] = byte;
        }
    }
    assert!(damaged > MUTATIONS / 50, "{damaged} look-ups met damage");
    assert!(
        slowest < Duration::from_secs(1),
        "a look-up took {slowest:?}"
    );
}
