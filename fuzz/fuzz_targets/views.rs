//! Makes slices, values and typed views of the fuzzer's bytes. A view is either refused, or has the same bytes and is
//! valid for its type. In both cases nothing is left on the heap.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run views`
#![no_main]

use libfuzzer_sys::fuzz_target;
use samara_host_std as _;
use samara_rref::{Exchangeable, RRef};
use samara_shared_heap::heap;
use zerocopy::{Immutable, IntoBytes, KnownLayout, TryFromBytes};

/// Converts the bytes to a `T`, to a slice of `T`, and back.
fn view<T>(bytes: &[u8], check: impl Fn(&T))
where
    T: Exchangeable + TryFromBytes + IntoBytes + KnownLayout + Immutable,
{
    let back = match RRef::try_into_value::<T>(RRef::from_slice(bytes)) {
        Ok(value) => {
            check(&value);
            RRef::into_value_bytes(value)
        }
        Err((_, bytes)) => bytes,
    };
    assert_eq!(&*back, bytes);
    let back = match RRef::try_into_slice::<T>(back) {
        Ok(slice) => {
            slice.iter().for_each(check);
            RRef::try_into_bytes(slice)
                .unwrap_or_else(|_| RRef::from_slice(&[]))
        }
        Err((_, bytes)) => bytes,
    };
    assert_eq!(&*back, bytes);
}

/// Makes a length from bytes. It may be so large that sizes overflow.
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
    // Whether the length is safe to allocate: small enough for the machine's memory, or so large that the allocation
    // fails.
    let tame = len <= 1 << 20 || len >= 1 << 50;
    match kind % 8 {
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
        3 => view::<u64>(bytes, |_| ()),
        4 => view::<bool>(bytes, |value| assert!(u8::from(*value) < 2)),
        5 => view::<char>(bytes, |value| assert!(char::from_u32(u32::from(*value)).is_some())),
        6 => view::<[u128; 2]>(bytes, |_| ()),
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
