//! No names over several generations, so nobody asks how those ended.

use crate::exit_reason::End;
use core::time::Duration;

/// What a slot keeps of where its end is told: there is nowhere.
#[derive(Clone, Debug)]
pub(crate) enum Shared {}

impl Shared {
    pub(crate) fn push(&self, _: usize, _: u32, _: Duration, _: &End) {
        match *self {}
    }
}

/// There is no name.
pub(crate) fn name_of(exits: &Shared) -> usize {
    match *exits {}
}
