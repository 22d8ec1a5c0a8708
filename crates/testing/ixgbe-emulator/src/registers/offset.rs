//! Offsets of the registers that the emulator acts on. An array is given by its first element.

constants! {
    CTRL = 0x0_0000, "Device control.";
    STATUS = 0x0_0008, "Device status.";
    CTRL_EXT = 0x0_0018, "Extended device control.";
    ESDP = 0x0_0020, "Software-definable pins.";
    I2CCTL = 0x0_0028, "I2C to the optical module, bit by bit.";
    FRTIMER = 0x0_0048, "Free-running timer.";
    EEC = 0x1_0010, "EEPROM control.";
    EERD = 0x1_0014, "EEPROM read.";
    SWSM = 0x1_0140, "Software semaphore.";
    FWSM = 0x1_0148, "Firmware semaphore.";
    GSSR = 0x1_0160, "Software/firmware synchronisation (SW_FW_SYNC).";

    GCR_EXT = 0x1_1050, "PCIe control.";

    EICR = 0x0_0800, "Interrupt cause.";
    EICS = 0x0_0808, "Interrupt cause set.";
    EIAC = 0x0_0810, "Interrupt auto clear.";
    EITR = 0x0_0820, "Interrupt throttle, vectors 0 to 23.";
    EITR24 = 0x1_2300, "Interrupt throttle, from vector 24.";
    EIMS = 0x0_0880, "Interrupt mask set and read.";
    EIMC = 0x0_0888, "Interrupt mask clear.";
    EIAM = 0x0_0890, "Interrupt auto mask.";
    GPIE = 0x0_0898, "General-purpose interrupt enable.";
    IVAR = 0x0_0900, "Interrupt vector allocation, two queue pairs each.";
    IVAR_MISC = 0x0_0a00, "Interrupt vector allocation of the other causes.";
    EICS_EX = 0x0_0a90, "Interrupt cause set, 64 vectors.";
    EIMS_EX = 0x0_0aa0, "Interrupt mask set and read, 64 vectors.";
    EIMC_EX = 0x0_0ab0, "Interrupt mask clear, 64 vectors.";
    EIAM_EX = 0x0_0ad0, "Interrupt auto mask, 64 vectors.";

    RDBAL = 0x0_1000, "Receive ring base, low; queues 0 to 63.";
    RDBAL64 = 0x0_d000, "Receive ring base, low; queues 64 to 127.";
    DCA_RXCTRL = 0x0_100c, "Receive direct cache access.";
    SRRCTL = 0x0_1014, "Split and replication receive control.";
    RDRXCTL = 0x0_2f00, "Receive DMA control.";
    RXCTRL = 0x0_3000, "Receive control.";
    RXPBSIZE = 0x0_3c00, "Receive packet buffer size.";
    RXCSUM = 0x0_5000, "Receive checksum control.";
    RFCTL = 0x0_5008, "Receive filter control.";
    FCTRL = 0x0_5080, "Filter control.";
    VLNCTRL = 0x0_5088, "VLAN control.";
    MCSTCTRL = 0x0_5090, "Multicast control.";
    ETQF = 0x0_5128, "EtherType queue filter.";
    VT_CTL = 0x0_51b0, "VMDq control.";
    MTA = 0x0_5200, "Multicast table.";
    MRQC = 0x0_5818, "Multiple receive queues command.";
    RETA = 0x0_5c00, "Redirection table.";
    RSSRK = 0x0_5c80, "RSS random key.";
    VFTA = 0x0_a000, "VLAN filter table.";
    RAL = 0x0_a200, "Receive address, low; RAH follows it.";
    PSRTYPE = 0x0_ea00, "Packet split receive type.";
    MPSAR = 0x0_a600, "Pools of the receive addresses.";
    UTA = 0x0_f400, "Unicast table.";
    FTQF = 0x0_e600, "Five-tuple filters.";
    L34TIMIR = 0x0_e800, "Queues of the five-tuple filters.";
    ETQS = 0x0_ec00, "EtherType queue select.";
    FDIRCTRL = 0x0_ee00, "Flow director control.";

    FCPTRL = 0x0_2410, "FCoE context: list of buffers, low.";
    FCPTRH = 0x0_2414, "FCoE context: list of buffers, high.";
    FCBUFF = 0x0_2418, "FCoE context: buffers.";
    FCDMARW = 0x0_2420, "FCoE context: moves the DMA half.";
    FCRXCTRL = 0x0_5100, "FCoE receive control.";
    FCFLT = 0x0_5108, "FCoE context: filter.";
    FCFLTRW = 0x0_5110, "FCoE context: moves the filter half.";
    FCPARAM = 0x0_51d8, "FCoE context: expected offset.";
    FCRECTL = 0x0_ed00, "FCoE redirection control.";
    FCRETA = 0x0_ed10, "FCoE redirection table.";

    SECRXCTRL = 0x0_8d00, "Security engine, receive control.";
    SECRXSTAT = 0x0_8d04, "Security engine, receive status.";

    DMATXCTL = 0x0_4a80, "Transmit DMA control.";
    DTXTCPFLGL = 0x0_4a88, "TCP flags of the first and middle segments.";
    DTXTCPFLGH = 0x0_4a8c, "TCP flags of the last segment.";
    TDBAL = 0x0_6000, "Transmit ring base, low.";

    HLREG0 = 0x0_4240, "MAC control.";
    MSCA = 0x0_425c, "MDIO command.";
    MSRWD = 0x0_4260, "MDIO data.";
    MAXFRS = 0x0_4268, "Longest frame.";
    AUTOC = 0x0_42a0, "Link mode and auto-negotiation.";
    LINKS = 0x0_42a4, "Link status.";
    AUTOC2 = 0x0_42a8, "Link mode, second part.";
    MFLCN = 0x0_4294, "MAC flow control.";
    FCTTV = 0x0_3200, "Length of a pause.";
    FCRTL = 0x0_3220, "Low mark of the packet buffer.";
    FCRTH = 0x0_3260, "High mark of the packet buffer.";
    FCRTV = 0x0_32a0, "When a pause is requested again.";
    FCCFG = 0x0_3d00, "Flow control configuration.";
    LINKS2 = 0x0_4324, "Link status, second part.";

    RQSMR = 0x0_2300, "Receive queue statistics mapping.";
    TQSM = 0x0_8600, "Transmit queue statistics mapping.";
    MPC = 0x0_3fa0, "Missed packets: the packet buffer was full.";
    RUC = 0x0_40a4, "Undersize frames received.";
    ROC = 0x0_40ac, "Oversize frames received.";
    PRC64 = 0x0_405c, "Received frames by length, six counters.";
    GPRC = 0x0_4074, "Good packets received.";
    BPRC = 0x0_4078, "Broadcast packets received.";
    MPRC = 0x0_407c, "Multicast packets received.";
    GPTC = 0x0_4080, "Good packets sent.";
    GORCL = 0x0_4088, "Good octets received.";
    GOTCL = 0x0_4090, "Good octets sent.";
    TORL = 0x0_40c0, "Total octets received.";
    TPR = 0x0_40d0, "Total packets received.";
    TPT = 0x0_40d4, "Total packets sent.";
    PTC64 = 0x0_40d8, "Sent frames by length, six counters.";
    MPTC = 0x0_40f0, "Multicast packets sent.";
    BPTC = 0x0_40f4, "Broadcast packets sent.";
    XEC = 0x0_4120, "Bad checksums received.";
    LXONTXC = 0x0_3f60, "XON frames sent.";
    LXOFFTXC = 0x0_3f68, "XOFF frames sent.";
    LXONRXC = 0x0_41a4, "XON frames received.";
    LXOFFRXC = 0x0_41a8, "XOFF frames received.";
    RXNFGPC = 0x0_41b0, "Good packets received, before the filters.";
    RXNFGBCL = 0x0_41b4, "Good octets received, before the filters.";
    RXDGPC = 0x0_2f50, "Good packets given to the host.";
    RXDGBCL = 0x0_2f54, "Good octets given to the host.";
    TXDGPC = 0x0_87a0, "Good packets taken from the host.";
    TXDGBCL = 0x0_87a4, "Good octets taken from the host.";
    QPRC = 0x0_1030, "Packets received by a queue counter.";
    QBRCL = 0x0_1034, "Octets received by a queue counter.";
    QPRDC = 0x0_1430, "Packets dropped by a queue counter.";
    QPTC = 0x0_6030, "Packets sent by a queue counter.";
    QBTCL = 0x0_8700, "Octets sent by a queue counter.";
    FCOEPRC = 0x0_2428, "FCoE packets received.";
    FCOEDWRC = 0x0_242c, "FCoE words of four bytes received.";
    FDIRMISS = 0x0_ee5c, "Flow director misses.";
}

/// Returns the offset of RDBAL of a receive queue below 128. The queue's other registers follow it.
pub const fn rx_queue(queue: u32) -> u32 {
    if queue < 64 {
        RDBAL + queue * 0x40
    } else {
        RDBAL64 + (queue - 64) * 0x40
    }
}

/// Returns the offset of TDBAL of a transmit queue below 128. The queue's other registers follow it.
pub const fn tx_queue(queue: u32) -> u32 {
    TDBAL + queue * 0x40
}

/// Returns the offset of the throttle register of a vector.
pub const fn eitr(vector: u32) -> u32 {
    if vector < 24 {
        EITR + vector * 4
    } else {
        EITR24 + (vector - 24) * 4
    }
}

constants! {
    QUEUE_BASE_HIGH = 0x04, "Ring base, high: distance from RDBAL and TDBAL.";
    QUEUE_LENGTH = 0x08, "Ring length in bytes.";
    QUEUE_HEAD = 0x10, "Ring head.";
    QUEUE_SRRCTL = 0x14, "SRRCTL, receive only.";
    QUEUE_TAIL = 0x18, "Ring tail.";
    QUEUE_CONTROL = 0x28, "RXDCTL or TXDCTL.";
    QUEUE_HEAD_WB_LOW = 0x38, "TDWBAL, transmit only.";
    QUEUE_HEAD_WB_HIGH = 0x3c, "TDWBAH, transmit only.";
}
