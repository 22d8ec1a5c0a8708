//! The kernel's own image: the addresses and rights of its segments, and its unwind tables.

use samara_unwind::tables::Image;

use super::layout::KERNEL_BASE;

/// A page-aligned part of the image, in virtual addresses.
#[derive(Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) writable: bool,
    pub(crate) executable: bool,
}

// `kernel.ld` defines these symbols. Only their addresses have a meaning.
unsafe extern "C" {
    static __image_phys_start: u8;
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __data_start: u8;
    static __data_end: u8;
    static __eh_frame_hdr_start: u8;
    static __eh_frame_hdr_end: u8;
    static __eh_frame_start: u8;
    static __eh_frame_end: u8;
    static __except_table_start: u8;
    static __except_table_end: u8;
}

/// Returns the segments that the kernel runs with. The trampoline that it booted through is not among them.
pub(crate) fn segments() -> [Segment; 3] {
    let part = |start: *const u8, end: *const u8, writable, executable| Segment {
        start: start.addr() as u64,
        end: end.addr() as u64,
        writable,
        executable,
    };
    [
        part(&raw const __text_start, &raw const __text_end, false, true),
        part(
            &raw const __rodata_start,
            &raw const __rodata_end,
            false,
            false,
        ),
        part(&raw const __data_start, &raw const __data_end, true, false),
    ]
}

/// Whether `address` lies in the kernel's code.
pub(crate) fn is_text(address: u64) -> bool {
    let [text, ..] = segments();
    (text.start..text.end).contains(&address)
}

/// Returns start and end of the physical memory of the whole image, trampoline included.
pub(crate) fn physical_range() -> (u64, u64) {
    let start = (&raw const __image_phys_start).addr() as u64;
    let end = (&raw const __data_end).addr() as u64 - KERNEL_BASE;
    (start, end)
}

/// Returns the unwind tables of the kernel's code.
pub(crate) fn tables() -> Image<'static> {
    let [text, ..] = segments();
    let slice = |start: *const u8, end: *const u8| {
        let length = end.addr() - start.addr();
        // SAFETY: the linker script places the two symbols around a section of the image, which is mapped read-only.
        unsafe { core::slice::from_raw_parts(start, length) }
    };
    Image {
        code: text.start as usize..text.end as usize,
        eh_frame_hdr: slice(
            &raw const __eh_frame_hdr_start,
            &raw const __eh_frame_hdr_end,
        ),
        eh_frame: slice(&raw const __eh_frame_start, &raw const __eh_frame_end),
        except_table: slice(
            &raw const __except_table_start,
            &raw const __except_table_end,
        ),
    }
}
