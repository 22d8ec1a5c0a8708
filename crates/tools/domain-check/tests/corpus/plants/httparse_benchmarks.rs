//@ rules: unsafe-code
//@ says: httparse
//@ manifest: [dependencies]
//@ manifest: httparse = { version = "1.10", default-features = false }
#![no_std]
#![forbid(unsafe_code)]
//! An item that httparse shows only to its benchmarks makes a `str` of unchecked bytes. The `str` yields a `char`
//! with an invalid value, and this value reads as another variant of an enum.
use core::hint::black_box;
use httparse::_benchable::{Bytes, parse_method};
pub enum Either { Number(char, u32, usize), Other, At(&'static u64) }
pub fn peek(address: usize) -> u64 {
    let mut bytes = Bytes::new(black_box(b"\xf4\x90\x80\x81G "));
    while bytes.pos() < 4 { bytes.next(); }
    let Ok(httparse::Status::Complete(text)) = parse_method(&mut bytes) else { return 0 };
    let Some(letter) = black_box(text).chars().next() else { return 0 };
    match black_box(Either::Number(letter, 0, address)) {
        Either::At(at) => *at,
        _ => 1,
    }
}
