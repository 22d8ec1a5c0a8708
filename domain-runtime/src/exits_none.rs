//! Without an allocator no name has several generations, so nothing asks how those ended.

use crate::exit_reason::End;
use core::time::Duration;

/// A slot's reference to the ends of its name: there is none.
#[derive(Clone, Debug)]
pub(crate) enum Shared {}

impl Shared {
    pub(crate) fn push(&self, _: usize, _: u32, _: Duration, _: &End) {
        match *self {}
    }
}

/// Never called: there is no name.
pub(crate) fn name_of(exits: &Shared) -> usize {
    match *exits {}
}
