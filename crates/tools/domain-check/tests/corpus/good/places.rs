//! Indexes and guards that only read, and impls of bounds that bind lifetimes.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};
use core::marker::PhantomData;

pub struct Table {
    rows: Vec<[u8; 4]>,
    mask: usize,
}

impl Table {
    pub fn get(&mut self, at: usize, column: u8) -> Option<u8> {
        self.rows[at & self.mask][usize::from(column) % 4] += 1;
        let last = self.rows[self.rows.len() - 1];
        match self.rows[at][1..] {
            [first, ..] if first == last[usize::from(first).min(3)] => Some(first),
            _ => None,
        }
    }
}

/// Maps each item.
pub struct Mapped<I, F, R>(I, F, PhantomData<R>);

impl<I: Iterator<Item = T>, T, R, F: FnMut(T) -> R> Iterator for Mapped<I, F, R> {
    type Item = R;
    fn next(&mut self) -> Option<R> {
        self.0.next().map(&mut self.1)
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mask)
    }
}
