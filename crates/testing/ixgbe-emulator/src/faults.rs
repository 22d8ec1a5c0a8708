//! Faults that a test injects.

use core::num::NonZeroU32;

/// What happens to the descriptors that the device writes back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum WriteBack {
    /// Written at the end of the step that made them.
    #[default]
    Prompt,
    /// Written this many steps later.
    Delayed(NonZeroU32),
    /// Written at the end of the step, the last one first.
    Reordered,
    /// Written with these bits inverted: of the first and of the second eight bytes.
    Corrupted([u64; 2]),
    /// Never written.
    Lost,
}

/// What is wrong with the device. The default is nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    /// The fate of descriptor write-backs.
    pub write_back: WriteBack,
    /// The cable is out, whatever the link says.
    pub link_down: bool,
    /// Every n-th DMA access fails, the first one after n - 1 good ones.
    pub dma_error_every: Option<NonZeroU32>,
    /// The device is gone from the bus: reads give ones, writes nothing, no DMA.
    pub removed: bool,
    /// Before every n-th packet a receive descriptor is written back with DD and no bytes.
    pub rx_empty_every: Option<NonZeroU32>,
    /// Those descriptors have EOP, too.
    pub rx_empty_ends: bool,
    /// Frames that come while receive is being enabled hang receive DMA until the next reset, unless the
    /// security engine's receive path is halted (`ixgbe_enable_rx_dma_82599` of Intel's BSD-licensed driver).
    pub rx_enable_hangs: bool,
    /// SECRXSTAT never says that the receive path is halted; it is not. Drivers go on after 40 looks of
    /// 10 us (`IXGBE_MAX_SECRX_POLL` there).
    pub security_busy: bool,
    /// STATUS goes on telling that requests are pending after CTRL.MASTER_DISABLE, and a reset leaves the
    /// device without DMA until there was a second one, more than 1 us later (specification update 3.1,
    /// clarification 9; datasheet section 5.2.5.3.2).
    pub master_stuck: bool,
    /// Nanoseconds that a reset takes: CTRL.RST reads as set and RDRXCTL.DMAIDONE as clear.
    pub reset_time: u64,
    /// Nanoseconds that reading the EEPROM takes after a reset: EEC.AUTO_RD reads as clear (datasheet
    /// section 4.6.3). `u64::MAX` is never.
    pub eeprom_time: u64,
    /// Nanoseconds until a change of RXDCTL.ENABLE or TXDCTL.ENABLE holds: until then the queue goes on, or
    /// does not yet begin, and the register tells so (datasheet sections 4.6.7.1.2 and 4.6.8.1).
    pub queue_time: u64,
    /// A cause that EICS has set is not cleared by EIAC, and its vector is silent until software clears it
    /// in EICR (erratum 1).
    pub cause_sticks: bool,
    /// Every n-th interrupt message is lost. FreeBSD's driver sets the causes of all queues by a timer.
    pub message_lost_every: Option<NonZeroU32>,
    /// LINKS tells the link's earlier state once after each change: drivers read it twice
    /// (`ixgbe_check_mac_link_generic` of Intel's BSD-licensed driver).
    pub links_stale: bool,
    /// LINKS tells now and then of a link where there is no carrier (the cross-talk of the same function,
    /// which looks again 5 ms later).
    pub links_ghost: bool,
    /// The EEPROM disables the link: after a reset AUTOC2 bits 30:28 are set, and there is no link until software
    /// clears them (`ixgbe_reset_hw_82599` of Intel's BSD-licensed driver).
    pub link_disabled: bool,
    /// Filter memories hold anything after a reset: the multicast and unicast tables, the pools of receive
    /// addresses, five-tuple filters that match everything (datasheet sections 4.6.7 and 8.2.3.7.19).
    pub filters_undefined: bool,
    /// The first part of a fragmented IPv4 packet is said to have a bad header checksum (specification
    /// update 3.8, erratum 66; its title alone was to be had).
    pub fragment_checksum: bool,
    /// The device forgets to stop: it goes on receiving into the rings it knew, after their
    /// queues, the receiver or the whole device were disabled or reset. What an isolated driver
    /// leaves behind must survive that, or the host must have revoked the memory.
    pub keeps_writing: bool,
}
