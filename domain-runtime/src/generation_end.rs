//! How one generation ended, also after its slot has gone to another generation.

use crate::call::Target;
use crate::exit_reason::End;
use crate::exits::Shared;

/// Access to the way in which a generation has ended. It is prepared before that end. It also works after the slot
/// has gone to another generation.
pub(crate) struct Ending {
    target: Target,
    exits: Option<Shared>,
}

impl Ending {
    /// Prepares for the end of the generation of `target`, which must still have its slot.
    pub(crate) fn of(target: Target) -> Self {
        let exits = target.block().exits();
        Self { target, exits }
    }

    /// How the generation ended; `None` while it runs.
    pub(crate) fn end(&self) -> Option<End> {
        let (block, generation) = (self.target.block(), self.target.expected().generation());
        // This read is needed even if the name's ends are asked below, because it waits for a thread that is
        // reporting the end now.
        let end = block.end(generation);
        match &self.exits {
            Some(exits) => exits.end_of(block.owner().index(), generation),
            // The generation belongs to no service.
            None => end,
        }
    }
}
