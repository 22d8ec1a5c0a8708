//! Drives all four functions of a global allocator.

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
    /// The block's size when it was last written.
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
        // SAFETY: the block was allocated with this layout, and this is the only reference to it. The engine checks
        // only bytes that it has written or that the allocator must have zeroed.
        unsafe { slice::from_raw_parts_mut(self.at, self.layout.size()) }
    }

    /// Whether the block still has the contents that were last written. If it has become shorter, only the rest is
    /// checked.
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

/// Drives `allocator` for `steps` steps of the stream of `seed`. `held` returns how many bytes the allocator has
/// committed, which may be more than are used.
///
/// [`GlobalAlloc::realloc`] is also called with sizes that no layout may have. The allocator must promise to refuse
/// them.
///
/// # Errors
/// The first violation of the model.
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

    /// Whether the engine requests this size and alignment at all.
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
            // SAFETY: a layout of no bytes is used only with an allocator that refuses it (`Limits::empty`).
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
            return Err("memory from `alloc_zeroed` is not zero");
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
        // SAFETY: the block is live and has this layout. The allocator refuses a size that is 0 or that no layout has.
        let at = unsafe { self.allocator.realloc(block.at, block.layout, size) };
        if at.is_null() {
            if !block.is_intact() {
                return Err("a refused `realloc` has changed the block");
            }
            self.blocks[place] = Some(block);
            return self.refused(size, align);
        }
        let Ok(layout) = Layout::from_size_align(size, align) else {
            return Err("a size that no layout may have is granted");
        };
        block = Block {
            at,
            layout,
            ..block
        };
        self.granted(&block)?;
        if !block.is_intact() {
            return Err("`realloc` has changed the block's contents");
        }
        (block.written, block.tag) = (size, tag);
        live::fill(block.memory(), tag);
        self.blocks[place] = Some(block);
        Ok(())
    }

    fn free(&mut self, mut block: Block) -> Result<(), &'static str> {
        if !block.is_intact() {
            return Err("a block has changed since it was written");
        }
        // SAFETY: the block is live and has this layout, and it's not used after this.
        unsafe { self.allocator.dealloc(block.at, block.layout) };
        Ok(())
    }

    fn granted(&mut self, block: &Block) -> Result<(), &'static str> {
        self.tally.granted += 1;
        let (size, align) = (block.layout.size(), block.layout.align());
        if size == 0 || self.is_beyond(size, align) {
            return Err("a request is granted that is empty or larger than any heap");
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
        // While so few bytes are in use, the heap has a gap of at least this size.
        let little = self.limits.quota / 32;
        if size > 0 && size.saturating_add(align) <= little && used <= little {
            return Err("a small request is refused although the heap is almost empty");
        }
        Ok(())
    }

    /// Frees all blocks. When everything is freed, a third of the quota must be available again in one block.
    fn end(&mut self) -> Result<(), &'static str> {
        for place in 0..PLACES {
            if let Some(block) = self.blocks[place].take() {
                self.free(block)?;
            }
        }
        let third = (self.limits.quota / 3).min(self.limits.skip_above / 3);
        let Ok(layout) = Layout::from_size_align(third, 8) else {
            return Err("a third of the quota is too large for a layout: set a smaller quota");
        };
        // SAFETY: the size is not zero.
        let at = unsafe { self.allocator.alloc(layout) };
        if at.is_null() {
            return Err("a third of the quota is not available after all blocks were freed");
        }
        // SAFETY: the block was allocated just now with this layout.
        unsafe { self.allocator.dealloc(at, layout) };
        Ok(())
    }
}
