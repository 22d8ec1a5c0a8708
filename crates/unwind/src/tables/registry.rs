//! Images that come and go while others unwind: readers take no lock and never wait.
//!
//! Each place counts its readers beside a mark that it is closed. A reader counts itself in, then
//! looks at the mark; whoever unregisters sets the mark, then looks at the count. So either the
//! reader sees the mark and goes, or the other sees the reader and the image stays.

use super::{Finder, Image, LandingPad, Rules, TableError, cache};
use core::cell::UnsafeCell;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// How many images may be registered at a time.
pub const MAX_IMAGES: usize = 128;

/// The place holds no image, or one that is about to go: readers turn back.
const CLOSED: usize = 1 << (usize::BITS - 1);
/// Somebody has the place to write to.
const CLAIMED: usize = CLOSED >> 1;

/// Counts the place's uses too, so that an old [`ImageId`] does not name a new image.
struct Place {
    /// Readers, and the marks.
    users: AtomicUsize,
    /// How often it was registered.
    serial: AtomicUsize,
    image: UnsafeCell<Image<'static>>,
}

// SAFETY: the cell is written only by whoever claimed the place while it was closed and without
// readers, and read only by counted readers of an open place.
unsafe impl Sync for Place {}

static PLACES: [Place; MAX_IMAGES] = [const {
    Place {
        users: AtomicUsize::new(CLOSED),
        serial: AtomicUsize::new(0),
        image: UnsafeCell::new(Image::NONE),
    }
}; MAX_IMAGES];

/// Where each image's code stands, side by side so that a search reads few lines. A guess: what
/// counts is the place.
static STARTS: [AtomicUsize; MAX_IMAGES] = [const { AtomicUsize::new(usize::MAX) }; MAX_IMAGES];
static ENDS: [AtomicUsize; MAX_IMAGES] = [const { AtomicUsize::new(0) }; MAX_IMAGES];
/// No place from here on was ever used.
static USED: AtomicUsize = AtomicUsize::new(0);

/// A registered image.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an image that is to be unloaded must be unregistered first"]
pub struct ImageId {
    place: usize,
    serial: usize,
}

/// Why an image was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// There are [`MAX_IMAGES`] already.
    Full,
}

impl core::fmt::Display for RegisterError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("as many images as there is room for are registered; unregister one")
    }
}

impl core::error::Error for RegisterError {}

/// Somebody still reads the image's tables: try again.
#[derive(Debug, PartialEq, Eq)]
pub struct InUse(pub ImageId);

impl core::fmt::Display for InUse {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the image's tables are being read; unregister it again")
    }
}

impl core::error::Error for InUse {}

/// Makes an image known to [`Registered`]. The first one is found fastest.
///
/// # Errors
/// [`RegisterError::Full`].
///
/// # Safety
/// The bytes of its tables stay as they are until [`unregister_image`] has succeeded.
pub unsafe fn register_image(image: Image<'static>) -> Result<ImageId, RegisterError> {
    let Range { start, end } = image.code.clone();
    for (at, place) in PLACES.iter().enumerate() {
        // Closed, not claimed, and no reader who has yet to turn back.
        let claim = CLOSED | CLAIMED;
        if place.users.compare_exchange(CLOSED, claim, SeqCst, SeqCst) != Ok(CLOSED) {
            continue;
        }
        // SAFETY: closed and claimed: readers turn back before they look, writers before they write.
        unsafe { *place.image.get() = image };
        let serial = place.serial.fetch_add(1, SeqCst).wrapping_add(1);
        ENDS[at].store(end, SeqCst);
        STARTS[at].store(start, SeqCst);
        place.users.fetch_and(!claim, SeqCst);
        USED.fetch_max(at + 1, SeqCst);
        cache::begin_epoch();
        return Ok(ImageId { place: at, serial });
    }
    Err(RegisterError::Full)
}

/// Takes a registered image back: nobody finds it any more. Once this succeeds nobody reads its
/// tables either, and it may be unloaded.
///
/// # Errors
/// [`InUse`] while somebody still reads them: bounded work, so try again. Never waits.
pub fn unregister_image(id: ImageId) -> Result<(), InUse> {
    let place = &PLACES[id.place];
    if place.serial.load(SeqCst) != id.serial {
        // Ids are neither copied nor forged: this one's image went before.
        return Ok(());
    }
    let claim = CLOSED | CLAIMED;
    let users = place.users.fetch_or(claim, SeqCst) & !claim;
    STARTS[id.place].store(usize::MAX, SeqCst);
    ENDS[id.place].store(0, SeqCst);
    cache::begin_epoch();
    if users != 0 {
        return Err(InUse(id));
    }
    // Readers that come from now on turn back without a look.
    place.serial.fetch_add(1, SeqCst);
    place.users.fetch_and(!CLAIMED, SeqCst);
    Ok(())
}

/// The images that are registered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registered;

impl Registered {
    /// Asks the images whose code `pc` is in.
    fn ask<R>(
        pc: usize,
        question: impl Fn(&Image<'static>) -> Result<R, TableError>,
    ) -> Result<R, TableError> {
        let used = USED.load(SeqCst).min(MAX_IMAGES);
        for at in 0..used {
            if STARTS[at].load(SeqCst) > pc || ENDS[at].load(SeqCst) <= pc {
                continue;
            }
            let place = &PLACES[at];
            let open = place.users.fetch_add(1, SeqCst) & CLOSED == 0;
            let answer = open.then(|| {
                // SAFETY: the place is open and this reader counted, so nobody writes to it.
                question(unsafe { &*place.image.get() })
            });
            place.users.fetch_sub(1, SeqCst);
            match answer {
                None | Some(Err(TableError::NoEntry)) => {}
                Some(answer) => return answer,
            }
        }
        Err(TableError::NoEntry)
    }
}

impl Registered {
    /// Both answers of a [`Finder`], if they are remembered.
    #[cfg(feature = "dwarf")]
    #[inline]
    pub(crate) fn remembered(pc: usize) -> Option<(Rules, LandingPad)> {
        let (row, pad) = cache::get(pc)?;
        Some((row.into(), pad?))
    }

    /// Both answers, for one look-up.
    #[cold]
    pub(crate) fn frame(pc: usize) -> Result<(Rules, LandingPad), TableError> {
        let epoch = cache::epoch();
        let (rules, pad) = Self::ask(pc, |image| image.frame(pc))?;
        cache::put(pc, epoch, &rules, Some(pad));
        Ok((rules, pad))
    }
}

impl Finder for Registered {
    fn rules(&self, pc: usize) -> Result<Rules, TableError> {
        if let Some((row, _)) = cache::get(pc) {
            return Ok(row.into());
        }
        let epoch = cache::epoch();
        let rules = Self::ask(pc, |image| image.rules(pc))?;
        cache::put(pc, epoch, &rules, None);
        Ok(rules)
    }

    fn landing_pad(&self, pc: usize) -> Result<LandingPad, TableError> {
        if let Some((_, Some(pad))) = cache::get(pc) {
            return Ok(pad);
        }
        match Self::frame(pc) {
            Ok((_, pad)) => Ok(pad),
            // Its rules may be what is wrong.
            Err(_) => Self::ask(pc, |image| image.landing_pad(pc)),
        }
    }
}
