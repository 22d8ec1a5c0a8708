//! The owner of each frame of memory. The code consists of index arithmetic over one table only, so that it can be
//! proved.
#![deny(clippy::arithmetic_side_effects)]

/// Marks a frame that is free.
const FREE: u32 = u32::MAX;

/// Marks a reserved frame, which is not given out.
const RESERVED: u32 = u32::MAX - 1;

/// Some of the frames did not belong to the owner. Nothing was freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotOwned;

/// A table with the owner of each frame.
pub(crate) struct FrameTable<'a> {
    owners: &'a mut [u32],
    free: usize,
    /// No frame below this index is free.
    first_free: usize,
}

impl<'a> FrameTable<'a> {
    /// Makes a table in `owners`. Every frame is reserved at first.
    pub(crate) fn new(owners: &'a mut [u32]) -> Self {
        owners.fill(RESERVED);
        let first_free = owners.len();
        Self {
            owners,
            free: 0,
            first_free,
        }
    }

    /// Returns the number of free frames.
    pub(crate) fn free_frames(&self) -> usize {
        self.free
    }

    /// Frees those of the frames from `start` up to `end` that are reserved.
    pub(crate) fn release(&mut self, start: usize, end: usize) {
        let end = end.min(self.owners.len());
        let mut index = start;
        while index < end {
            if self.owners[index] == RESERVED {
                self.owners[index] = FREE;
                self.free = self.free.strict_add(1);
                if index < self.first_free {
                    self.first_free = index;
                }
            }
            index = index.strict_add(1);
        }
    }

    /// Reserves those of the frames from `start` up to `end` that are free.
    pub(crate) fn reserve(&mut self, start: usize, end: usize) {
        let end = end.min(self.owners.len());
        let mut index = start;
        while index < end {
            if self.owners[index] == FREE {
                self.owners[index] = RESERVED;
                self.free = self.free.strict_sub(1);
            }
            index = index.strict_add(1);
        }
    }

    /// Gives `owner` the lowest run of `count` free frames that starts at a multiple of `align`, a power of two.
    /// Returns the index of its first frame.
    pub(crate) fn allocate(&mut self, count: usize, align: usize, owner: u32) -> Option<usize> {
        if count == 0 || count > self.free || owner >= RESERVED || !align.is_power_of_two() {
            return None;
        }
        while self.first_free < self.owners.len() && self.owners[self.first_free] != FREE {
            self.first_free = self.first_free.strict_add(1);
        }
        let mut start = align_up(self.first_free, align)?;
        loop {
            let end = start.checked_add(count)?;
            if end > self.owners.len() {
                return None;
            }
            // Finds the last frame of the candidate run that is not free. A free run can begin only behind it, so the
            // search goes on there.
            let mut index = end;
            while index > start && self.owners[index.strict_sub(1)] == FREE {
                index = index.strict_sub(1);
            }
            if index == start {
                self.owners[start..end].fill(owner);
                self.free = self.free.strict_sub(count);
                return Some(start);
            }
            start = align_up(index, align)?;
        }
    }

    /// Frees `count` frames from `start` on, all of which must belong to `owner`.
    pub(crate) fn free(&mut self, start: usize, count: usize, owner: u32) -> Result<(), NotOwned> {
        let end = start.checked_add(count).ok_or(NotOwned)?;
        if owner >= RESERVED || end > self.owners.len() {
            return Err(NotOwned);
        }
        let mut index = start;
        while index < end {
            if self.owners[index] != owner {
                return Err(NotOwned);
            }
            index = index.strict_add(1);
        }
        self.owners[start..end].fill(FREE);
        self.free = self.free.strict_add(count);
        if start < self.first_free {
            self.first_free = start;
        }
        Ok(())
    }
}

/// Returns the lowest multiple of `align`, a power of two, that is not below `index`.
fn align_up(index: usize, align: usize) -> Option<usize> {
    let mask = align.checked_sub(1)?;
    Some(index.checked_add(mask)? & !mask)
}
