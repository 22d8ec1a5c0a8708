//! The device as a whole.

use alloc::vec::Vec;

use crate::bus::Bus;
use crate::eeprom::Eeprom;
use crate::faults::Faults;
use crate::fcoe::{Contexts, Placements};
use crate::flow::FlowControl;
use crate::i2c::I2cBus;
use crate::interrupts::{InterruptBlock, Interrupts};
use crate::link::Link;
use crate::memory::GuestMemory;
use crate::notices::{Notice, Notices};
use crate::omissions::Omissions;
use crate::options::Options;
use crate::pci::{ConfigEffect, ConfigSpace, MSIX_BAR, MSIX_BAR_SIZE, MsixTable, REGISTER_BAR};
use crate::quirks::Quirks;
use crate::registers::bits::{
    AUTOC_10G_PARALLEL, AUTOC_10G_SERIAL, AUTOC_CX4, AUTOC_KX4, AUTOC2_LINK_DISABLE, AUTOC2_SFI,
    CTRL_MASTER_DISABLE, EICR_LINK_CHANGE, RAH_VALID,
};
use crate::registers::{self, RegisterFile, offset as at};
use crate::rx::{Ghosts, PacketBuffer, RxRing};
use crate::stats::Drops;
use crate::tx::TxQueue;
use crate::write_back::WriteBacks;

/// Receive queues.
const RX_QUEUES: u32 = 128;

/// Whether the device has more to do after a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Progress {
    /// The device has nothing to do until the driver, the link or the clock does something.
    Idle,
    /// The step has done all the work that one step may do, and there is work left for another step.
    More,
}

/// An 82599.
///
/// The device does nothing by itself. Its user reads and writes its registers, lets it work by [`step`](Self::step),
/// and moves its clock by [`advance`](Self::advance). The same calls always give the same results.
#[derive(Clone, Debug)]
pub struct Nic {
    options: Options,
    config: ConfigSpace,
    msix: MsixTable,
    pub(crate) file: RegisterFile,
    pub(crate) eeprom: Eeprom,
    pub(crate) i2c: I2cBus,
    pub(crate) interrupts: InterruptBlock,
    pub(crate) packet_buffer: PacketBuffer,
    pub(crate) tx_queues: Vec<TxQueue>,
    /// The transmit queue with which the next step begins. It changes from step to step, so that the queues take
    /// turns.
    pub(crate) first_tx_queue: u32,
    pub(crate) write_backs: WriteBacks,
    pub(crate) drops: Drops,
    pub(crate) notices: Notices,
    pub(crate) flow: FlowControl,
    pub(crate) link_up: bool,
    pub(crate) now: u64,
    pub(crate) fcoe: Contexts,
    pub(crate) placements: Placements,
    pub(crate) omissions: Omissions,
    pub(crate) quirks: Quirks,
    ghosts: Ghosts,
    faults: Faults,
    steps: u64,
    accesses: u32,
}

impl Nic {
    /// Returns a device as it is after power-on.
    pub fn new(options: Options) -> Self {
        let mut nic = Nic {
            config: ConfigSpace::new(&options),
            msix: MsixTable::new(),
            file: RegisterFile::new(),
            eeprom: Eeprom::new(&options),
            i2c: I2cBus::new(options.module),
            interrupts: InterruptBlock::new(),
            packet_buffer: PacketBuffer::default(),
            tx_queues: TxQueue::all(),
            first_tx_queue: 0,
            write_backs: WriteBacks::default(),
            drops: Drops::default(),
            notices: Notices::default(),
            flow: FlowControl::default(),
            link_up: false,
            now: 0,
            fcoe: Contexts::new(),
            placements: Placements::default(),
            omissions: Omissions::default(),
            quirks: Quirks::default(),
            ghosts: Ghosts::default(),
            faults: Faults::default(),
            steps: 0,
            accesses: 0,
            options,
        };
        nic.load_eeprom();
        nic
    }

    /// Switches the power off and on, which also resets configuration space and FCoE contexts. Notices, the counts
    /// in [`drops`](Self::drops), [`placements`](Self::placements) and [`omissions`](Self::omissions), and injected
    /// faults stay.
    pub fn power_cycle(&mut self) {
        self.config = ConfigSpace::new(&self.options);
        self.msix.reset();
        self.fcoe = Contexts::new();
        self.quirks.power_on();
        self.reset();
    }

    /// Resets registers and rings (section 4.2.1). FCoE contexts stay. Contexts are memory, and the author found no
    /// document that says that a reset clears them. The X550 datasheet makes software clear them all (section 4.6.9).
    pub(crate) fn reset(&mut self) {
        self.remember_rings();
        self.file.reset();
        self.i2c = I2cBus::new(self.options.module);
        self.interrupts = InterruptBlock::new();
        self.packet_buffer.clear();
        self.tx_queues = TxQueue::all();
        self.first_tx_queue = 0;
        self.write_backs.clear();
        self.flow = FlowControl::default();
        self.link_up = false;
        self.load_eeprom();
        self.end_of_work();
        self.notices.push(Notice::Reset);
    }

    /// Loads the first receive address and the link's mode from the EEPROM (sections 8.2.3.7.8 and 8.2.3.22.19).
    fn load_eeprom(&mut self) {
        let [a, b, c, d, e, f] = self.eeprom.mac();
        self.file.set(at::RAL, u32::from_le_bytes([a, b, c, d]));
        self.file
            .set(at::RAL + 4, u32::from_le_bytes([e, f, 0, 0]) | RAH_VALID);
        let (mode, second) = match self.options.device_id {
            0x10f9 => (AUTOC_10G_PARALLEL | AUTOC_CX4, 0),
            0x10f7 | 0x10f8 | 0x1514 | 0x1517 => (AUTOC_10G_PARALLEL | AUTOC_KX4, 0),
            // The link mode field's value for XAUI is zero, so no further bit is set.
            0x10fc => (AUTOC_10G_PARALLEL, 0),
            _ => (AUTOC_10G_SERIAL, AUTOC2_SFI),
        };
        let disabled = if self.faults.link_disabled {
            AUTOC2_LINK_DISABLE
        } else {
            0
        };
        self.file.set(at::AUTOC, mode);
        self.file.set(at::AUTOC2, second | disabled);
    }

    /// Returns the options with which the device was made.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Reads `into.len()` bytes of configuration space.
    pub fn config_read(&self, offset: usize, into: &mut [u8]) {
        if self.faults.removed {
            into.fill(0xff);
        } else {
            self.config.read(offset, into);
        }
    }

    /// Writes configuration space.
    pub fn config_write(&mut self, offset: usize, data: &[u8]) {
        if self.faults.removed {
            return;
        }
        if self.config.write(offset, data) == ConfigEffect::Reset {
            self.msix.reset();
            self.reset();
        }
    }

    /// Reads `size` bytes (4 or 8) at `offset` of a BAR. Every bit reads as one if the access is misaligned or
    /// outside the BAR.
    pub fn read(&mut self, bar: u8, offset: u64, size: usize) -> u64 {
        if self.faults.removed {
            return u64::MAX;
        }
        match (size, self.word(bar, offset, size)) {
            (8, Some(word)) => {
                let low = self.read_word(bar, word);
                u64::from(low) | u64::from(self.read_word(bar, word + 4)) << 32
            }
            (_, Some(word)) => u64::from(self.read_word(bar, word)),
            (_, None) => u64::MAX,
        }
    }

    /// Writes `size` bytes (4 or 8) at `offset` of a BAR. The write is ignored if it is misaligned or outside the
    /// BAR.
    pub fn write(&mut self, bar: u8, offset: u64, size: usize, value: u64) {
        if self.faults.removed {
            return;
        }
        if let Some(word) = self.word(bar, offset, size) {
            self.write_word(bar, word, value as u32);
            if size == 8 {
                self.write_word(bar, word + 4, (value >> 32) as u32);
            }
        }
    }

    /// Returns the offset if the access is of aligned words inside the BAR (section 8.1).
    fn word(&mut self, bar: u8, offset: u64, size: usize) -> Option<u32> {
        let length = match bar {
            REGISTER_BAR => registers::SIZE,
            MSIX_BAR => MSIX_BAR_SIZE,
            _ => return None,
        };
        let inside = u32::try_from(offset)
            .ok()
            .filter(|&start| matches!(size, 4 | 8) && start % 4 == 0)
            .filter(|&start| {
                start
                    .checked_add(size as u32)
                    .is_some_and(|end| end <= length)
            });
        if inside.is_none() {
            self.notices.misaligned(bar, length, offset, size);
        }
        inside
    }

    fn read_word(&mut self, bar: u8, offset: u32) -> u32 {
        if bar == REGISTER_BAR {
            self.read_register(offset)
        } else {
            self.msix.read(offset)
        }
    }

    fn write_word(&mut self, bar: u8, offset: u32, value: u32) {
        if bar == REGISTER_BAR {
            self.write_register(offset, value);
        } else {
            self.msix.write(offset, value);
        }
    }

    /// Lets the device work on descriptors, frames, the link and interrupts. The work of one step is bounded.
    pub fn step(
        &mut self,
        memory: &mut dyn GuestMemory,
        link: &mut dyn Link,
        interrupts: &mut dyn Interrupts,
    ) -> Progress {
        self.steps += 1;
        if self.faults.removed {
            return Progress::Idle;
        }
        self.settle_queues();
        self.update_link(link.is_up());
        let master = self.config.bus_master()
            && !self.file.has(at::CTRL, CTRL_MASTER_DISABLE)
            && !self.half_reset();
        let mut bus = Bus::new(memory, master, self.faults.dma_error_every, self.accesses);
        if self.ghosts.any() {
            self.ghosts.haunt(&mut bus, link);
        }
        let mut more = self.transmit(&mut bus, link);
        more |= self.take_frames(&mut bus, link);
        self.regulate(link);
        let (news, failed) = self
            .write_backs
            .flush(&mut bus, self.faults.write_back, self.steps);
        self.accesses = bus.accesses;
        self.drops.write_back_error += failed;
        for (queue, transmit) in news {
            self.interrupts.queue(&self.file, queue, transmit);
        }
        self.send_interrupts(interrupts);
        more |= self.write_backs.waiting();
        if more { Progress::More } else { Progress::Idle }
    }

    fn update_link(&mut self, carrier: bool) {
        let disabled = self.file.get(at::AUTOC2) & AUTOC2_LINK_DISABLE != 0;
        let up = carrier && !self.faults.link_down && !disabled;
        if up != self.link_up {
            self.link_up = up;
            self.interrupts.other(EICR_LINK_CHANGE);
            self.notices.push(Notice::Link { up });
        }
    }

    fn send_interrupts(&mut self, sink: &mut dyn Interrupts) {
        // A message is a memory write, so it needs Bus Master Enable (section 7.3.1.2 and PCI Express Base 5.0
        // §6.1.4).
        let open = self.config.msix_open() && self.config.bus_master();
        let sticks = self.faults.cause_sticks;
        let due = self.interrupts.due(&self.file, self.now, sticks);
        if !self.config.msix_enabled() {
            return;
        }
        let foreign = self.options.foreign_msix_table;
        let mut fired = self.msix.released(open, foreign);
        for vector in 0..64 {
            if due & 1 << vector != 0 && self.msix.admit(vector, open, foreign) {
                fired |= 1 << vector;
            }
        }
        for vector in (0..64).filter(|vector| fired & 1 << vector != 0) {
            self.quirks.messages = self.quirks.messages.wrapping_add(1);
            let lost = |every: core::num::NonZeroU32| self.quirks.messages % every == 0;
            if !self.faults.message_lost_every.is_some_and(lost) {
                sink.raise(vector);
            }
        }
    }

    /// Moves the clock to the time `nanoseconds`, counted from an arbitrary start. The clock never goes back.
    pub fn advance(&mut self, nanoseconds: u64) {
        self.now = self.now.max(nanoseconds);
    }

    /// Returns the next time at which the caller must call [`step`](Self::step). At this time either a throttled
    /// interrupt may be sent, or a pause that the far end has requested is over. `None` if the device waits for
    /// neither.
    pub fn next_deadline(&self) -> Option<u64> {
        let throttled = self.interrupts.next_deadline(&self.file);
        let paused = self.flow.quiet_until(self.now);
        throttled.into_iter().chain(paused).min()
    }

    /// Returns the faults that are injected now.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Injects `faults` from now on, in place of the faults before.
    pub fn inject(&mut self, faults: Faults) {
        if !faults.keeps_writing {
            self.ghosts.clear();
        }
        self.faults = faults;
    }

    /// If the fault `keeps_writing` is injected, remembers the rings of all enabled receive queues, because some of
    /// them are about to be disabled.
    fn remember_rings(&mut self) {
        if self.faults.keeps_writing {
            for ring in (0..RX_QUEUES).filter_map(|queue| RxRing::of(&self.file, queue)) {
                self.ghosts.remember(ring);
            }
        }
    }

    /// Must be called before a queue or the receiver is disabled.
    pub(crate) fn before_disable(&mut self) {
        self.remember_rings();
    }

    /// Returns the counts of dropped frames that no register counts.
    pub fn drops(&self) -> Drops {
        self.drops
    }

    /// Returns the counts of the payload that FCoE contexts have placed outside the rings.
    pub fn placements(&self) -> Placements {
        self.placements
    }

    /// Returns how often software has left out a step that the hardware asks for.
    pub fn omissions(&self) -> Omissions {
        self.omissions
    }

    /// Takes the oldest notice, if there is one.
    pub fn take_notice(&mut self) -> Option<Notice> {
        self.notices.take()
    }
}
