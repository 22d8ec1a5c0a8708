//! Flow control with pause frames (section 3.7.7, IEEE 802.3 annex 31B).

use alloc::vec::Vec;

use crate::link::Link;
use crate::nic::Nic;
use crate::packet::{Headers, word};
use crate::registers::bits::{
    FCCFG_SENDS, FCRTH_ENABLE, FCRTL_SENDS_XON, FLOW_THRESHOLD, MFLCN_OBEYS,
};
use crate::registers::offset as at;

/// EtherType of MAC control frames, and the opcode of pause frames.
pub(crate) const MAC_CONTROL: u16 = 0x8808;
const PAUSE: u16 = 1;

/// The destination address of pause frames.
const GROUP: [u8; 6] = [0x01, 0x80, 0xc2, 0, 0, 1];

/// One unit of pause in tenths of nanoseconds: 512 bit times at 10 Gb/s are 51.2 ns.
const QUANTUM: u64 = 512;

/// The pauses that the far end and this device have requested.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FlowControl {
    /// The far end has requested that the device send nothing until this time.
    quiet_until: u64,
    /// Whether this device has asked the far end to pause.
    asked: bool,
    /// The time at which the request must be repeated.
    again_at: u64,
}

impl FlowControl {
    /// Returns the time until which nothing may be sent, if it is after `now`.
    pub(crate) fn quiet_until(&self, now: u64) -> Option<u64> {
        (self.quiet_until > now).then_some(self.quiet_until)
    }
}

/// Returns the nanoseconds of `units` of pause.
fn nanoseconds(units: u64) -> u64 {
    units * QUANTUM / 10
}

impl Nic {
    /// Handles a received frame if it is a pause frame.
    pub(crate) fn pause_arrives(&mut self, frame: &[u8], headers: &Headers) {
        if headers.ethertype != MAC_CONTROL || word(frame, 14) != Some(PAUSE) {
            return;
        }
        let units = word(frame, 16).unwrap_or(0);
        let counter = if units == 0 {
            at::LXONRXC
        } else {
            at::LXOFFRXC
        };
        self.file.count(counter, 1);
        if self.file.has(at::MFLCN, MFLCN_OBEYS) {
            self.flow.quiet_until = self.now + nanoseconds(u64::from(units));
        }
    }

    /// Asks the far end to pause while the packet buffer is filled above its high mark. When the fill level has
    /// fallen to the low mark, and FCRTL asks for it, tells the far end that it may send again.
    pub(crate) fn regulate(&mut self, link: &mut dyn Link) {
        let (high, low) = (self.file.get(at::FCRTH), self.file.get(at::FCRTL));
        let on = self.file.has(at::FCCFG, FCCFG_SENDS) && high & FCRTH_ENABLE != 0;
        if !on || !self.link_up {
            self.flow.asked = false;
            return;
        }
        let filled = self.packet_buffer.bytes();
        let above = filled > (high & FLOW_THRESHOLD) as usize;
        if above && (!self.flow.asked || self.now >= self.flow.again_at) {
            let refresh = u64::from(self.file.get(at::FCRTV) & 0xffff);
            self.flow.asked = true;
            self.flow.again_at = self.now + nanoseconds(refresh.max(1));
            self.file.count(at::LXOFFTXC, 1);
            self.send_pause(link, self.file.get(at::FCTTV) as u16);
        } else if self.flow.asked && filled <= (low & FLOW_THRESHOLD) as usize {
            self.flow.asked = false;
            if low & FCRTL_SENDS_XON != 0 {
                self.file.count(at::LXONTXC, 1);
                self.send_pause(link, 0);
            }
        }
    }

    fn send_pause(&self, link: &mut dyn Link, units: u16) {
        let mut frame: Vec<u8> = GROUP.to_vec();
        frame.extend(self.eeprom.mac());
        frame.extend(MAC_CONTROL.to_be_bytes());
        frame.extend(PAUSE.to_be_bytes());
        frame.extend(units.to_be_bytes());
        frame.resize(60, 0);
        link.send(&frame);
    }
}
