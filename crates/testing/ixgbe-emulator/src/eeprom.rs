//! The EEPROM. Chapter 6 of the datasheet is its map.

use alloc::vec::Vec;

use crate::options::Options;
use crate::registers::bits::{EERD_DONE, EERD_START};

/// The number of words of the EEPROM, as EEC reports it.
const WORDS: usize = 1 << 14;
/// The index of the checksum's word, and the value to which that word completes the sum of the checked words (section
/// 6.3.2.14).
const CHECKSUM: usize = 0x3f;
const SUM: u16 = 0xbaba;
/// Words that point to hardware sections (section 6.2). The checksum covers these sections, too.
const SECTION_POINTERS: core::ops::RangeInclusive<usize> = 0x03..=0x0e;
/// The pointer to the section of LAN core 0, which holds the MAC address (section 6.3.5).
const CORE0: usize = 0x09;
const CORE0_AT: usize = 0x100;
/// The pointer to the start-up sequences of optical modules.
const MODULE_LIST: usize = 0x2b;
const MODULE_LIST_AT: usize = 0x140;
const MODULE_DATA_AT: usize = 0x150;
/// The number under which drivers look up SR and LR modules at core 0.
const MODULE_SR_CORE0: u16 = 5;
/// The pointer to the firmware's section. That section has two pointers: to the link settings, and to the
/// configuration of the pass-through patch. The version of the patch is the last word of that configuration.
const FIRMWARE: usize = 0x0f;
const FIRMWARE_AT: usize = 0x160;
const PATCH_AT: usize = 0x180;
/// The patch's version. If the version is older, drivers take the device for a prototype.
const PATCH_VERSION: u16 = 6;
/// The word of the device's capabilities. It says that any module is allowed, and that drivers need no workaround for
/// cross-talk. A driver with the workaround believes that the link is up only if pin 2 reports a module.
const CAPABILITIES: usize = 0x2c;
const ANY_MODULE: u16 = 1 << 0;
const NO_CROSSTALK_CHECK: u16 = 1 << 7;

/// The EEPROM's words.
#[derive(Clone, Debug)]
pub(crate) struct Eeprom {
    words: Vec<u16>,
}

impl Eeprom {
    pub(crate) fn new(options: &Options) -> Self {
        let mut words = alloc::vec![0xffff; WORDS];
        words[..=CHECKSUM].fill(0);
        let [a, b, c, d, e, f] = options.mac;
        words[CORE0] = CORE0_AT as u16;
        words[CORE0_AT..CORE0_AT + 4].copy_from_slice(&[
            3,
            u16::from_le_bytes([a, b]),
            u16::from_le_bytes([c, d]),
            u16::from_le_bytes([e, f]),
        ]);
        words[FIRMWARE] = FIRMWARE_AT as u16;
        words[FIRMWARE_AT..FIRMWARE_AT + 5].copy_from_slice(&[4, 0, 0xffff, 0, PATCH_AT as u16]);
        words[PATCH_AT..PATCH_AT + 8].copy_from_slice(&[7, 0, 0, 0, 0, 0, 0, PATCH_VERSION]);
        words[CAPABILITIES] = ANY_MODULE | NO_CROSSTALK_CHECK;
        // The list has one module, whose start-up sequence is empty. Its words are the length, the module's number,
        // the place of its sequence, and the end.
        words[MODULE_LIST] = MODULE_LIST_AT as u16;
        words[MODULE_LIST_AT..MODULE_LIST_AT + 4].copy_from_slice(&[
            3,
            MODULE_SR_CORE0,
            MODULE_DATA_AT as u16,
            0xffff,
        ]);
        words[MODULE_DATA_AT..MODULE_DATA_AT + 2].copy_from_slice(&[1, 0xffff]);
        words[CHECKSUM] = SUM.wrapping_sub(sum(&words));
        Eeprom { words }
    }

    /// Returns EERD after a write of `value` (section 8.2.3.2.2). Bits 15:2 hold the address to read, and the data
    /// comes in bits 31:16.
    pub(crate) fn command(&self, value: u32) -> u32 {
        if value & EERD_START == 0 {
            return value & !EERD_DONE;
        }
        let address = (value >> 2 & 0x3fff) as usize;
        let word = self.words.get(address).copied().unwrap_or(0xffff);
        u32::from(word) << 16 | value & 0xfffc | EERD_DONE
    }

    /// Returns the MAC address in LAN core 0's section.
    pub(crate) fn mac(&self) -> [u8; 6] {
        let mut mac = [0; 6];
        let words = &self.words[CORE0_AT + 1..CORE0_AT + 4];
        for (pair, word) in mac.chunks_exact_mut(2).zip(words) {
            pair.copy_from_slice(&word.to_le_bytes());
        }
        mac
    }
}

/// Returns the sum of the words before the checksum and of the sections to which the pointers lead. The checksum
/// completes this sum to [`SUM`].
fn sum(words: &[u16]) -> u16 {
    let head = words[..CHECKSUM].iter().copied();
    let sections = words[SECTION_POINTERS].iter().flat_map(|&pointer| {
        let at = usize::from(pointer);
        let used = pointer != 0 && pointer != 0xffff;
        let length = if used { usize::from(words[at]) } else { 0 };
        words[at + 1..at + 1 + length].iter().copied()
    });
    head.chain(sections).fold(0, u16::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::{CHECKSUM, Eeprom, SUM, sum};
    use crate::options::Options;

    #[test]
    fn the_words_add_up() {
        let eeprom = Eeprom::new(&Options::default());
        let words = &eeprom.words;
        assert_eq!(sum(words).wrapping_add(words[CHECKSUM]), SUM);
        assert_eq!(eeprom.mac(), Options::default().mac);
    }

    #[test]
    fn a_read_is_done_at_once() {
        let eeprom = Eeprom::new(&Options::default());
        let done = eeprom.command(0x3f << 2 | 1);
        assert_eq!(done & 2, 2);
        assert_eq!(done >> 16, u32::from(eeprom.words[CHECKSUM]));
        assert_eq!(eeprom.command(0xffff_ffff) >> 16, 0xffff);
    }
}
