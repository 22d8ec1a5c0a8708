//! Where one registered image is kept: readers take no lock and never wait.
//!
//! A place counts its readers beside a mark that it is closed. A reader counts itself in, then looks at
//! the mark; whoever unregisters sets the mark, then looks at the count. So either the reader sees the
//! mark and goes, or the other sees the reader and the image stays.
//!
//! A raise is not counted: its thread may be cut at any instruction, and would stay counted for ever. It
//! needs no count, since the image that its frames are in cannot be unloaded under them; what it
//! must not take is parts of two images, and `serial` tells.

use super::Image;
use crate::primitive::atomic::Ordering::{Relaxed, Release, SeqCst};
use crate::primitive::atomic::{AtomicPtr, AtomicUsize, fence};
use core::slice;

/// The place holds no image, or one that is about to go: readers turn back.
const CLOSED: usize = 1 << (usize::BITS - 1);
/// Somebody has the place to write to.
const CLAIMED: usize = CLOSED >> 1;

pub(super) struct Place {
    /// Readers, and the marks.
    users: AtomicUsize,
    /// How often it was registered and unregistered, so that an old [`ImageId`](super::ImageId) does not
    /// name a new image.
    serial: AtomicUsize,
    /// Where the image's code begins and ends.
    code: [AtomicUsize; 2],
    /// Its header, entries and language-specific data: where they begin, and their lengths.
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

    /// Puts the image here and returns the place's new serial number; `None` if it is taken.
    pub(super) fn fill(&self, image: &Image<'static>) -> Option<usize> {
        // Closed, not claimed, and no reader who has yet to turn back.
        let claim = CLOSED | CLAIMED;
        if self.users.compare_exchange(CLOSED, claim, SeqCst, SeqCst) != Ok(CLOSED) {
            return None;
        }
        // Before the first part changes, readers that are not counted see the mark.
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

    /// Lets readers in, once all else is known of a [filled](Self::fill) place.
    pub(super) fn open(&self) {
        self.users.fetch_and(!(CLOSED | CLAIMED), SeqCst);
    }

    /// Whether the place still has this serial number, as far as is known here: whoever has an id knows of what
    /// gave it that.
    pub(super) fn is_serial(&self, serial: usize) -> bool {
        self.serial.load(Relaxed) == serial
    }

    /// Lets no more readers in; whether there are none any more.
    pub(super) fn close(&self) -> bool {
        let claim = CLOSED | CLAIMED;
        self.users.fetch_or(claim, SeqCst) & !claim == 0
    }

    /// Makes a [closed](Self::close) place without readers free again.
    pub(super) fn empty(&self) {
        // Readers that come from now on turn back without a look.
        self.serial.fetch_add(1, SeqCst);
        self.users.fetch_and(!CLAIMED, SeqCst);
    }

    /// Asks the image, which stays until there is an answer; `None` if there is none.
    pub(super) fn ask<R>(&self, question: impl FnOnce(&Image<'static>) -> R) -> Option<R> {
        let open = self.users.fetch_add(1, SeqCst) & CLOSED == 0;
        let answer = open.then(|| {
            // SAFETY: the place is open and this reader counted, so nobody writes to it and the bytes
            // stay.
            question(&unsafe { self.image() })
        });
        self.users.fetch_sub(1, SeqCst);
        answer
    }

    /// The same without being counted.
    ///
    /// # Safety
    /// Whatever image `contains` is told of stays until there is an answer.
    #[cfg(any(feature = "dwarf", samara_model))]
    pub(super) unsafe fn ask_uncounted<R>(
        &self,
        contains: impl FnOnce(core::ops::Range<usize>) -> bool,
        question: impl FnOnce(&Image<'static>) -> R,
    ) -> Option<R> {
        use crate::primitive::atomic::Ordering::Acquire;

        let serial = self.serial.load(Acquire);
        let parts = self.parts();
        // If any part was a later image's, then its mark is seen now, or that it is open: and with that, its
        // serial number.
        fence(Acquire);
        let is_whole = self.users.load(Acquire) & CLOSED == 0 && self.is_serial(serial);
        if !is_whole || !contains(parts.0.clone()) {
            return None;
        }
        // SAFETY: parts of one image, which the caller says stays.
        Some(question(&unsafe { whole(parts) }))
    }

    /// # Safety
    /// Nobody writes to the place, and the image's bytes stay while it is used.
    unsafe fn image(&self) -> Image<'static> {
        // SAFETY: handed on.
        unsafe { whole(self.parts()) }
    }

    fn parts(&self) -> Parts {
        let [start, end] = self.code.each_ref().map(|word| word.load(Relaxed));
        let tables = self.tables.each_ref();
        let tables = tables.map(|(start, length)| (start.load(Relaxed), length.load(Relaxed)));
        (start..end, tables)
    }
}

/// Addresses of the code, and of its tables with their lengths.
type Parts = (core::ops::Range<usize>, [(*mut u8, usize); 3]);

/// # Safety
/// The parts are those of one image whose bytes stay while the result is used.
unsafe fn whole((code, tables): Parts) -> Image<'static> {
    let [eh_frame_hdr, eh_frame, except_table] = tables.map(|(start, length)| {
        // SAFETY: one of the image's slices.
        unsafe { slice::from_raw_parts(start.cast_const(), length) }
    });
    Image {
        code,
        eh_frame_hdr,
        eh_frame,
        except_table,
    }
}
