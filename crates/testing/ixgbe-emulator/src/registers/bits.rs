//! Bits of the registers that the emulator acts on.

constants! {
    CTRL_MASTER_DISABLE = 1 << 2, "Stop starting DMA (section 8.2.3.1).";
    CTRL_LINK_RESET = 1 << 3, "Link reset, which also resets all the rest.";
    CTRL_RESET = 1 << 26, "Software reset.";
    STATUS_LINK_UP = 1 << 7, "Link up.";
    STATUS_MASTER_ENABLED = 1 << 19, "DMA may still be under way.";
    CTRL_EXT_DRIVER_LOADED = 1 << 28, "A driver is loaded.";

    EEC_PRESENT = 1 << 8, "There is an EEPROM (section 8.2.3.2).";
    EEC_AUTO_READ_DONE = 1 << 9, "The EEPROM has been loaded.";
    EERD_START = 1 << 0, "Start reading.";
    EERD_DONE = 1 << 1, "Read.";

    SWSM_SMBI = 1 << 0, "A semaphore that is taken by reading it as zero.";
    SWSM_SWESMBI = 1 << 1, "A semaphore that is taken by writing it.";
    FWSM_EEP_RELOADED = 1 << 15, "Firmware mode valid.";

    EICR_QUEUES = 0xffff, "Causes of the queues (section 8.2.3.5).";
    EICR_PCI_EXCEPTION = 1 << 18, "A PCIe transaction failed.";
    EICR_LINK_CHANGE = 1 << 20, "The link went up or down.";
    EICR_MISSED = 1 << 17, "The packet buffer overran.";
    EICR_OTHERS = 0x3fff_0000, "Causes other than queues and timer.";
    EICR_TCP_TIMER = 1 << 30, "TCP timer.";
    EICR_OTHER = 1 << 31, "One of the other causes, when there is one vector.";
    GPIE_MULTIPLE_MSIX = 1 << 4, "Each cause has the vector that is allocated to it.";
    GPIE_OTHER_CLEAR_DISABLE = 1 << 5, "Reading EICR leaves the queues' causes.";
    GPIE_AUTO_MASK = 1 << 30, "A vector that fires is masked as EIAM says.";
    IVAR_VALID = 0x80, "The allocation is valid.";
    EITR_INTERVAL = 0xff8, "Least time between interrupts, in units of 2 us from bit 3 on.";

    RXCTRL_ENABLE = 1 << 0, "Receive (section 8.2.3.8).";
    RDRXCTL_DMA_INIT_DONE = 1 << 3, "Receive DMA is ready.";
    RDRXCTL_CRC_STRIP = 1 << 1, "Strip the received CRC; must agree with HLREG0 (section 8.2.3.8.8).";
    RDRXCTL_RSC_FIRST_SIZE = 0x1f << 17, "Software sets it to zero; a reset does not.";
    RDRXCTL_RSC_ACK = 1 << 25, "RSCACKC: software sets it.";
    RDRXCTL_FCOE_WRITE_FIX = 1 << 26, "FCOE_WRFIX: software sets it.";
    SECRXCTRL_HALT = 1 << 1, "RX_DIS: the security engine's receive path is halted.";
    SECRXSTAT_READY = 1 << 0, "SECRX_RDY: the path has come to a halt.";
    GCR_EXT_FLUSH = 1 << 30, "Buffers_Clear_Func: flush the PCIe buffers.";
    QUEUE_ENABLE = 1 << 25, "The queue is enabled, RXDCTL and TXDCTL.";
    QUEUE_FLUSH = 1 << 26, "Write descriptors back now.";
    RXDCTL_VLAN_STRIP = 1 << 30, "Strip VLAN tags.";
    SRRCTL_BUFFER = 0x1f, "Size of a receive buffer in KiB.";
    SRRCTL_TYPE_SHIFT = 25, "Position of the descriptor type.";
    SRRCTL_DROP = 1 << 28, "Drop when the queue has no descriptor.";
    RXCSUM_PCSD = 1 << 13, "The descriptor holds the RSS hash, not a packet checksum.";
    FCTRL_MULTICAST = 1 << 8, "Accept all multicast (section 8.2.3.7).";
    FCTRL_UNICAST = 1 << 9, "Accept all unicast.";
    FCTRL_BROADCAST = 1 << 10, "Accept broadcast.";
    VLNCTRL_FILTER = 1 << 30, "Filter by VFTA.";
    MCSTCTRL_ENABLE = 1 << 2, "Filter by MTA.";
    RAH_VALID = 1 << 31, "The address is valid.";
    ETQF_ENABLE = 1 << 31, "The EtherType filter is valid.";
    ETQF_FCOE = 1 << 27, "Frames of the EtherType are FCoE.";
    ETQS_ENABLE = 1 << 31, "The EtherType has a queue.";
    MRQC_TCP_IPV4 = 1 << 16, "Hash TCP over IPv4.";
    MRQC_IPV4 = 1 << 17, "Hash IPv4.";
    MRQC_IPV6 = 1 << 20, "Hash IPv6.";
    MRQC_TCP_IPV6 = 1 << 21, "Hash TCP over IPv6.";
    MRQC_UDP_IPV4 = 1 << 22, "Hash UDP over IPv4.";
    MRQC_UDP_IPV6 = 1 << 23, "Hash UDP over IPv6.";
    FTQF_MASKS = 0x1f << 25, "Masks: the five-tuple filter compares none of the five.";
    FTQF_ENABLE = 1 << 31, "The five-tuple filter is valid.";
    FDIRCTRL_INIT_DONE = 1 << 3, "The flow director is ready.";

    FCBUFF_VALID = 1 << 0, "The DMA half of the FCoE context is valid.";
    FCDMARW_SELECT = 0x1ff, "Which FCoE context, here and in FCFLTRW.";
    FCDMARW_WRITE = 1 << 14, "Write the context, here and in FCFLTRW.";
    FCDMARW_READ = 1 << 15, "Read the context, here and in FCFLTRW.";
    FCFLT_VALID = 1 << 0, "The filter half of the FCoE context is valid.";
    FCFLT_FIRST = 1 << 1, "The context has received its first frame.";
    FCFLTRW_REVALIDATE = 1 << 13, "Set only the filter's valid bit.";
    FCRXCTRL_LAST_HEADERS = 1 << 3, "Post the headers of a sequence's last frame.";
    FCRXCTRL_ALL_HEADERS = 1 << 4, "Post the headers of all frames.";
    FCRECTL_ENABLE = 1 << 0, "FCoE frames go to the queues of FCRETA.";

    DMATXCTL_ENABLE = 1 << 0, "Transmit (section 8.2.3.9).";
    TDWBAL_ENABLE = 1 << 0, "Write the head back, not the descriptors.";

    MFLCN_PASS_CONTROL = 1 << 0, "Pass MAC control frames to the host.";
    MFLCN_OBEYS = 1 << 3, "Obey pause frames.";
    FCCFG_SENDS = 1 << 3, "Send pause frames (section 8.2.3.3).";
    FCRTH_ENABLE = 1 << 31, "The high mark is valid.";
    FCRTL_SENDS_XON = 1 << 31, "Send XON when there is room again.";
    FLOW_THRESHOLD = 0x7_ffe0, "The marks, in bytes.";
    HLREG0_CRC_STRIP = 1 << 1, "Strip the received CRC (section 8.2.3.22).";
    HLREG0_JUMBO = 1 << 2, "Accept frames up to MAXFRS.";
    HLREG0_PAD = 1 << 10, "Pad short frames.";
    HLREG0_LOOPBACK = 1 << 15, "Sent frames come back.";
    MSCA_COMMAND = 1 << 30, "Start; clears when done.";
    AUTOC_RESTART = 1 << 12, "Restart auto-negotiation; clears by itself.";
    AUTOC_10G_PARALLEL = 1 << 13, "Link mode: 10 Gb/s over four lanes, no negotiation.";
    AUTOC_10G_SERIAL = 3 << 13, "Link mode: 10 Gb/s over one lane, SFI.";
    AUTOC_KX4 = 1 << 7, "The four lanes are KX4.";
    AUTOC_CX4 = 2 << 7, "The four lanes are CX4.";
    AUTOC2_SFI = 2 << 16, "The one lane is SFI.";
    AUTOC2_LINK_DISABLE = 7 << 28, "There is no link while any of them is set.";
    LINKS_UP = 1 << 30, "Link up.";
    LINKS_10G = 3 << 28, "At 10 Gb/s.";
    LINKS_NEGOTIATED = 1 << 31, "Auto-negotiation is complete.";
}
