//! Images of unwind tables, each with a cell that loom watches: whoever loads or unloads it writes it, whoever
//! reads its tables reads it.

use core::ops::Range;
use loom::cell::UnsafeCell;
use samara_unwind::tables::{Image, ImageId, InUse, Registered, register_image, unregister_image};
use std::cell::RefCell;
use std::rc::Rc;

/// As many as there may be.
const IMAGES: usize = 4;

thread_local! {
    static CELLS: RefCell<Vec<Rc<UnsafeCell<()>>>> = const { RefCell::new(Vec::new()) };
}

/// The tables: nobody looks into them, and any beginning with any length stays inside.
static BYTES: [u8; 4 * IMAGES] = [0; 4 * IMAGES];

/// Begins an execution, in which no image is loaded.
pub fn begin() {
    CELLS.set((0..IMAGES).map(|_| Rc::new(UnsafeCell::new(()))).collect());
}

/// Image `number`, whose code is around `pc`, in its 64 KiB. It has no part in common with one of another number.
fn image(number: usize, pc: usize) -> Image<'static> {
    let table = |at: usize| &BYTES[at * number..][..number];
    Image {
        code: code(number, pc),
        eh_frame_hdr: table(1),
        eh_frame: table(2),
        except_table: table(3),
    }
}

const fn code(number: usize, pc: usize) -> Range<usize> {
    let start = pc & !0xffff;
    start + number..start + 0x1_0000 - number
}

fn cell(number: usize) -> Rc<UnsafeCell<()>> {
    CELLS.with_borrow(|cells| Rc::clone(&cells[number]))
}

/// A registered image.
#[derive(Debug)]
pub struct Loaded {
    number: usize,
    id: ImageId,
}

impl Loaded {
    /// Loads image `number`, whose code is around `pc`, and registers it.
    ///
    /// # Panics
    /// If there is no room.
    #[must_use]
    pub fn new(number: usize, pc: usize) -> Self {
        cell(number).with_mut(|_| ());
        // SAFETY: the bytes stay; that nobody uses them longer than they would is what the cell shows.
        let id = unsafe { register_image(image(number, pc)) };
        let id = id.unwrap_or_else(|error| panic!("{error}"));
        Self { number, id }
    }

    /// Unregisters it; which one it was.
    ///
    /// # Errors
    /// The image, which is still being read.
    pub fn unregister(self) -> Result<usize, Self> {
        let number = self.number;
        match unregister_image(self.id) {
            Ok(()) => Ok(number),
            Err(InUse(id)) => Err(Self { number, id }),
        }
    }
}

/// Unloads image `number`.
pub fn unload(number: usize) {
    cell(number).with_mut(|_| ());
}

/// Reads an image that was found for `pc`: which one it is.
fn read(found: &Image<'static>, pc: usize) -> usize {
    let number = found.except_table.len();
    let parts = |image: &Image<'static>| {
        let tables = [image.eh_frame_hdr, image.eh_frame, image.except_table];
        (image.code.clone(), tables.map(<[u8]>::as_ptr_range))
    };
    let whole = parts(&image(number, pc));
    assert_eq!(parts(found), whole, "parts of two images");
    cell(number).with(|_| ());
    number
}

/// Which image is found for `pc`, as by a cut.
#[must_use]
pub fn find(pc: usize) -> Option<usize> {
    Registered::with_image(pc, |image| read(image, pc)).ok()
}

/// Which image is found for `pc`, as by a raise whose frame is in it.
///
/// # Safety
/// As for a raise: where `pc` is in an image, that stays until this returns.
#[must_use]
pub unsafe fn find_active(pc: usize) -> Option<usize> {
    // SAFETY: handed on.
    unsafe { Registered::with_image_of_active_frame(pc, |image| read(image, pc)) }.ok()
}

/// Of which image the row is that is found for `pc`, remembered or not.
///
/// # Panics
/// If it has parts of two.
#[must_use]
pub fn find_row(pc: usize) -> Option<usize> {
    let tag = pc % 0x1_0000 * IMAGES;
    let row = Registered::row(pc, |image| read(image, pc) + tag).ok()?;
    let number = row[0].wrapping_sub(tag);
    let is_whole = number < IMAGES && row == [row[0]; 3];
    assert!(is_whole, "parts of two rows: {row:?} at {tag}");
    Some(number)
}
