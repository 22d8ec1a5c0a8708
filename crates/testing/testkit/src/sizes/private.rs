//! A global allocator: all four of its functions.

use super::live::{self, Places, Range};
use super::{Broken, Limits, PLACES, Tally, numbers};
use crate::rng::Rng;
use core::alloc::{GlobalAlloc, Layout};
use core::slice;

/// A live allocation.
#[derive(Clone, Copy)]
struct Block {
    at: *mut u8,
    layout: Layout,
    /// How long it was when it was last written.
    written: usize,
    tag: u64,
}

impl Block {
    fn range(&self) -> Range {
        Range {
            start: self.at.addr(),
            bytes: self.layout.size(),
        }
    }

    fn memory(&mut self) -> &mut [u8] {
        // SAFETY: allocated with this layout; written, or zeroed, before it is looked at where it counts.
        unsafe { slice::from_raw_parts_mut(self.at, self.layout.size()) }
    }

    /// Whether it is as it was written, as far as it has been since.
    fn is_intact(&mut self) -> bool {
        let (written, tag) = (self.written, self.tag);
        live::holds(self.memory(), written, tag)
    }
}

struct Private<'a, A> {
    allocator: &'a A,
    limits: Limits,
    held: &'a dyn Fn() -> usize,
    blocks: Places<Block>,
    tally: Tally,
}

/// Drives `allocator` for `steps` steps of the stream of `seed`. `held` tells how many bytes there are from it,
/// committed, not only used. Sizes that no layout may have are asked for too, of
/// [`GlobalAlloc::realloc`]: the allocator says that it refuses them.
///
/// # Errors
/// What does not hold.
pub fn private<A: GlobalAlloc>(
    allocator: &A,
    limits: Limits,
    held: &dyn Fn() -> usize,
    seed: u64,
    steps: u64,
) -> Result<Tally, Broken> {
    let mut rng = Rng::new(seed);
    let mut run = Private {
        allocator,
        limits,
        held,
        blocks: [None; PLACES],
        tally: Tally::default(),
    };
    let broken = |step, what| Broken { seed, step, what };
    for step in 0..steps {
        run.step(&mut rng, step)
            .map_err(|what| broken(step, what))?;
    }
    run.end().map_err(|what| broken(steps, what))?;
    Ok(run.tally)
}

impl<A: GlobalAlloc> Private<'_, A> {
    fn step(&mut self, rng: &mut Rng, tag: u64) -> Result<(), &'static str> {
        let place = rng.below(PLACES);
        match (self.blocks[place].take(), rng.below(4)) {
            (None, way) => self.alloc(rng, place, tag, way == 0)?,
            (Some(block), 0) => self.free(block)?,
            (Some(block), _) => self.resize(rng, place, block, tag)?,
        }
        if (self.held)() > self.limits.quota {
            return Err("more is held than the quota allows");
        }
        Ok(())
    }

    /// Whether to ask for this at all.
    fn is_asked(&self, size: usize, align: usize) -> bool {
        let room = size.saturating_add(align);
        (size > 0 || self.limits.empty)
            && (room <= self.limits.skip_above || self.is_beyond(size, align))
    }

    fn is_beyond(&self, size: usize, align: usize) -> bool {
        size.saturating_add(align) > self.limits.bound
    }

    fn alloc(
        &mut self,
        rng: &mut Rng,
        place: usize,
        tag: u64,
        zeroed: bool,
    ) -> Result<(), &'static str> {
        let (size, align) = (numbers::size(rng, None, 64), numbers::align(rng));
        let Ok(layout) = Layout::from_size_align(size, align) else {
            return Ok(());
        };
        if !self.is_asked(size, align) {
            return Ok(());
        }
        let at = if zeroed {
            // SAFETY: a size of nothing is asked of an allocator that refuses it.
            unsafe { self.allocator.alloc_zeroed(layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.allocator.alloc(layout) }
        };
        if at.is_null() {
            return self.refused(size, align);
        }
        let mut block = Block {
            at,
            layout,
            written: size,
            tag,
        };
        self.granted(&block)?;
        if zeroed && !live::is_zeroed(block.memory()) {
            return Err("zeroed memory that is not");
        }
        live::fill(block.memory(), tag);
        self.blocks[place] = Some(block);
        Ok(())
    }

    fn resize(
        &mut self,
        rng: &mut Rng,
        place: usize,
        mut block: Block,
        tag: u64,
    ) -> Result<(), &'static str> {
        let (old, align) = (block.layout.size(), block.layout.align());
        let size = numbers::size(rng, Some(block.at.addr()), old);
        if !self.is_asked(size, align) {
            self.blocks[place] = Some(block);
            return Ok(());
        }
        // SAFETY: a live block with its layout; a size of nothing, or that no layout has, is refused.
        let at = unsafe { self.allocator.realloc(block.at, block.layout, size) };
        if at.is_null() {
            if !block.is_intact() {
                return Err("what was not resized is changed");
            }
            self.blocks[place] = Some(block);
            return self.refused(size, align);
        }
        let Ok(layout) = Layout::from_size_align(size, align) else {
            return Err("a size that no layout has is granted");
        };
        block = Block {
            at,
            layout,
            ..block
        };
        self.granted(&block)?;
        if !block.is_intact() {
            return Err("what was resized is changed");
        }
        (block.written, block.tag) = (size, tag);
        live::fill(block.memory(), tag);
        self.blocks[place] = Some(block);
        Ok(())
    }

    fn free(&mut self, mut block: Block) -> Result<(), &'static str> {
        if !block.is_intact() {
            return Err("what lay untouched is changed");
        }
        // SAFETY: a live block with its layout, given up.
        unsafe { self.allocator.dealloc(block.at, block.layout) };
        Ok(())
    }

    fn granted(&mut self, block: &Block) -> Result<(), &'static str> {
        self.tally.granted += 1;
        let (size, align) = (block.layout.size(), block.layout.align());
        if size == 0 || self.is_beyond(size, align) {
            return Err("more is granted than there can be");
        }
        let others = self.blocks.iter().flatten().map(Block::range);
        live::fits(block.range(), align, others)
    }

    fn refused(&mut self, size: usize, align: usize) -> Result<(), &'static str> {
        self.tally.refused += 1;
        self.tally.beyond += u32::from(self.is_beyond(size, align));
        let used: usize = self
            .blocks
            .iter()
            .flatten()
            .map(|block| block.layout.size().saturating_add(block.layout.align()))
            .sum();
        // With few blocks about, the largest gap is no less than that.
        let little = self.limits.quota / 32;
        if size > 0 && size.saturating_add(align) <= little && used <= little {
            return Err("little is refused");
        }
        Ok(())
    }

    /// All goes back, and there is as much room as at first.
    fn end(&mut self) -> Result<(), &'static str> {
        for place in 0..PLACES {
            if let Some(block) = self.blocks[place].take() {
                self.free(block)?;
            }
        }
        let third = (self.limits.quota / 3).min(self.limits.skip_above / 3);
        let Ok(layout) = Layout::from_size_align(third, 8) else {
            return Err("a third of the quota is no size");
        };
        // SAFETY: the size is not zero.
        let at = unsafe { self.allocator.alloc(layout) };
        if at.is_null() {
            return Err("room is lost");
        }
        // SAFETY: allocated just now.
        unsafe { self.allocator.dealloc(at, layout) };
        Ok(())
    }
}
