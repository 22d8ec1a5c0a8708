//@ rules: unsafe-code
//@ says: `collect` makes a `VecDeque`
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#162452: a `VecDeque` that is collected from a vector's exhausted iterator begins behind its buffer,
//! and the first value that is taken out of it is the memory there.
extern crate alloc;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
type Words = [Option<&'static u64>; 8];
static SEEN: u64 = 7;
pub fn peek(address: usize) -> u64 {
    let mut around: Vec<Box<[usize; 32]>> = Vec::with_capacity(64);
    for _ in 0..32 { around.push(Box::new([address; 32])); }
    let all: Vec<Words> = vec![[Some(&SEEN); 8]; 4];
    for _ in 0..32 { around.push(Box::new([address; 32])); }
    let mut all = all.into_iter();
    all.by_ref().for_each(drop);
    let mut words: VecDeque<Words> = all.collect();
    words.push_back([Some(&SEEN); 8]);
    let first = words.pop_front();
    drop(around);
    first.and_then(|words| words[5]).map_or(0, |word| *word)
}
