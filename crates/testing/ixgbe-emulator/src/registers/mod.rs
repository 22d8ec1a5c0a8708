//! The registers of BAR 0: names, offsets, access classes and values after reset.
//!
//! This table alone says which registers exist. Sections are those of the *Intel 82599 10 GbE Controller Datasheet*,
//! whose chapter 8.2.3 describes the registers.

/// Declares constants: each line gives a name, a value and a description.
macro_rules! constants {
    ($($name:ident = $value:expr, $doc:literal;)*) => {
        $(#[doc = $doc] pub const $name: u32 = $value;)*
    };
}

pub mod bits;
pub mod offset;

mod file;
mod general;
mod interrupt;
mod mac;
mod receive;
mod register;
mod statistics;
mod transmit;
mod unmodelled;

pub(crate) use self::file::RegisterFile;
pub use self::register::{Access, Register};

/// Bytes of BAR 0.
pub const SIZE: u32 = 0x2_0000;

/// The whole table, by group.
pub const TABLE: &[&[Register]] = &[
    general::REGISTERS,
    interrupt::REGISTERS,
    receive::REGISTERS,
    transmit::REGISTERS,
    mac::REGISTERS,
    statistics::REGISTERS,
    unmodelled::REGISTERS,
];

/// Returns the offset under which the register file keeps the register at `offset`. Some registers have two offsets
/// (sections 8.2.3.7 and 8.2.3.8).
pub fn canonical(offset: u32) -> u32 {
    match offset {
        // Receive addresses 0 to 15 and packet split types, at the offsets that the 82598 used.
        0x5400..=0x547f => offset - 0x5400 + offset::RAL,
        0x5480..=0x54bf => offset - 0x5480 + offset::PSRTYPE,
        // SRRCTL and DCA_RXCTRL of queues 0 to 15, at the offsets that the 82598 used.
        0x2100..=0x213f => offset::SRRCTL + (offset - 0x2100) / 4 * 0x40,
        0x2200..=0x223f => offset::DCA_RXCTRL + (offset - 0x2200) / 4 * 0x40,
        _ => offset,
    }
}

/// Returns the register at `offset` and its index in the array.
pub fn lookup(offset: u32) -> Option<(&'static Register, u32)> {
    let offset = canonical(offset);
    TABLE.iter().copied().flatten().find_map(|register| {
        let distance = offset.checked_sub(register.offset)?;
        let index = distance / u32::from(register.stride);
        let exact = distance % u32::from(register.stride) == 0;
        (exact && index < u32::from(register.count)).then_some((register, index))
    })
}

#[cfg(test)]
mod tests {
    use super::{SIZE, TABLE, canonical, lookup};

    #[test]
    fn no_two_registers_share_an_offset() {
        let mut seen = std::collections::BTreeMap::new();
        for register in TABLE.iter().copied().flatten() {
            for index in 0..u32::from(register.count) {
                let offset = register.at(index);
                assert!(offset % 4 == 0 && offset < SIZE, "{}", register.name);
                assert_eq!(canonical(offset), offset, "{} is an alias", register.name);
                let other = seen.insert(offset, register.name);
                assert!(
                    other.is_none(),
                    "{} and {other:?} at {offset:#x}",
                    register.name
                );
            }
        }
    }

    #[test]
    fn every_register_cites_its_section() {
        for register in TABLE.iter().copied().flatten() {
            assert!(register.section.starts_with("8."), "{}", register.name);
        }
    }

    #[test]
    fn aliases_lead_to_one_register() {
        assert_eq!(lookup(0x5404).map(|(r, i)| (r.name, i)), Some(("RAH", 0)));
        assert_eq!(lookup(0xa204).map(|(r, i)| (r.name, i)), Some(("RAH", 0)));
        assert_eq!(canonical(0x2104), 0x1054);
        assert!(lookup(0x1_fffc).is_none());
    }
}
