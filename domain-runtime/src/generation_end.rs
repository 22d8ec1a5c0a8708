//! How one generation ended, also after its slot has gone to another generation.

use crate::call::Target;
use crate::exit_reason::End;
use crate::exits::Shared;

/// The end of a generation, looked up before it has ended: known also after its slot has gone to another.
pub(crate) struct Ending {
    target: Target,
    exits: Option<Shared>,
}

impl Ending {
    /// Prepares for the end of the generation of `target`, if it still has its slot.
    pub(crate) fn of(target: Target) -> Self {
        let exits = target.block().exits();
        Self { target, exits }
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn end(&self) -> Option<End> {
        let (block, generation) = (self.target.block(), self.target.expected().generation());
        // Read also if the name's ends are asked below: this waits for an end that is being reported.
        let end = block.end(generation);
        match &self.exits {
            Some(exits) => exits.end_of(block.owner().index(), generation),
            // It has no name.
            None => end,
        }
    }
}
