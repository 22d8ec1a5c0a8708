//! Borrows as domains use them, and bounds that are written down.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::{self, Display};

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Parser<'a> {
    text: &'a str,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str) -> Self {
        Parser { text }
    }

    pub fn peek(&self) -> &str {
        self.text
    }

    pub fn rest(&mut self, skip: usize) -> Option<&'a str> {
        self.text.get(skip..)
    }

    pub fn words(self) -> impl Iterator<Item = &'a str> {
        self.text.split(' ')
    }
}

impl<'a> From<&'a str> for Parser<'a> {
    fn from(text: &'a str) -> Self {
        Parser::new(text)
    }
}

impl PartialEq<&str> for Parser<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

#[derive(Clone, Debug, Default)]
pub struct Bag<T> {
    all: Vec<T>,
}

#[derive(Clone, Debug)]
pub struct Iter<'a, T> {
    rest: &'a [T],
}

impl<T> Bag<T> {
    pub fn push(&mut self, value: T) -> &mut T {
        self.all.push(value);
        self.all.last_mut().expect("just pushed")
    }

    pub fn iter(&self) -> Iter<'_, T> {
        Iter { rest: &self.all }
    }

    pub fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<&T> {
        self.all.iter().find(|value| wanted(value))
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<Self::Item> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }
}

impl<'a, T> IntoIterator for &'a Bag<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

pub fn longest<'a>(all: &[&'a str]) -> Option<&'a str> {
    all.iter().copied().max_by_key(|word| word.len())
}

pub fn declared<'a, 'b: 'a, T: Display + 'a>(_: &'a &'b (), text: &'b str, value: T) -> (&'a str, Box<dyn Display + 'a>) {
    (text, Box::new(value))
}

pub struct Shown<'a>(pub &'a dyn Fn(&mut fmt::Formatter<'_>) -> fmt::Result);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}
