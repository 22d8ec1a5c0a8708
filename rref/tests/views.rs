//! Typed views of bytes, text and arrays: the object stays the same, and a failure returns it.

use samara_host_std as _;
use samara_rref::{RRef, ViewError};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, TryFromBytes};

#[derive(
    samara_rref::Exchangeable,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Clone,
    Copy,
    Debug,
    PartialEq,
)]
#[repr(C)]
struct Header {
    lba: u64,
    count: u32,
    flags: u32,
}

#[derive(
    samara_rref::Exchangeable, FromBytes, KnownLayout, Immutable, Clone, Copy, Debug, PartialEq,
)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Has an alignment of more than a page. Bytes of the same size need not be aligned in this way.
#[derive(samara_rref::Exchangeable, FromBytes, KnownLayout, Immutable)]
#[repr(C, align(65536))]
struct Huge([u8; 65536]);

#[derive(
    samara_rref::Exchangeable, TryFromBytes, IntoBytes, KnownLayout, Immutable, Debug, PartialEq,
)]
#[repr(u8)]
enum Command {
    Read = 1,
    Write = 2,
}

fn bytes(len: usize) -> RRef<[u8]> {
    RRef::<[u8]>::try_from_fn(len, |at| at as u8).unwrap()
}

#[test]
fn a_value_and_back_is_the_same_object() {
    let buffer = bytes(16);
    let at = (&raw const *buffer).addr();
    let mut header: RRef<Header> = RRef::try_into_value(buffer).unwrap();
    assert_eq!((&raw const *header).addr(), at);
    assert_eq!(header.lba.to_le_bytes(), [0, 1, 2, 3, 4, 5, 6, 7]);
    header.flags = 0;
    let back = RRef::into_value_bytes(header);
    assert_eq!((back.len(), (&raw const *back).addr()), (16, at));
    assert_eq!(back[8..], [8, 9, 10, 11, 0, 0, 0, 0]);
}

#[test]
fn a_wrong_size_gives_the_bytes_back() {
    for len in [0, 15, 17] {
        let (error, back) = RRef::try_into_value::<Header>(bytes(len)).unwrap_err();
        assert_eq!((error, back.len()), (ViewError::Size, len));
    }
    let (error, back) = RRef::try_into_slice::<Header>(bytes(33)).unwrap_err();
    assert_eq!((error, back.len()), (ViewError::Size, 33));
}

/// Invariant: EXPORT-19
#[test]
fn alignment_is_that_of_the_place() {
    let line: RRef<Line> = RRef::try_into_value(bytes(64)).unwrap();
    assert_eq!(line.0[63], 63);
    let lines: RRef<[Line]> = RRef::try_into_slice(bytes(192)).unwrap();
    assert_eq!(lines[2].0[0], 128);
    // An empty slice of lines is allocated with another alignment than an empty slice of bytes.
    let (error, _) = RRef::try_into_slice::<Line>(bytes(0)).unwrap_err();
    assert_eq!(error, ViewError::Alignment);
    // A large object is aligned to a page, and to more only by chance. In either case it is freed correctly.
    for _ in 0..32 {
        match RRef::try_into_value::<Huge>(bytes(65536)) {
            Ok(huge) => assert_eq!((&raw const *huge).addr() % 65536, 0),
            Err((error, back)) => assert_eq!((error, back.len()), (ViewError::Alignment, 65536)),
        }
    }
}

/// Invariant: EXPORT-19
#[test]
fn an_invalid_pattern_gives_the_bytes_back() {
    let write = RRef::from_slice(&[2u8]);
    assert_eq!(
        *RRef::try_into_value::<Command>(write).unwrap(),
        Command::Write
    );
    let (error, back) = RRef::try_into_value::<Command>(RRef::from_slice(&[3u8])).unwrap_err();
    assert_eq!((error, back[0]), (ViewError::Invalid, 3));
    let three = RRef::from_slice(&[1u8, 2, 0]);
    let (error, back) = RRef::try_into_slice::<Command>(three).unwrap_err();
    assert_eq!((error, back.len()), (ViewError::Invalid, 3));
    let two = RRef::try_into_slice::<Command>(RRef::from_slice(&[1u8, 2])).unwrap();
    assert_eq!(*two, [Command::Read, Command::Write]);
}

#[test]
fn slices_and_arrays_convert_in_place() {
    let words: RRef<[u32]> = RRef::try_into_slice(bytes(12)).unwrap();
    assert_eq!(u32::from_le(words[2]), 0x0B0A_0908);
    let words: RRef<[u32; 3]> = RRef::try_into_array(words).unwrap();
    let words = RRef::try_into_array::<4>(RRef::into_slice(words)).unwrap_err();
    assert_eq!(RRef::try_into_bytes(words).unwrap()[11], 11);
}

#[test]
fn text_is_checked_once() {
    let text = RRef::new_str("süß");
    assert_eq!((&*text, text.len()), ("süß", 5));
    let mut raw = RRef::into_bytes(text);
    assert_eq!(raw.len(), 5);
    raw[1] = 0xFF;
    let (error, mut raw) = RRef::from_utf8(raw).unwrap_err();
    assert_eq!(error.valid_up_to(), 1);
    raw[1..].copy_from_slice(b"uss!");
    let text = RRef::from_utf8(raw).unwrap();
    assert_eq!(format!("{text} {text:?}"), "suss! \"suss!\"");
    assert_eq!(RRef::<str>::from("").len(), 0);
}
