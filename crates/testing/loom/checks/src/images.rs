//! Images of unwind tables, each with a cell that loom watches. Loading or unloading an image writes its cell, and
//! reading its tables reads the cell.

use core::ops::Range;
use loom::cell::UnsafeCell;
use samara_unwind::tables::{Image, ImageId, InUse, Registered, register_image, unregister_image};
use std::cell::RefCell;
use std::rc::Rc;

/// All numbers of images are less than this.
const IMAGES: usize = 4;

thread_local! {
    static CELLS: RefCell<Vec<Rc<UnsafeCell<()>>>> = const { RefCell::new(Vec::new()) };
}

/// The bytes of all tables. No code interprets them. The array is long enough for every table of every image.
static BYTES: [u8; 4 * IMAGES] = [0; 4 * IMAGES];

/// Begins an execution, in which no image is loaded.
pub fn begin() {
    CELLS.set((0..IMAGES).map(|_| Rc::new(UnsafeCell::new(()))).collect());
}

/// Returns image `number`, whose code lies in the 64 KiB block of `pc`. Each of its parts differs from the same part
/// of every image with another number, so a mixture of two images is recognised.
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
    /// Loads image `number`, whose code lies around `pc`, and registers it.
    ///
    /// # Panics
    /// If the registry is full.
    #[must_use]
    pub fn new(number: usize, pc: usize) -> Self {
        cell(number).with_mut(|_| ());
        // SAFETY: the bytes are a static, so they stay. The image's cell shows whether a reader uses them after the
        // unload.
        let id = unsafe { register_image(image(number, pc)) };
        let id = id.unwrap_or_else(|error| panic!("{error}"));
        Self { number, id }
    }

    /// Unregisters the image and returns its number.
    ///
    /// # Errors
    /// Returns the image if it is still being read.
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

/// Reads the image that was found for `pc` and returns its number.
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

/// Returns the number of the image that a cut's look-up finds for `pc`.
#[must_use]
pub fn find(pc: usize) -> Option<usize> {
    Registered::with_image(pc, |image| read(image, pc)).ok()
}

/// Returns the number of the image that the look-up of a raise with a frame at `pc` finds.
///
/// # Safety
/// The contract is that of a raise: if `pc` lies in an image, that image stays loaded until this returns.
#[must_use]
pub unsafe fn find_active(pc: usize) -> Option<usize> {
    // SAFETY: the caller upholds the contract.
    unsafe { Registered::with_image_of_active_frame(pc, |image| read(image, pc)) }.ok()
}

/// Returns the number of the image whose row is found for `pc`, in the cache or by a look-up. `None` if there is no
/// image at `pc`.
///
/// # Panics
/// If the row has parts of two rows.
#[must_use]
pub fn find_row(pc: usize) -> Option<usize> {
    let tag = pc % 0x1_0000 * IMAGES;
    let row = Registered::row(pc, |image| read(image, pc) + tag).ok()?;
    let number = row[0].wrapping_sub(tag);
    let is_whole = number < IMAGES && row == [row[0]; 3];
    assert!(is_whole, "parts of two rows: {row:?} at {tag}");
    Some(number)
}
