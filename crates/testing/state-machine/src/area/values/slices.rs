//! `RRef<[T]>`, `RRef<str>`, arrays, and views of bytes as other types and back.

use crate::surface::call;
use samara_domain::{Exchangeable, RRef, ViewError};
use samara_testkit::hosted::Rng;

fn made<T, E>(made: Result<T, E>) -> T {
    made.unwrap_or_else(|_| panic!("a small slice was refused"))
}

fn bytes(rng: &mut Rng) -> Vec<u8> {
    let len = rng.below(70);
    // About half of the slices are ASCII text.
    let most = 128 << rng.below(2);
    (0..len).map(|_| rng.below(most) as u8).collect()
}

pub(super) fn play(rng: &mut Rng) {
    let known = bytes(rng);
    let slice = match rng.below(4) {
        0 => made(call!(RRef::<[u8]>::try_from_slice, &known)),
        1 => call!(RRef::<[u8]>::from_slice, &known),
        2 => call!(<RRef<[u8]> as From<&[u8]>>::from, &known),
        _ => made(call!(RRef::<[u8]>::try_from_fn, known.len(), |at| known[at])),
    };
    assert_eq!(*slice, known[..]);
    match rng.below(5) {
        0 => text(slice, &known),
        1 => view::<u32>(slice, &known),
        2 => view::<bool>(slice, &known),
        3 => view::<[u64; 2]>(slice, &known),
        _ => slices_of_words(slice, &known),
    }
    arrays(rng.below(1 << 20) as u64);
    zeroed(rng);
    empty();
}

fn text(slice: RRef<[u8]>, known: &[u8]) {
    match call!(RRef::<str>::from_utf8, slice) {
        Ok(text) => {
            assert_eq!(Ok(&*text), str::from_utf8(known));
            assert_eq!(*call!(RRef::<str>::into_bytes, text), *known);
        }
        Err((error, bytes)) => {
            assert_eq!(Err(error), str::from_utf8(known));
            assert_eq!(*bytes, *known);
        }
    }
    let ascii: String = known.iter().map(|byte| char::from(byte & 127)).collect();
    let copies = [
        made(call!(RRef::<str>::try_new_str, &ascii)),
        call!(RRef::<str>::new_str, &ascii),
        call!(<RRef<str> as From<&str>>::from, &ascii),
    ];
    assert!(copies.iter().all(|copy| **copy == *ascii));
}

/// Views bytes as a value, if they are valid for its type, and converts the value back to bytes.
fn view<T>(slice: RRef<[u8]>, known: &[u8])
where
    T: Exchangeable + zerocopy::TryFromBytes + zerocopy::KnownLayout + zerocopy::Immutable,
    T: zerocopy::IntoBytes,
{
    check_view::<T>(slice, known);
    // Does the same with bytes of the right size.
    let mut known = known.to_vec();
    known.resize(size_of::<T>(), 1);
    check_view::<T>(RRef::from_slice(&known), &known);
}

fn check_view<T>(slice: RRef<[u8]>, known: &[u8])
where
    T: Exchangeable + zerocopy::TryFromBytes + zerocopy::KnownLayout + zerocopy::Immutable,
    T: zerocopy::IntoBytes,
{
    let valid = T::try_read_from_bytes(known).is_ok();
    match call!(RRef::<[u8]>::try_into_value::<T>, slice) {
        Ok(value) => {
            assert!(valid, "invalid bytes became a value");
            assert!((&raw const *value).addr().is_multiple_of(align_of::<T>()));
            let bytes = call!(RRef::<T>::into_value_bytes, value);
            assert_eq!(*bytes, *known);
        }
        Err((error, bytes)) => {
            assert_eq!(*bytes, *known);
            assert_eq!(error == ViewError::Size, known.len() != size_of::<T>());
        }
    }
}

fn slices_of_words(slice: RRef<[u8]>, known: &[u8]) {
    match call!(RRef::<[u8]>::try_into_slice::<u32>, slice) {
        Ok(words) => {
            assert_eq!(words.len() * 4, known.len());
            assert!(words.as_ptr().addr().is_multiple_of(4));
            let bytes = call!(RRef::<[u32]>::try_into_bytes, words);
            assert_eq!(*made(bytes), *known);
        }
        Err((error, bytes)) => {
            assert_eq!(*bytes, *known);
            let misfit = !known.len().is_multiple_of(4);
            assert_eq!(error == ViewError::Size, misfit);
        }
    }
}

fn arrays(value: u64) {
    let array = call!(RRef::<[u64; 5]>::try_array_from_fn, |at| value + at as u64);
    let slice = call!(RRef::<[u64; 5]>::into_slice, made(array));
    assert_eq!(*slice, [value, value + 1, value + 2, value + 3, value + 4]);
    let slice = match call!(RRef::<[u64]>::try_into_array::<4>, slice) {
        Ok(_) => panic!("a slice became an array of another length"),
        Err(slice) => slice,
    };
    let array = RRef::<[u64]>::try_into_array::<5>(slice);
    assert_eq!(array.map(|array| array[4]).ok(), Some(value + 4));
}

/// A zeroed slice does not show the old bytes of its slot.
fn zeroed(rng: &mut Rng) {
    let len = rng.below(300);
    drop(RRef::<[u64]>::try_from_fn(len, |_| u64::MAX));
    let zeroed = made(call!(RRef::<[u64]>::new_zeroed_slice, len));
    assert!(zeroed.len() == len && zeroed.iter().all(|word| *word == 0));
}

/// Converts empty slices between element types of different alignment. Each must be freed to the place from which it
/// was allocated.
fn empty() {
    let nothing = made(RRef::<[u64]>::new_zeroed_slice(0));
    match RRef::<[u64]>::try_into_bytes(nothing) {
        Ok(bytes) => assert!(bytes.is_empty()),
        Err(words) => assert!(words.is_empty()),
    }
    let nothing = made(RRef::<[u8]>::new_zeroed_slice(0));
    drop(RRef::<[u8]>::try_into_value::<[u64; 0]>(nothing));
}
