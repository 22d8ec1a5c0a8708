//! Finds the places at which a program calls domains. Each is a copy of the `catch` in `call::enter::enter_here`, and
//! most copies are inlined. The debug info tells which functions were inlined, and where.

use std::ops::Range;

use gimli::{AttributeValue, DW_AT_abstract_origin, DW_AT_name, DebuggingInformationEntry};
use gimli::{Dwarf, EndianSlice, LittleEndian, Unit, UnitOffset};
use object::{Object, ObjectSection};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The boundary of a call into a domain: its `catch`, and the code that belongs to it.
pub(super) struct Boundary {
    pub(super) name: String,
    pub(super) ranges: Vec<Range<usize>>,
}

/// Whether a function with this name is the `catch` of a call's boundary.
fn is_boundary(name: &str) -> bool {
    name.starts_with("catch<") && name.contains("call::enter::enter_here::")
}

/// Returns all boundaries in the ELF file with the contents `data`.
pub(super) fn find(data: &[u8]) -> Result<Vec<Boundary>, String> {
    let object = object::File::parse(data).map_err(|error| error.to_string())?;
    let load = |id: gimli::SectionId| {
        let section = object.section_by_name(id.name());
        let data = section.and_then(|section| section.data().ok());
        Ok::<_, gimli::Error>(EndianSlice::new(data.unwrap_or_default(), LittleEndian))
    };
    let dwarf = Dwarf::load(load).map_err(|error| error.to_string())?;
    search(&dwarf).map_err(|error| format!("debug info: {error}"))
}

fn search(dwarf: &Dwarf<Slice<'_>>) -> gimli::Result<Vec<Boundary>> {
    let mut found = Vec::new();
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        let unit = dwarf.unit(header)?;
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            let mut ranges = Vec::new();
            if !matches!(
                entry.tag(),
                gimli::DW_TAG_inlined_subroutine | gimli::DW_TAG_subprogram
            ) {
                continue;
            }
            let Some(name) = name(dwarf, &unit, entry)?.filter(|name| is_boundary(name)) else {
                continue;
            };
            let mut list = dwarf.die_ranges(&unit, entry)?;
            while let Some(range) = list.next()? {
                ranges.push(range.begin as usize..range.end as usize);
            }
            // A function's entry has no code if all its copies were inlined. Each copy has an entry of its own.
            if !ranges.is_empty() {
                found.push(Boundary { name, ranges });
            }
        }
    }
    Ok(found)
}

/// Returns the entry's name. The entry of an inlined copy has no name, but refers to the entry of the copied function
/// in the same unit.
fn name(
    dwarf: &Dwarf<Slice<'_>>,
    unit: &Unit<Slice<'_>>,
    entry: &DebuggingInformationEntry<Slice<'_>>,
) -> gimli::Result<Option<String>> {
    let text = |value| -> gimli::Result<Option<String>> {
        let text = dwarf.attr_string(unit, value)?;
        Ok(Some(text.to_string_lossy().into_owned()))
    };
    if let Some(value) = entry.attr_value(DW_AT_name) {
        return text(value);
    }
    let Some(AttributeValue::UnitRef(UnitOffset(offset))) = entry.attr_value(DW_AT_abstract_origin)
    else {
        return Ok(None);
    };
    let origin = unit.entry(UnitOffset(offset))?;
    match origin.attr_value(DW_AT_name) {
        Some(value) => text(value),
        None => Ok(None),
    }
}
