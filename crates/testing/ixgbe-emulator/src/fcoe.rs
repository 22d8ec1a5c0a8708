//! FCoE contexts. A context says where the device puts the payload of an FCoE frame, which bypasses the rings
//! (section 7.13).
//!
//! Besides the rings, contexts are a second way by which the device writes to host memory. Firmware that booted from
//! FCoE may leave a valid context. Offsets and bits were checked against the register header of Intel's BSD-licensed
//! driver, as DPDK carries it (`ixgbe_type.h`). The indirect access, the conditions for the use of a context and its
//! fields were checked against the X550's datasheet (333369-009, sections 4.6.9 and 7.11.3.3), whose registers are
//! the same. The X550 has 2048 contexts; the 82599 has 512, which the 9 bits of FCOESEL choose. Section numbers of
//! the 82599's own datasheet were not checked.

use alloc::vec::Vec;

use crate::registers::bits::{
    FCBUFF_VALID, FCDMARW_READ, FCDMARW_SELECT, FCDMARW_WRITE, FCFLT_VALID, FCFLTRW_REVALIDATE,
};
use crate::registers::{RegisterFile, offset as at};

/// Contexts of the 82599.
pub(crate) const CONTEXTS: u32 = 512;

/// One context, as its registers hold it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Context {
    /// FCPTRL and FCPTRH: the address of the list of buffer addresses.
    pub(crate) list: u64,
    /// FCBUFF: the valid bit, the size of each buffer, the number of buffers left, and the offset in the first of
    /// them.
    pub(crate) buffers: u32,
    /// FCDMARW: the size of the last buffer in bytes.
    pub(crate) last: u16,
    /// FCFLT: the valid bit, and whether the first frame was received.
    pub(crate) filter: u32,
    /// FCPARAM: the expected offset. The emulator stores it and never compares it.
    pub(crate) parameter: u32,
}

impl Context {
    /// Whether both halves of the context are valid. Only then does the device use the context.
    pub(crate) fn is_valid(&self) -> bool {
        self.buffers & FCBUFF_VALID != 0 && self.filter & FCFLT_VALID != 0
    }
}

/// Counts of the payload that FCoE contexts have placed outside the rings.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Placements {
    /// FCoE frames whose payload went to a context's buffers, and not to a ring.
    pub frames: u64,
    /// Bytes of payload that were written.
    pub bytes: u64,
}

/// All contexts.
#[derive(Clone, Debug)]
pub(crate) struct Contexts(Vec<Context>);

impl Contexts {
    pub(crate) fn new() -> Self {
        Contexts(alloc::vec![Context::default(); CONTEXTS as usize])
    }

    /// Returns the context that the low bits of `index` choose.
    pub(crate) fn at(&mut self, index: u32) -> &mut Context {
        // In bounds: the vector has `CONTEXTS` elements.
        &mut self.0[(index % CONTEXTS) as usize]
    }

    /// Handles a write to FCDMARW: moves the DMA half of a context to or from FCPTRL, FCPTRH and FCBUFF. The
    /// datasheet does not say whether the command bits read back. In the emulator they read as zero.
    pub(crate) fn move_dma(&mut self, file: &mut RegisterFile, command: u32) {
        let index = command & FCDMARW_SELECT;
        let context = self.at(index);
        if command & FCDMARW_WRITE != 0 {
            context.list = u64::from(file.get(at::FCPTRH)) << 32 | u64::from(file.get(at::FCPTRL));
            context.buffers = file.get(at::FCBUFF);
            context.last = (command >> 16) as u16;
        } else if command & FCDMARW_READ != 0 {
            file.set(at::FCPTRL, context.list as u32);
            file.set(at::FCPTRH, (context.list >> 32) as u32);
            file.set(at::FCBUFF, context.buffers);
        }
        let last = u32::from(context.last) << 16;
        file.set(at::FCDMARW, last | index);
    }

    /// Handles a write to FCFLTRW: moves the filter half of a context to or from FCFLT and FCPARAM.
    pub(crate) fn move_filter(&mut self, file: &mut RegisterFile, command: u32) {
        let index = command & FCDMARW_SELECT;
        let context = self.at(index);
        if command & FCDMARW_WRITE != 0 {
            if command & FCFLTRW_REVALIDATE != 0 {
                context.filter |= FCFLT_VALID;
            } else {
                context.filter = file.get(at::FCFLT);
                context.parameter = file.get(at::FCPARAM);
            }
        } else if command & FCDMARW_READ != 0 {
            file.set(at::FCFLT, context.filter);
            file.set(at::FCPARAM, context.parameter);
        }
        file.set(at::FCFLTRW, index);
    }
}
