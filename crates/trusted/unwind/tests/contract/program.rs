//! Finds the tables of this program and its libraries. Tests inside and outside of the crate, and a bench, include this
//! file.
#![expect(unsafe_code, reason = "reads the program headers")]

extern crate std;

use super::Image;
use std::ops::Range;
use std::slice;
use std::vec::Vec;

/// The type, flags and addresses of a segment.
type Segment = (u32, u32, Range<usize>);

/// The address that is looked for, and the segments of the object that contains it.
struct Search {
    address: usize,
    found: Vec<Segment>,
}

/// Returns the tables of this program and the addresses of its code.
pub(crate) fn program() -> Image<'static> {
    holding(program as fn() -> Image<'static> as usize)
}

/// Returns the same for the program or library that contains `address`. It must stay loaded.
pub(crate) fn holding(address: usize) -> Image<'static> {
    let mut search = Search {
        address,
        found: Vec::new(),
    };
    // SAFETY: `visit` is called only before this returns, with the search that it expects.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    let find = |wanted: &dyn Fn(&Segment) -> bool| {
        let at = search.found.iter().find(|at| wanted(at));
        at.expect("a segment").2.clone()
    };
    let header = find(&|at| at.0 == libc::PT_GNU_EH_FRAME);
    let tables = find(&|at| at.0 == libc::PT_LOAD && at.2.contains(&header.start));
    let code = find(&|at| at.0 == libc::PT_LOAD && at.1 & libc::PF_X != 0);
    let start = core::ptr::with_exposed_provenance::<u8>(tables.start);
    // SAFETY: a mapped segment of that object, to which nothing writes.
    let bytes: &'static [u8] = unsafe { slice::from_raw_parts(start, tables.len()) };
    let field = header.start - tables.start + 4;
    let offset = i32::from_le_bytes(bytes[field..field + 4].try_into().expect("four bytes"));
    Image {
        code,
        eh_frame_hdr: &bytes[header.start - tables.start..header.end - tables.start],
        eh_frame: &bytes[field.checked_add_signed(offset as isize).expect("inside")..],
        except_table: bytes,
    }
}

unsafe extern "C" fn visit(
    info: *mut libc::dl_phdr_info,
    _: usize,
    search: *mut libc::c_void,
) -> i32 {
    // SAFETY: the record of `dl_iterate_phdr`, which is valid during the call.
    let info = unsafe { &*info };
    // SAFETY: the object's program headers, with the number that its record gives.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    // SAFETY: the search of `holding`, which nothing else uses meanwhile.
    let search = unsafe { &mut *search.cast::<Search>() };
    let segments = headers.iter().map(|at| {
        let start = (info.dlpi_addr + at.p_vaddr) as usize;
        (at.p_type, at.p_flags, start..start + at.p_memsz as usize)
    });
    search.found = segments.collect();
    let mut loaded = search.found.iter().filter(|at| at.0 == libc::PT_LOAD);
    loaded.any(|at| at.2.contains(&search.address)).into()
}
