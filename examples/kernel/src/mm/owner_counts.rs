//! Counts the frames of each owner in a small table, so that a query need not walk the table of all frames.
#![deny(clippy::arithmetic_side_effects)]

/// The number of owners that can have memory at the same time.
const CAPACITY: usize = 256;

#[derive(Clone, Copy)]
struct Entry {
    owner: u32,
    frames: usize,
}

/// The counts. An entry without frames is free for another owner.
pub(crate) struct OwnerCounts([Entry; CAPACITY]);

impl OwnerCounts {
    pub(crate) const fn new() -> Self {
        Self(
            [Entry {
                owner: 0,
                frames: 0,
            }; CAPACITY],
        )
    }

    /// Returns the number of frames that `owner` has.
    pub(crate) fn get(&self, owner: u32) -> usize {
        self.find(owner).map_or(0, |index| self.0[index].frames)
    }

    /// Whether [`add`](Self::add) would find room.
    pub(crate) fn has_room(&self, owner: u32) -> bool {
        self.find(owner).or_else(|| self.find_empty()).is_some()
    }

    /// Adds `frames` to the count of `owner`. Returns false and counts nothing if there are too many owners.
    pub(crate) fn add(&mut self, owner: u32, frames: usize) -> bool {
        let Some(index) = self.find(owner).or_else(|| self.find_empty()) else {
            return false;
        };
        let frames = self.0[index].frames.saturating_add(frames);
        self.0[index] = Entry { owner, frames };
        true
    }

    /// Subtracts `frames` from the count of `owner`.
    pub(crate) fn subtract(&mut self, owner: u32, frames: usize) {
        if let Some(index) = self.find(owner) {
            self.0[index].frames = self.0[index].frames.saturating_sub(frames);
        }
    }

    fn find(&self, owner: u32) -> Option<usize> {
        self.0
            .iter()
            .position(|entry| entry.frames != 0 && entry.owner == owner)
    }

    fn find_empty(&self) -> Option<usize> {
        self.0.iter().position(|entry| entry.frames == 0)
    }
}
