//@ rules: unsafe-code
//@ says: split_off
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#158165: a comparison that panics in `split_off` leaves a map that is longer than its tree. If a
//! destructor takes values out of both ends of the map during the unwinding, it gets the same values twice.
extern crate alloc;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::cmp::Ordering;
#[derive(PartialEq, Eq)]
pub struct Key(u8);
impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> { Some(self.cmp(other)) }
}
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        if (self.0, other.0) == (6, 0) { panic!("in the midst of it") }
        self.0.cmp(&other.0)
    }
}
pub enum Word { Number(usize), Reference(&'static u64) }
static SEEN: u64 = 7;
struct Twice<'a>(BTreeMap<Key, Box<Word>>, usize, &'a mut dyn FnMut(u64));
impl Drop for Twice<'_> {
    fn drop(&mut self) {
        let mut all = core::mem::take(&mut self.0).into_iter();
        let mut writer = None;
        for _ in 0..6 {
            let last = writer.replace(all.next_back());
            core::mem::forget(last);
        }
        let reader = all.next();
        core::mem::forget(all);
        if let (Some(Some((_, mut writer))), Some((_, reader))) = (writer, reader) {
            if let Word::Reference(word) = &*reader {
                *writer = Word::Number(self.1);
                (self.2)(**word);
            }
            core::mem::forget((writer, reader));
        }
    }
}
pub fn peek(address: usize, told: &mut dyn FnMut(u64)) {
    let mut twice = Twice(BTreeMap::new(), address, told);
    for key in (6..12).chain(0..6) {
        twice.0.insert(Key(key), Box::new(Word::Reference(&SEEN)));
    }
    drop(twice.0.split_off(&Key(6)));
}
