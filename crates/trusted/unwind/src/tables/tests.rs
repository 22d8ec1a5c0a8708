//! Compares the reader of tables with `gimli` over the code of this test program.

extern crate std;

use super::entry::Entry;
use super::row::{Row, Rule};
use super::{Finder, Image, TableError};
use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, EndianSlice, NativeEndian, Pointer, RegisterRule,
    UnwindContext, UnwindSection,
};

#[path = "../../tests/contract/program.rs"]
mod program;
use program::program;

/// Returns the row of `gimli` at `pc` and the address of the language-specific data, or `None` if the row has no
/// supported form.
fn expected(image: &Image<'_>, pc: usize) -> Option<(Row, Option<usize>)> {
    let bases = BaseAddresses::default()
        .set_text(image.code.start as u64)
        .set_eh_frame(image.eh_frame.as_ptr().addr() as u64)
        .set_eh_frame_hdr(image.eh_frame_hdr.as_ptr().addr() as u64);
    let header = EhFrameHdr::new(image.eh_frame_hdr, NativeEndian).parse(&bases, 8);
    let header = header.expect("a header");
    let frames = EhFrame::from(EndianSlice::new(image.eh_frame, NativeEndian));
    let entry = header
        .table()?
        .fde_for_address(&frames, &bases, pc as u64, EhFrame::cie_from_offset)
        .ok()?;
    let mut context: UnwindContext<usize, Storage> = UnwindContext::new_in();
    let found = entry
        .unwind_info_for_address(&frames, &bases, &mut context, pc as u64)
        .ok()?;
    let CfaRule::RegisterAndOffset { register, offset } = *found.cfa() else {
        return None;
    };
    let mut row = Row::NEW;
    row.set_base(register.0.into(), offset).ok()?;
    for (register, rule) in found.registers() {
        let rule = match *rule {
            RegisterRule::Undefined => Rule::Undefined,
            RegisterRule::SameValue => Rule::Same,
            RegisterRule::Offset(offset) => Rule::At(offset as i32),
            RegisterRule::ValOffset(offset) => Rule::Value(offset as i32),
            RegisterRule::Register(other) => Rule::In(other.0 as u8),
            _ => Rule::Expression,
        };
        row.set(register.0.into(), rule);
    }
    let data = match entry.lsda() {
        Some(Pointer::Direct(address)) => Some(address as usize),
        _ => None,
    };
    Some((row, data))
}

struct Storage;

impl gimli::UnwindContextStorage<usize> for Storage {
    type Rules = [(gimli::Register, RegisterRule<usize>); 24];
    type Stack = [gimli::UnwindTableRow<usize, Self>; 4];
}

/// Invariant: ORDER-47
#[test]
fn rows_match_gimli_across_the_program() {
    let image = program();
    let (mut same, mut packed) = (0, 0);
    for pc in image.code.clone().step_by(7) {
        let ours = image.rules(pc);
        let Some((row, data)) = expected(&image, pc) else {
            let error = ours.expect_err("what gimli does not read");
            assert!(
                matches!(error, TableError::NoEntry | TableError::Unsupported),
                "{error} at {pc:#x}"
            );
            continue;
        };
        let ours = ours.unwrap_or_else(|error| panic!("{error} at {pc:#x}"));
        assert_eq!(ours.row().base(), row.base(), "at {pc:#x}");
        for register in 0..crate::cut::registers::NUMBERED {
            // `gimli` does not distinguish undefined registers from those without a rule.
            let ours = match ours.row().get(register) {
                Rule::Undefined => Rule::Same,
                rule => rule,
            };
            let theirs = row.get(register);
            assert_eq!(ours, theirs, "register {register} at {pc:#x}");
        }
        let entry = image.entry(pc).map(|entry: Entry<'_>| entry.except_data);
        assert_eq!(entry, Ok(data), "at {pc:#x}");
        // The row that was compared above is the packed one, unpacked again.
        packed += usize::from(ours.common().is_some());
        same += 1;
    }
    assert!(same > 10_000, "{same}");
    // Nearly all rows have the common form, which is remembered.
    assert!(packed * 100 > same * 95, "{packed} of {same}");
}
