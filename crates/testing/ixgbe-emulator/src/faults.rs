//! Faults that a test injects.

use core::num::NonZeroU32;

/// How the device writes descriptors back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum WriteBack {
    /// At the end of a step, the device writes the descriptors that the step has completed.
    #[default]
    Prompt,
    /// The device writes each descriptor this many steps later than it should.
    Delayed(NonZeroU32),
    /// At the end of a step, the device writes the completed descriptors in reverse order.
    Reordered,
    /// The device writes each descriptor with some bits inverted. The first mask selects these bits in the first
    /// eight bytes of the descriptor, the second mask in the last eight bytes.
    Corrupted([u64; 2]),
    /// The device never writes a descriptor back.
    Lost,
}

/// The faults of the device. By default it has none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    /// How descriptors are written back.
    pub write_back: WriteBack,
    /// The cable is unplugged, even if [`Link::is_up`](crate::Link::is_up) reports a carrier.
    pub link_down: bool,
    /// Every n-th DMA access fails, the first one after n - 1 good ones.
    pub dma_error_every: Option<NonZeroU32>,
    /// The device is gone from the bus: reads give ones, writes have no effect, and there is no DMA.
    pub removed: bool,
    /// Before every n-th packet the device writes back one receive descriptor that has DD set and a length of 0.
    pub rx_empty_every: Option<NonZeroU32>,
    /// The empty descriptors that `rx_empty_every` causes have EOP set, too.
    pub rx_empty_ends: bool,
    /// Enabling receive hangs receive DMA until the next reset, unless the security engine's receive path is halted.
    /// On real hardware this happens if frames arrive at that moment (`ixgbe_enable_rx_dma_82599` of Intel's
    /// BSD-licensed driver).
    pub rx_enable_hangs: bool,
    /// The security engine's receive path cannot be halted, and SECRXSTAT never reports it as halted. Drivers poll 40
    /// times, every 10 us, and then go on (`IXGBE_MAX_SECRX_POLL` of the same driver).
    pub security_busy: bool,
    /// After CTRL.MASTER_DISABLE, STATUS keeps saying that requests are pending. A reset then leaves the device without
    /// DMA until a second reset, more than 1 us later (specification update 3.1, clarification 9; datasheet section
    /// 5.2.5.3.2).
    pub master_stuck: bool,
    /// Nanoseconds that a reset takes. Meanwhile CTRL.RST reads as set and RDRXCTL.DMAIDONE as clear.
    pub reset_time: u64,
    /// Nanoseconds that reading the EEPROM takes after a reset. Meanwhile EEC.AUTO_RD reads as clear (datasheet
    /// section 4.6.3). With `u64::MAX` the reading never ends.
    pub eeprom_time: u64,
    /// Nanoseconds from a write that changes RXDCTL.ENABLE or TXDCTL.ENABLE until the change takes effect. Until then
    /// the queue keeps its old state, and the register keeps its old value (datasheet sections 4.6.7.1.2 and
    /// 4.6.8.1).
    pub queue_time: u64,
    /// EIAC does not clear a cause that software has set by EICS. The vector of such a cause sends no message until
    /// software clears the cause in EICR (erratum 1).
    pub cause_sticks: bool,
    /// Every n-th interrupt message is lost. A driver can recover from such a loss: for example, FreeBSD's driver
    /// sets the causes of all queues from a timer.
    pub message_lost_every: Option<NonZeroU32>,
    /// The first read of LINKS after each change of the link gives the earlier state. For this reason drivers read
    /// LINKS twice (`ixgbe_check_mac_link_generic` of Intel's BSD-licensed driver).
    pub links_stale: bool,
    /// Every other read of LINKS shows a link although there is no carrier. This is cross-talk.
    /// `ixgbe_check_mac_link_generic` reads LINKS again 5 ms later, because real hardware does this.
    pub links_ghost: bool,
    /// The EEPROM disables the link. After a reset AUTOC2 bits 30:28 are set, and there is no link until software clears
    /// them (`ixgbe_reset_hw_82599` of Intel's BSD-licensed driver).
    pub link_disabled: bool,
    /// A reset leaves filter memories undefined: the multicast and unicast tables and the pools of receive addresses are
    /// all ones, and five-tuple filters match everything (datasheet sections 4.6.7 and 8.2.3.7.19).
    pub filters_undefined: bool,
    /// The descriptor of the first fragment of an IPv4 packet says that the header checksum is bad (specification
    /// update 3.8, erratum 66). This fault is modelled from the erratum's title alone.
    pub fragment_checksum: bool,
    /// The device does not stop: after a queue, the receiver or the whole device was disabled or reset, it goes on
    /// receiving into the rings that were set up before. With such a device, the memory of an ended driver must not
    /// be reused until the host has revoked the device's access to the memory.
    pub keeps_writing: bool,
}
