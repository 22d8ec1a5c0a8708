//@ rules: unsafe-code
//@ says: a later argument of a function while a value before it may be borrowed in two phases
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#160598: a function's argument is reborrowed in two phases, like a method's receiver.
pub enum Word { Number(usize), Reference(&'static u64) }
static SEEN: u64 = 7;
fn put(place: &mut Word, word: Word) -> &mut Word { *place = word; place }
#[inline(never)]
pub fn peek(address: usize) -> u64 {
    let mut word = Word::Number(0);
    let place = &mut word;
    let mut writer: Option<&mut Word> = None;
    'round: {
        writer = Some(put(place, match address {
            0 => break 'round,
            _ => Word::Reference(&SEEN),
        }));
    }
    let reader = &*place;
    let Word::Reference(found) = reader else { return 0 };
    if let Some(writer) = writer { *writer = Word::Number(address); }
    **found
}
