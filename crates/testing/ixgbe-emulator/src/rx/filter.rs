//! The filters that decide which frames the MAC lets in (section 7.1.1).

use crate::flow::MAC_CONTROL;
use crate::packet::Headers;
use crate::registers::bits::{
    FCTRL_BROADCAST, FCTRL_MULTICAST, FCTRL_UNICAST, HLREG0_JUMBO, MCSTCTRL_ENABLE,
    MFLCN_PASS_CONTROL, RAH_VALID, VLNCTRL_FILTER,
};
use crate::registers::{RegisterFile, offset as at};

/// The length of the longest frame when jumbo frames are not enabled. It includes the CRC and no VLAN tag.
const STANDARD: usize = 1518;

const ADDRESSES: u32 = 128;

/// The kind of a destination address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cast {
    Unicast,
    Multicast,
    Broadcast,
}

/// Returns the kind of a frame's destination address.
pub(crate) fn cast(frame: &[u8]) -> Cast {
    match frame.get(..6) {
        Some([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) => Cast::Broadcast,
        Some([first, ..]) if first & 1 != 0 => Cast::Multicast,
        _ => Cast::Unicast,
    }
}

/// Returns the length of the longest frame that is accepted, CRC included.
pub(crate) fn longest(file: &RegisterFile, tagged: bool) -> usize {
    let longest = if file.has(at::HLREG0, HLREG0_JUMBO) {
        (file.get(at::MAXFRS) >> 16) as usize
    } else {
        STANDARD
    };
    longest + if tagged { 4 } else { 0 }
}

/// Whether the filters let a frame pass to the host.
pub(crate) fn passes(file: &RegisterFile, frame: &[u8], headers: &Headers) -> bool {
    if headers.ethertype == MAC_CONTROL && !file.has(at::MFLCN, MFLCN_PASS_CONTROL) {
        return false;
    }
    address(file, frame) && vlan(file, headers)
}

fn address(file: &RegisterFile, frame: &[u8]) -> bool {
    let Some(&[a, b, c, d, e, f]) = frame.get(..6).and_then(|bytes| bytes.first_chunk()) else {
        return false;
    };
    let fctrl = file.get(at::FCTRL);
    match cast(frame) {
        Cast::Broadcast => fctrl & FCTRL_BROADCAST != 0,
        Cast::Unicast if fctrl & FCTRL_UNICAST != 0 => true,
        Cast::Multicast if fctrl & FCTRL_MULTICAST != 0 => true,
        Cast::Multicast if multicast(file, e, f) => true,
        _ => (0..ADDRESSES).any(|index| {
            let high = file.get(at::RAL + index * 8 + 4);
            high & RAH_VALID != 0
                && high as u16 == u16::from_le_bytes([e, f])
                && file.get(at::RAL + index * 8) == u32::from_le_bytes([a, b, c, d])
        }),
    }
}

/// Whether the multicast table lets an address pass: twelve bits of the address choose one of 4096 bits (section
/// 8.2.3.7.3).
fn multicast(file: &RegisterFile, e: u8, f: u8) -> bool {
    let control = file.get(at::MCSTCTRL);
    if control & MCSTCTRL_ENABLE == 0 {
        return false;
    }
    let high = u32::from(u16::from_le_bytes([e, f]));
    let vector = match control & 3 {
        0 => high >> 4,
        1 => high >> 3,
        2 => high >> 2,
        _ => high,
    } & 0xfff;
    file.get(at::MTA + vector / 32 * 4) >> (vector % 32) & 1 != 0
}

fn vlan(file: &RegisterFile, headers: &Headers) -> bool {
    match headers.vlan {
        Some(tag) if file.has(at::VLNCTRL, VLNCTRL_FILTER) => {
            let id = u32::from(tag & 0xfff);
            file.get(at::VFTA + id / 32 * 4) >> (id % 32) & 1 != 0
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{longest, passes};
    use crate::packet::parse;
    use crate::registers::{RegisterFile, offset as at};

    fn accepts(file: &RegisterFile, to: [u8; 6], tag: Option<u16>) -> bool {
        let mut frame = [to.as_slice(), &[2, 0, 0, 0, 0, 9]].concat();
        if let Some(tag) = tag {
            frame.extend([0x81, 0]);
            frame.extend(tag.to_be_bytes());
        }
        frame.resize(60, 0);
        passes(file, &frame, &parse(&frame, 0x8100))
    }

    #[test]
    fn addresses_are_compared_whole() {
        let mut file = RegisterFile::new();
        file.set(at::RAL + 127 * 8, 0x0302_0102);
        file.set(at::RAL + 127 * 8 + 4, 0x8000_0504);
        assert!(accepts(&file, [2, 1, 2, 3, 4, 5], None));
        assert!(!accepts(&file, [2, 1, 2, 3, 4, 6], None));
        file.set(at::RAL + 127 * 8 + 4, 0x0000_0504);
        assert!(!accepts(&file, [2, 1, 2, 3, 4, 5], None));
        file.set(at::FCTRL, 1 << 9);
        assert!(accepts(&file, [2, 1, 2, 3, 4, 6], None));
        assert!(!accepts(&file, [0xff; 6], None));
        file.set(at::FCTRL, 1 << 10);
        assert!(accepts(&file, [0xff; 6], None));
    }

    #[test]
    fn multicast_goes_by_twelve_bits() {
        let mut file = RegisterFile::new();
        let group = [1, 0, 0x5e, 0, 0, 0xfb];
        // 0xfb00 >> 4 is 0xfb0: word 125, bit 16.
        file.set(at::MTA + 125 * 4, 1 << 16);
        assert!(!accepts(&file, group, None));
        file.set(at::MCSTCTRL, 4);
        assert!(accepts(&file, group, None));
        assert!(!accepts(&file, [1, 0, 0x5e, 0, 0, 0xfc], None));
        file.set(at::MCSTCTRL, 5);
        assert!(!accepts(&file, group, None));
        file.set(at::FCTRL, 1 << 8);
        assert!(accepts(&file, group, None));
    }

    #[test]
    fn tags_pass_when_listed() {
        let mut file = RegisterFile::new();
        file.set(at::FCTRL, 1 << 10);
        assert!(accepts(&file, [0xff; 6], Some(0xe007)));
        file.set(at::VLNCTRL, 0x4000_8100);
        assert!(!accepts(&file, [0xff; 6], Some(0xe007)));
        assert!(accepts(&file, [0xff; 6], None));
        file.set(at::VFTA, 1 << 7);
        assert!(accepts(&file, [0xff; 6], Some(0xe007)));
    }

    #[test]
    fn the_longest_frame_is_programmed() {
        let mut file = RegisterFile::new();
        assert_eq!(longest(&file, true), 1522);
        file.set(at::MAXFRS, 9018 << 16);
        assert_eq!(longest(&file, false), 1518);
        file.set(at::HLREG0, 4);
        assert_eq!(longest(&file, false), 9018);
    }
}
