//@ rules: unsafe-code
//@ says: a later argument of a function while a value before it may be borrowed in two phases
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#160598: a tuple struct's constructor is a function, and borrows its arguments like any function.
pub enum Word { Number(usize), Reference(&'static u64) }
pub struct Writer<'a>(&'a mut Word, u8);
static SEEN: u64 = 7;
#[inline(never)]
pub fn peek(address: usize) -> u64 {
    let mut word = Word::Reference(&SEEN);
    let place = &mut word;
    let mut writer: Option<Writer<'_>> = None;
    'round: {
        writer = Some(Writer(place, if address == 0 { break 'round } else { 1 }));
    }
    let reader = &*place;
    let Word::Reference(found) = reader else { return 0 };
    if let Some(writer) = writer { *writer.0 = Word::Number(address); }
    **found
}
