//@ rules: implied-bound
//@ says: dyn Sub
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#152607, with a lifetime.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
pub trait Super { type Assoc; }
pub trait Sub: Super<Assoc: 'static> {}
fn boxed<T: Sub + ?Sized>(value: T::Assoc) -> Box<dyn Display> where T::Assoc: Display { Box::new(value) }
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> { boxed::<dyn Sub<Assoc = &'a str>>(text) }
