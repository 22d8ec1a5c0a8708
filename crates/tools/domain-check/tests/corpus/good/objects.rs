//! Objects of traits that bound their parameters.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Named { fn name(&self) -> &str; }
pub trait Handles<T: Clone, F>: Named where F: Fn(&T) -> bool { fn handle(&self, it: T) -> bool; }
pub struct Filter<F>(pub F);
impl<F> Named for Filter<F> { fn name(&self) -> &str { "filter" } }
impl<T: Clone, F: Fn(&T) -> bool> Handles<T, F> for Filter<F> { fn handle(&self, it: T) -> bool { (self.0)(&it) } }
pub fn object<F: Fn(&u8) -> bool + 'static>(by: F) -> Box<dyn Handles<u8, F>> { Box::new(Filter(by)) }
