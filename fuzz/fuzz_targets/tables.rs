//! Makes unwind tables and the words of a stack from the fuzzer's bytes. Walks and cuts the stack by these tables.
//! This may give errors or wrong frames, but no panic, no hang, and no read outside the tables and the stack.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run tables`
#![no_main]

use libfuzzer_sys::fuzz_target;
use samara_unwind::Backtrace;
use samara_unwind::cut::{Cut, Raise, Registers, cut, raise};
use samara_unwind::tables::{Finder, Image, LandingPad, Rules, TableError};

/// The bytes of the header: version, encodings, the place of `.eh_frame`, the number of entries, and a single entry,
/// which covers all addresses.
const HEADER: usize = 12 + 8;
/// The number of words of the stack.
const WORDS: usize = 64;

/// An image that answers for every address as if it belonged to its only function.
struct Everywhere<'a> {
    image: Image<'a>,
    pc: usize,
}

impl Finder for Everywhere<'_> {
    fn rules(&self, pc: usize) -> Result<Rules, TableError> {
        self.image.rules(self.pc.wrapping_add(pc % 64))
    }
    fn landing_pad(&self, pc: usize) -> Result<LandingPad, TableError> {
        self.image.landing_pad(self.pc.wrapping_add(pc % 64))
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((head, tables)) = input.split_first_chunk::<8>() else {
        return;
    };
    let [entry, delta, stack_at, base_at, scale, record_at, ..] = *head;
    // The tables are moved to a boxed slice, which has no spare capacity. So a read behind the last byte is out of
    // bounds.
    let mut bytes = vec![1, 0x1b, 0x03, 0x3b];
    bytes.extend(8_i32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(i32::MIN.to_le_bytes());
    bytes.extend((HEADER as i32 + i32::from(entry)).to_le_bytes());
    bytes.extend(tables);
    let bytes = bytes.into_boxed_slice();
    let at = HEADER + usize::from(entry);
    // The start of the entry's function, computed from its field as a linker writes it.
    let begins = bytes.get(at + 8..at + 12).map_or(0, |word| {
        let offset = i32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        bytes[at + 8..].as_ptr().addr().wrapping_add_signed(offset as isize)
    });
    let finder = Everywhere {
        image: Image {
            code: 0..usize::MAX,
            eh_frame_hdr: &bytes,
            eh_frame: &bytes[HEADER..],
            except_table: &bytes,
        },
        pc: begins.wrapping_add(delta.into()),
    };
    let _ = finder.rules(0);
    if let Ok(LandingPad::CleanUp(pad) | LandingPad::Catch(pad) | LandingPad::Terminate(pad)) =
        finder.landing_pad(0)
    {
        let function = finder.image.function(finder.pc).expect("it has a landing pad");
        assert!(function.contains(&pad), "the landing pad lies in another function");
    }
    let mut stack = vec![0_u64; WORDS].into_boxed_slice();
    let range = stack.as_ptr_range();
    let range = range.start.expose_provenance()..range.end.addr();
    let inside = |at: u8| range.start as u64 + 8 * u64::from(at % 80);
    for (word, byte) in stack.iter_mut().zip(tables.iter().rev()) {
        // The words are either addresses inside the stack, or other numbers, which the walk takes for addresses of
        // code.
        *word = if scale % 2 == 0 { inside(*byte) } else { u64::from(*byte) << (scale % 48) };
    }
    let registers = Registers {
        rsp: inside(stack_at),
        rbp: inside(base_at),
        rip: u64::from(delta),
        ..Registers::default()
    };
    // SAFETY: the range is the stack that was made above, and nothing writes to it meanwhile.
    let frames = unsafe { Backtrace::new(&registers, range.clone(), &finder) };
    // Each frame is further up the stack than the frame before, by at least one byte.
    assert!(frames.count() <= 8 * WORDS + 2);
    let mut landing = registers;
    let request = Cut {
        record: (inside(record_at) as usize) as *const (),
        stack: range,
        finder: &finder,
        raise: Raise::new(raise),
    };
    // SAFETY: the stack is as above, and the registers are never loaded.
    if unsafe { cut(&mut landing, &request) }.is_err() {
        assert_eq!(landing, registers);
    }
});
