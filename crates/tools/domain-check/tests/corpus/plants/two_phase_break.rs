//@ rules: unsafe-code
//@ says: two phases
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#160598: if a `break` can bypass the activation of a two-phase mutable borrow, the compiler forgets
//! that the borrow is active. A number is read as a reference, while both borrows live.
pub enum Word { Number(usize), Reference(&'static u64) }
static SEEN: u64 = 7;
#[inline(never)]
pub fn peek(address: usize) -> u64 {
    let mut place: Option<Word> = None;
    let mut writer: Option<&mut Word> = None;
    'round: {
        writer = Some(place.insert(match address {
            0 => break 'round,
            _ => Word::Reference(&SEEN),
        }));
    }
    let reader = &place;
    let Some(Word::Reference(found)) = reader else { return 0 };
    if let Some(writer) = writer { *writer = Word::Number(address); }
    **found
}
