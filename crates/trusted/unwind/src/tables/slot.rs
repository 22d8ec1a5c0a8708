//! The place of one registered image. Readers take no lock and never wait.
//!
//! A place has one word with the count of its readers and a mark that it is closed. A reader counts itself and then
//! checks the mark. The thread that unregisters sets the mark and then checks the count. So either the reader sees the
//! mark and leaves, or the other thread sees the reader and the image stays.
//!
//! A thread that raises is not counted as a reader. It may be cut at any instruction, and would then stay counted
//! forever. It needs no count, because an image that contains its frames cannot be unloaded under them. But it may
//! read parts of two images; it detects that by `serial`, and leaves.

use super::Image;
use crate::primitive::atomic::Ordering::{Relaxed, Release, SeqCst};
use crate::primitive::atomic::{AtomicPtr, AtomicUsize, fence};
use core::slice;

/// The mark of a place that has no image, or whose image is being removed. Readers that see it leave.
const CLOSED: usize = 1 << (usize::BITS - 1);
/// The mark of a place that a thread has claimed, to register an image there or to remove one.
const CLAIMED: usize = CLOSED >> 1;

pub(super) struct Place {
    /// The count of readers, and the marks.
    users: AtomicUsize,
    /// The number of times that an image was registered or unregistered here, so that an old
    /// [`ImageId`](super::ImageId) does not refer to a new image.
    serial: AtomicUsize,
    /// The start and the end of the image's code.
    code: [AtomicUsize; 2],
    /// The addresses and lengths of its header, entries and language-specific data.
    tables: [(AtomicPtr<u8>, AtomicUsize); 3],
}

impl Place {
    pub(super) const fn new() -> Self {
        Self {
            users: AtomicUsize::new(CLOSED),
            serial: AtomicUsize::new(0),
            code: [const { AtomicUsize::new(0) }; 2],
            tables: [const {
                (
                    AtomicPtr::new(core::ptr::dangling_mut()),
                    AtomicUsize::new(0),
                )
            }; 3],
        }
    }

    /// Stores the image in the place and returns its new serial number, or `None` if the place is taken.
    pub(super) fn fill(&self, image: &Image<'static>) -> Option<usize> {
        // The place must be closed and not claimed, and all readers must have left it.
        let claim = CLOSED | CLAIMED;
        if self.users.compare_exchange(CLOSED, claim, SeqCst, SeqCst) != Ok(CLOSED) {
            return None;
        }
        // An uncounted reader that sees a changed part also sees the mark, which was set before.
        fence(Release);
        self.code[0].store(image.code.start, Relaxed);
        self.code[1].store(image.code.end, Relaxed);
        let tables = [image.eh_frame_hdr, image.eh_frame, image.except_table];
        for ((start, length), table) in self.tables.iter().zip(tables) {
            start.store(table.as_ptr().cast_mut(), Relaxed);
            length.store(table.len(), Relaxed);
        }
        Some(self.serial.fetch_add(1, SeqCst).wrapping_add(1))
    }

    /// Opens a [filled](Self::fill) place to readers, after everything else about it was stored.
    pub(super) fn open(&self) {
        self.users.fetch_and(!(CLOSED | CLAIMED), SeqCst);
    }

    /// Whether the place still has this serial number. A relaxed load is enough: a thread that has an id also sees the
    /// store of that id's number.
    pub(super) fn is_serial(&self, serial: usize) -> bool {
        self.serial.load(Relaxed) == serial
    }

    /// Closes the place to readers. Returns whether no reader is left.
    pub(super) fn close(&self) -> bool {
        let claim = CLOSED | CLAIMED;
        self.users.fetch_or(claim, SeqCst) & !claim == 0
    }

    /// Makes a [closed](Self::close) place without readers free again.
    pub(super) fn empty(&self) {
        // The place stays closed, so new readers leave without reading a part.
        self.serial.fetch_add(1, SeqCst);
        self.users.fetch_and(!CLAIMED, SeqCst);
    }

    /// Asks the image, which stays until there is an answer. Returns `None` if the place has no image.
    pub(super) fn ask<R>(&self, question: impl FnOnce(&Image<'static>) -> R) -> Option<R> {
        let open = self.users.fetch_add(1, SeqCst) & CLOSED == 0;
        let answer = open.then(|| {
            // SAFETY: the place is open and this reader is counted, so nothing writes to the place, and the image's
            // bytes stay (ORDER-7).
            question(&unsafe { self.image() })
        });
        self.users.fetch_sub(1, SeqCst);
        answer
    }

    /// Asks the image without being counted as a reader. Returns `None` if the place has no image, or `contains` is
    /// false for the image's code.
    ///
    /// # Safety
    /// An image for whose code `contains` returns true stays until there is an answer.
    #[cfg(any(feature = "dwarf", samara_model))]
    pub(super) unsafe fn ask_uncounted<R>(
        &self,
        contains: impl FnOnce(core::ops::Range<usize>) -> bool,
        question: impl FnOnce(&Image<'static>) -> R,
    ) -> Option<R> {
        use crate::primitive::atomic::Ordering::Acquire;

        let serial = self.serial.load(Acquire);
        let parts = self.parts();
        // If any part belongs to a later image, the loads below see the registration of that image: either the place
        // is still marked as closed, or it was opened and has a later serial number.
        fence(Acquire);
        let is_whole = self.users.load(Acquire) & CLOSED == 0 && self.is_serial(serial);
        if !is_whole || !contains(parts.0.clone()) {
            return None;
        }
        // SAFETY: the parts are those of one image, which stays, as the caller says (ORDER-8).
        Some(question(&unsafe { assemble(parts) }))
    }

    /// Returns the image of the place.
    ///
    /// # Safety
    /// Nothing writes to the place, and the image's bytes stay while the result is used.
    unsafe fn image(&self) -> Image<'static> {
        // SAFETY: upheld by the caller.
        unsafe { assemble(self.parts()) }
    }

    fn parts(&self) -> Parts {
        let [start, end] = self.code.each_ref().map(|word| word.load(Relaxed));
        let tables = self.tables.each_ref();
        let tables = tables.map(|(start, length)| (start.load(Relaxed), length.load(Relaxed)));
        (start..end, tables)
    }
}

/// The addresses of the code, and the addresses and lengths of the tables.
type Parts = (core::ops::Range<usize>, [(*mut u8, usize); 3]);

/// Makes an image of its parts.
///
/// # Safety
/// The parts are those of one image, whose bytes stay while the result is used.
unsafe fn assemble((code, tables): Parts) -> Image<'static> {
    let [eh_frame_hdr, eh_frame, except_table] = tables.map(|(start, length)| {
        // SAFETY: the address and the length are those of one of the image's slices.
        unsafe { slice::from_raw_parts(start.cast_const(), length) }
    });
    Image {
        code,
        eh_frame_hdr,
        eh_frame,
        except_table,
    }
}
