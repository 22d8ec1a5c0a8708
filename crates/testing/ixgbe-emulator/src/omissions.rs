//! Counts steps that the hardware asks for and that software has left out.

use crate::registers::bits::{
    HLREG0_CRC_STRIP, RDRXCTL_CRC_STRIP, RDRXCTL_FCOE_WRITE_FIX, RDRXCTL_RSC_ACK,
    RDRXCTL_RSC_FIRST_SIZE,
};
use crate::registers::{RegisterFile, offset as at};

/// How often software has left out a step that the hardware asks for. A real device may or may not work without such
/// a step. The emulator counts the omission and works anyway, unless an injected fault says otherwise.
///
/// The section numbers are those of the 82599's datasheet, as TinyNF (MIT) quotes it beside its code. *Clarification*
/// and *erratum* refer to the 82599's specification update, revision 3.1.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Omissions {
    /// RXCTRL.RXEN was set while the security engine's receive path was not halted (section 4.6.7.1, last
    /// step). Frames that arrive then can hang receive DMA (`ixgbe_enable_rx_dma_82599` of Intel's BSD-licensed
    /// driver).
    pub rx_enabled_unhalted: u64,
    /// RXCTRL.RXEN was set with RDRXCTL.RSCACKC clear (section 8.2.3.8.8: "should set this bit").
    pub rsc_ack_unset: u64,
    /// RXCTRL.RXEN was set with RDRXCTL.FCOE_WRFIX clear (section 8.2.3.8.8).
    pub fcoe_write_fix_unset: u64,
    /// RXCTRL.RXEN was set with RDRXCTL.RSCFRSTSIZE not zero, as after a reset (section 4.6.7).
    pub rsc_first_size_left: u64,
    /// RXCTRL.RXEN was set while RDRXCTL and HLREG0 disagreed on CRC stripping (section 4.6.7).
    pub crc_strip_disagrees: u64,
    /// A tail was written while its queue was not yet enabled, and the value differed from the head ("should not be
    /// bumped", sections 4.6.7.1 and 4.6.8.1). Drivers may write a tail that equals the head before they enable the
    /// queue. This gives the device no descriptor and is not counted.
    pub tail_before_enable: u64,
    /// A register was accessed within a millisecond of a reset (section 8.2.3.1.1).
    pub access_after_reset: u64,
    /// The device was reset while requests were pending, without the flush of the PCIe buffers that clarification 9
    /// asks for.
    pub reset_unflushed: u64,
}

impl Omissions {
    /// Counts the steps that software has left out when it enables receive. `halted` says whether the security
    /// engine's receive path is halted.
    pub(crate) fn receive_enabled(&mut self, file: &RegisterFile, halted: bool) {
        let control = file.get(at::RDRXCTL);
        let count = |counter: &mut u64, left_out: bool| *counter += u64::from(left_out);
        count(&mut self.rx_enabled_unhalted, !halted);
        count(&mut self.rsc_ack_unset, control & RDRXCTL_RSC_ACK == 0);
        let fix = control & RDRXCTL_FCOE_WRITE_FIX;
        count(&mut self.fcoe_write_fix_unset, fix == 0);
        let size = control & RDRXCTL_RSC_FIRST_SIZE;
        count(&mut self.rsc_first_size_left, size != 0);
        let strips = control & RDRXCTL_CRC_STRIP != 0;
        let disagrees = strips != file.has(at::HLREG0, HLREG0_CRC_STRIP);
        count(&mut self.crc_strip_disagrees, disagrees);
    }
}
