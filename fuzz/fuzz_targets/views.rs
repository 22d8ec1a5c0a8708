//! Slices and values that are made from foreign bytes: what goes in comes out, and nothing is left.
//!
//! `cargo +nightly fuzz run views`
#![no_main]

use libfuzzer_sys::fuzz_target;
use samara_host_std as _;
use samara_rref::RRef;
use samara_shared_heap::heap;

/// Lengths from bytes: also such as overflow.
fn length(bytes: [u8; 8], shift: u8) -> usize {
    usize::from_le_bytes(bytes) >> (shift % 64)
}

fuzz_target!(|input: &[u8]| {
    let before = heap::census_all();
    let Some((head, bytes)) = input.split_first_chunk::<10>() else {
        return;
    };
    let [kind, shift, rest @ ..] = *head;
    let len = length(rest, shift);
    let copy = RRef::<[u8]>::try_from_slice(bytes);
    assert_eq!(copy.as_deref(), Ok(bytes));
    // Small enough for the machine, or an error.
    let tame = len <= 1 << 20 || len >= 1 << 50;
    match kind % 4 {
        0 if tame => {
            if let Ok(zeroes) = RRef::<[u64]>::new_zeroed_slice(len) {
                assert!(zeroes.len() == len && zeroes.iter().all(|word| *word == 0));
            }
        }
        1 if tame => {
            if let Ok(empty) = RRef::<[()]>::try_from_fn(len % 4096, |_| ()) {
                assert_eq!(empty.len(), len % 4096);
            }
        }
        2 => {
            let made = RRef::<[RRef<u8>]>::try_from_fn(bytes.len(), |at| RRef::new(bytes[at]));
            let made = made.expect("there is room");
            assert!(made.iter().map(|inner| **inner).eq(bytes.iter().copied()));
        }
        _ => {
            let words = bytes.as_chunks::<16>().0;
            let aligned: RRef<[u128]> =
                RRef::try_from_fn(words.len(), |at| u128::from_le_bytes(words[at]))
                    .expect("there is room");
            assert!(aligned.as_ptr().is_aligned());
            assert!(aligned.iter().zip(words).all(|(a, b)| a.to_le_bytes() == *b));
        }
    }
    drop(copy);
    assert_eq!(heap::census_all(), before);
});
