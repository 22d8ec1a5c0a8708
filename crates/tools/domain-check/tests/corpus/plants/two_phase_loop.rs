//@ rules: unsafe-code
//@ says: two phases
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#160598: as two_phase_break, without a label, by a loop that is left at once.
pub enum Word { Number(usize), Reference(&'static u64) }
static SEEN: u64 = 7;
#[inline(never)]
pub fn peek(address: usize) -> u64 {
    let mut place: Option<Word> = None;
    let mut writer: Option<&mut Word> = None;
    loop {
        writer = Some(place.insert(match address { 0 => break, _ => Word::Reference(&SEEN) }));
        break;
    }
    let reader = &place;
    let Some(Word::Reference(found)) = reader else { return 0 };
    if let Some(writer) = writer { *writer = Word::Number(address); }
    **found
}
