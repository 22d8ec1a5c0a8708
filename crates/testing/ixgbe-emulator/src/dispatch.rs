//! Registers whose reads or writes have effects beyond those of their access class.

use crate::nic::Nic;
use crate::notices::Notice;
use crate::registers::bits::{
    AUTOC_RESTART, CTRL_LINK_RESET, CTRL_MASTER_DISABLE, CTRL_RESET, EEC_AUTO_READ_DONE,
    EEC_PRESENT, FDIRCTRL_INIT_DONE, LINKS_10G, LINKS_NEGOTIATED, LINKS_UP, MSCA_COMMAND,
    QUEUE_ENABLE, QUEUE_FLUSH, RDRXCTL_DMA_INIT_DONE, RXCTRL_ENABLE, STATUS_LINK_UP,
    STATUS_MASTER_ENABLED, SWSM_SMBI,
};
use crate::registers::{Access, canonical, offset as at};

/// The data that MDIO reads if no PHY answers, in MSRWD's upper half.
const NO_PHY: u32 = 0xffff_0000;

/// Each queue's registers lie in a block of 64 bytes.
const BLOCK: u32 = 0x40;

/// The three arrays of blocks, each with the offset of its first block and its number of blocks: receive queues 0 to
/// 63, receive queues 64 to 127, and transmit queues.
const BLOCKS: [(u32, u32); 3] = [(at::RDBAL, 64), (at::RDBAL64, 64), (at::TDBAL, 128)];

/// Whether the register at `offset` lies `distance` bytes into the block of some queue.
fn queue_register(offset: u32, distance: u32) -> bool {
    BLOCKS.iter().any(|&(start, count)| {
        let end = start + count * BLOCK;
        (start..end).contains(&offset) && (offset - start) % BLOCK == distance
    })
}

impl Nic {
    /// Handles a read of the register at `offset`, which is aligned and inside the BAR.
    pub(crate) fn read_register(&mut self, offset: u32) -> u32 {
        let offset = canonical(offset);
        self.note_use(offset, false);
        self.note_haste(offset);
        self.settle_queues();
        match offset {
            at::STATUS => self.status(),
            at::LINKS => {
                let links = self.links();
                self.look_at_links(links)
            }
            at::SECRXSTAT => self.security_status(),
            at::CTRL | 0x4 | at::EEC | at::RDRXCTL => {
                let value = self.file.bus_read(offset);
                self.timed(offset, value)
            }
            // Bits 9:0 hold microseconds, bits 19:10 milliseconds and bits 31:20 seconds (section 8.2.3.15).
            at::FRTIMER => {
                let micros = self.now / 1000;
                let (millis, seconds) = (micros / 1000, micros / 1_000_000);
                ((micros % 1000) | ((millis % 1000) << 10) | seconds << 20) as u32
            }
            at::I2CCTL => self.i2c.read(),
            at::SWSM => {
                let value = self.file.get(offset);
                self.file.set(offset, value | SWSM_SMBI);
                value
            }
            at::EICR => self.interrupts.read_causes(&self.file),
            at::EIMS => self.interrupts.masks(),
            _ if offset & !4 == at::EIMS_EX => self.interrupts.vector_masks((offset / 4) & 1),
            _ => self.file.bus_read(offset),
        }
    }

    /// Handles a write of the register at `offset`, which is aligned and inside the BAR.
    pub(crate) fn write_register(&mut self, offset: u32, value: u32) {
        let offset = canonical(offset);
        self.note_use(offset, true);
        self.note_haste(offset);
        self.settle_queues();
        match offset {
            at::CTRL | 0x4 => self.write_control(value),
            at::GCR_EXT => {
                self.flush_buffers(value);
                self.file.bus_write(offset, value);
            }
            at::FCDMARW => self.fcoe.move_dma(&mut self.file, value),
            at::FCFLTRW => self.fcoe.move_filter(&mut self.file, value),
            at::EEC => {
                let fixed = EEC_PRESENT | EEC_AUTO_READ_DONE | 0xf << 11;
                let value = value & !fixed & !(1 << 7) | self.file.get(offset) & fixed;
                self.file.set(offset, value);
            }
            at::EERD => self.file.set(offset, self.eeprom.command(value)),
            at::I2CCTL => self.i2c.write(value),
            at::EICR => self.interrupts.clear(value),
            at::EICS => self.interrupts.set(value),
            at::EIMS => self.interrupts.unmask(value),
            at::EIMC => self.interrupts.mask(value),
            _ if offset & !4 == at::EICS_EX => {
                self.interrupts.set_vectors((offset / 4) & 1, value);
            }
            _ if offset & !4 == at::EIMS_EX => {
                self.interrupts.unmask_vectors((offset / 4) & 1, value);
            }
            _ if offset & !4 == at::EIMC_EX => {
                self.interrupts.mask_vectors((offset / 4) & 1, value);
            }
            at::MSCA => {
                self.file.bus_write(offset, value);
                if value & MSCA_COMMAND != 0 {
                    self.file
                        .set(at::MSRWD, self.file.get(at::MSRWD) & 0xffff | NO_PHY);
                }
            }
            at::AUTOC => {
                self.file.bus_write(offset, value);
                // The restart takes the link down. The next step brings it up again.
                if value & AUTOC_RESTART != 0 {
                    self.link_up = false;
                }
            }
            at::RDRXCTL => self.file.set(offset, value | RDRXCTL_DMA_INIT_DONE),
            at::FDIRCTRL => self.file.set(offset, value | FDIRCTRL_INIT_DONE),
            at::RXCTRL => {
                if value & RXCTRL_ENABLE == 0 {
                    self.before_disable();
                    self.packet_buffer.clear();
                } else if !self.file.has(offset, RXCTRL_ENABLE) {
                    self.receive_enabled();
                }
                self.file.set(offset, value);
            }
            _ if queue_register(offset, at::QUEUE_CONTROL) => {
                if !self.holds_later(offset, value) {
                    self.set_queue_control(offset, value);
                }
            }
            _ if queue_register(offset, at::QUEUE_TAIL) => {
                let block = offset - at::QUEUE_TAIL;
                let gives = value != self.file.get(block + at::QUEUE_HEAD);
                if gives && !self.file.has(block + at::QUEUE_CONTROL, QUEUE_ENABLE) {
                    self.omissions.tail_before_enable += 1;
                }
                self.file.bus_write(offset, value);
            }
            _ => self.file.bus_write(offset, value),
        }
    }

    fn write_control(&mut self, value: u32) {
        self.file.bus_write(at::CTRL, value);
        self.master_disabled(value);
        if value & (CTRL_RESET | CTRL_LINK_RESET) != 0 {
            self.software_reset();
        }
    }

    /// Sets RXDCTL or TXDCTL. A change of the enable bit makes a transmit queue forget the packet that it was
    /// reading.
    pub(crate) fn set_queue_control(&mut self, offset: u32, value: u32) {
        let was = self.file.get(offset);
        if was & QUEUE_ENABLE != value & QUEUE_ENABLE {
            self.before_disable();
            if let Some(distance) = offset.checked_sub(at::TDBAL)
                && let Some(queue) = self.tx_queues.get_mut((distance / BLOCK) as usize)
            {
                *queue = Default::default();
            }
        }
        self.file.set(offset, value & !QUEUE_FLUSH);
    }

    fn status(&self) -> u32 {
        let disabled = self.file.has(at::CTRL, CTRL_MASTER_DISABLE);
        let master = if disabled && !self.requests_pending() {
            0
        } else {
            STATUS_MASTER_ENABLED
        };
        master | if self.link_up { STATUS_LINK_UP } else { 0 }
    }

    /// Returns LINKS. The speed is always 10 Gb/s. The driver's settings for the negotiation have no influence on it.
    fn links(&self) -> u32 {
        if self.link_up {
            LINKS_NEGOTIATED | LINKS_UP | LINKS_10G
        } else {
            0
        }
    }

    /// Reports the use of a register that is not emulated, once for each register.
    fn note_use(&mut self, offset: u32, write: bool) {
        let notice = match self.file.register(offset) {
            Some(register) if register.access == Access::Unmodelled => Notice::Unmodelled {
                name: register.name,
                offset,
                write,
            },
            Some(_) => return,
            None => Notice::Unknown { offset, write },
        };
        if self.file.first_use(offset) {
            self.notices.push(notice);
        }
    }
}
