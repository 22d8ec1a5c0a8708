//! How one generation ended, also when its slot is another's already.

use crate::call::Target;
use crate::exit_reason::End;
use crate::exits::Shared;

/// How a generation ends, asked for before it has: told also when its slot is another's already.
pub(crate) struct Ending {
    target: Target,
    exits: Option<Shared>,
}

impl Ending {
    /// Of the generation of `target`, if it is there still.
    pub(crate) fn of(target: Target) -> Self {
        let exits = target.block().exits();
        Self { target, exits }
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn end(&self) -> Option<End> {
        let (block, generation) = (self.target.block(), self.target.expected().generation());
        // Also where the name's ends are asked: one that is being told is waited for.
        let end = block.end(generation);
        match &self.exits {
            Some(exits) => exits.end_of(block.owner().index(), generation),
            // It has no name.
            None => end,
        }
    }
}
