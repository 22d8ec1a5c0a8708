//! The registered images, which may be added and removed while other threads unwind.

use super::slot::Place;
use super::{Finder, Image, LandingPad, Rules, TableError, cache};
use crate::primitive::atomic::{AtomicUsize, Ordering::SeqCst};
use core::ops::Range;

/// The most images that may be registered at a time.
pub const MAX_IMAGES: usize = 128;

static PLACES: [Place; MAX_IMAGES] = [const { Place::new() }; MAX_IMAGES];

/// The bounds of each image's code, side by side so that a search reads few cache lines. Only a hint: the place itself
/// decides.
static STARTS: [AtomicUsize; MAX_IMAGES] = [const { AtomicUsize::new(usize::MAX) }; MAX_IMAGES];
static ENDS: [AtomicUsize; MAX_IMAGES] = [const { AtomicUsize::new(0) }; MAX_IMAGES];
/// The number of places that were ever used: no place from this index on was.
static USED: AtomicUsize = AtomicUsize::new(0);

/// The handle of a registered image.
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
    /// [`MAX_IMAGES`] images are registered already.
    Full,
}

impl core::fmt::Display for RegisterError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("`MAX_IMAGES` images are registered already; unregister one")
    }
}

impl core::error::Error for RegisterError {}

/// A thread still reads the image's tables. Try again with the handle inside.
#[derive(Debug, PartialEq, Eq)]
pub struct InUse(pub ImageId);

impl core::fmt::Display for InUse {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the image's tables are being read; unregister it again")
    }
}

impl core::error::Error for InUse {}

/// Makes an image known to [`Registered`]. The image that is registered first is found fastest.
///
/// # Errors
/// [`RegisterError::Full`].
///
/// # Safety
/// The bytes of its tables do not change until [`unregister_image`] has succeeded, and they describe its code
/// correctly: a raise of the `dwarf` backend, and a cut by [`Registered`], go where the tables lead. A damaged table is
/// allowed only if it leads nowhere.
pub unsafe fn register_image(image: Image<'static>) -> Result<ImageId, RegisterError> {
    let Range { start, end } = image.code.clone();
    for (at, place) in PLACES.iter().enumerate() {
        let Some(serial) = place.fill(&image) else {
            continue;
        };
        ENDS[at].store(end, SeqCst);
        STARTS[at].store(start, SeqCst);
        place.open();
        USED.fetch_max(at + 1, SeqCst);
        cache::begin_epoch();
        return Ok(ImageId { place: at, serial });
    }
    Err(RegisterError::Full)
}

/// Removes a registered image, so that no thread finds it any more. Once this succeeds, no thread reads its tables
/// either, and it may be unloaded.
///
/// # Errors
/// [`InUse`] while a thread still reads the tables. That is bounded work, so try again. Never waits.
pub fn unregister_image(id: ImageId) -> Result<(), InUse> {
    let place = &PLACES[id.place];
    if !place.is_serial(id.serial) {
        // Handles are neither copied nor forged, so the image of this one was removed before.
        return Ok(());
    }
    let is_unused = place.close();
    STARTS[id.place].store(usize::MAX, SeqCst);
    ENDS[id.place].store(0, SeqCst);
    cache::begin_epoch();
    if !is_unused {
        return Err(InUse(id));
    }
    place.empty();
    Ok(())
}

/// The [`Finder`] for all registered images.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registered;

impl Registered {
    /// Returns the places of the images whose code contains `pc`, according to the hints.
    fn candidates(pc: usize) -> impl Iterator<Item = &'static Place> {
        let used = USED.load(SeqCst).min(MAX_IMAGES);
        let is_near =
            move |at: &usize| STARTS[*at].load(SeqCst) <= pc && pc < ENDS[*at].load(SeqCst);
        (0..used).filter(is_near).map(|at| &PLACES[at])
    }

    /// Asks the images whose code contains `pc`, and is counted as a reader of them.
    pub(super) fn ask<R>(
        pc: usize,
        question: impl Fn(&Image<'static>) -> Result<R, TableError>,
    ) -> Result<R, TableError> {
        let answers = Self::candidates(pc).filter_map(|place| place.ask(&question));
        first(answers)
    }

    /// Asks the image whose code contains `pc`, without being counted as a reader.
    ///
    /// # Safety
    /// If an image contains `pc`, it stays until this returns.
    #[cfg(any(feature = "dwarf", samara_model))]
    #[inline]
    pub(super) unsafe fn ask_active<R>(
        pc: usize,
        question: impl Fn(&Image<'static>) -> Result<R, TableError>,
    ) -> Result<R, TableError> {
        let contains = |code: Range<usize>| code.contains(&pc);
        first(Self::candidates(pc).filter_map(|place| {
            // SAFETY: only an image that contains `pc` is asked, and that stays, as the caller says (ORDER-46).
            unsafe { place.ask_uncounted(contains, &question) }
        }))
    }
}

/// Returns the first answer other than [`TableError::NoEntry`].
fn first<R>(mut answers: impl Iterator<Item = Result<R, TableError>>) -> Result<R, TableError> {
    let known = answers.find(|answer| !matches!(answer, Err(TableError::NoEntry)));
    known.unwrap_or(Err(TableError::NoEntry))
}

impl Registered {
    /// Returns the rules at `pc`, and the landing pad if it is known, if the cache has them.
    #[inline]
    pub(crate) fn remembered(pc: usize) -> Option<(Rules, Option<LandingPad>)> {
        let (row, pad) = cache::get(pc)?;
        Some((row.into(), pad))
    }

    /// Looks up the rules and the landing pad at `pc`. Does not count the thread as a reader, so a cut meanwhile
    /// leaves no count behind.
    ///
    /// # Safety
    /// If an image contains `pc`, it stays until this returns. That is so if `pc` is in an active frame.
    #[cfg(feature = "dwarf")]
    #[cold]
    pub(crate) unsafe fn active_frame(pc: usize) -> Result<(Rules, LandingPad), TableError> {
        let epoch = cache::epoch();
        // SAFETY: upheld by the caller.
        let (rules, pad) = unsafe { Self::ask_active(pc, |image| image.frame(pc)) }?;
        cache::put(pc, epoch, &rules, Some(pad));
        Ok((rules, pad))
    }

    #[cold]
    fn frame(pc: usize) -> Result<(Rules, LandingPad), TableError> {
        Self::ask_and_remember(pc, |image| image.frame(pc))
    }

    #[inline]
    pub(super) fn ask_and_remember(
        pc: usize,
        question: impl Fn(&Image<'static>) -> Result<(Rules, LandingPad), TableError>,
    ) -> Result<(Rules, LandingPad), TableError> {
        let epoch = cache::epoch();
        let (rules, pad) = Self::ask(pc, question)?;
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
        let epoch = cache::epoch();
        match cache::get(pc) {
            Some((_, Some(pad))) => Ok(pad),
            // The caller, such as a cut, has just asked for the rules.
            Some((row, None)) => {
                let pad = Self::ask(pc, |image| image.landing_pad(pc))?;
                cache::put(pc, epoch, &row.into(), Some(pad));
                Ok(pad)
            }
            None => match Self::frame(pc) {
                Ok((_, pad)) => Ok(pad),
                // The error may concern only the rules, so this asks for the landing pad alone.
                Err(_) => Self::ask(pc, |image| image.landing_pad(pc)),
            },
        }
    }

    fn is_registered(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Image, InUse, Registered, register_image, unregister_image};
    use crate::tables::TableError;
    use core::ops::Range;
    use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
    use std::boxed::Box;
    use std::thread;

    /// Makes an image without a table, whose language-specific data are `bytes`.
    fn image(code: Range<usize>, bytes: &'static [u8]) -> Image<'static> {
        Image {
            code,
            eh_frame_hdr: &[],
            eh_frame: &[],
            except_table: bytes,
        }
    }

    fn is_known(pc: usize) -> bool {
        Registered::ask(pc, |_| Ok(())).is_ok()
    }

    /// Invariant: ORDER-46
    #[test]
    fn an_image_in_use_stays_but_is_not_found() {
        const PC: usize = 0x1000;
        // SAFETY: the bytes are static, and without a header no table leads anywhere.
        let id = unsafe { register_image(image(PC..PC + 16, &[7])) };
        let id = Some(id.expect("room for one image"));
        assert!(is_known(PC) && is_known(PC + 15) && !is_known(PC + 16));
        let id = core::cell::Cell::new(id);
        let answer = Registered::ask(PC, |image| {
            for _ in 0..2 {
                let registered = id.take().expect("it is registered");
                let InUse(still) = unregister_image(registered).expect_err("it is being read");
                assert!(!is_known(PC), "no other reader finds it");
                id.set(Some(still));
            }
            Ok(image.except_table[0])
        });
        assert_eq!(answer, Ok(7));
        let id = id.take().expect("it was not unregistered");
        assert_eq!(unregister_image(id), Ok(()));
        assert!(!is_known(PC));
    }

    /// Sets the flag that ends the other threads, even if the test panics.
    struct Over<'a>(&'a AtomicBool);

    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }

    /// Readers on other threads never see the bytes of an image that was unregistered.
    ///
    /// Invariant: ORDER-46
    #[test]
    fn readers_find_an_image_whole_or_not_at_all() {
        const PC: usize = 0x2000;
        let over = AtomicBool::new(false);
        let (found, torn) = (AtomicUsize::new(0), AtomicBool::new(false));
        let is_whole = |image: &Image<'_>| {
            let first = image.except_table[0];
            first != 0 && image.except_table.iter().all(|byte| *byte == first)
        };
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(SeqCst) {
                        match Registered::ask(PC, |image| Ok(is_whole(image))) {
                            Ok(true) => drop(found.fetch_add(1, SeqCst)),
                            Err(TableError::NoEntry) => {}
                            _ => torn.store(true, SeqCst),
                        }
                    }
                });
            }
            let _over = Over(&over);
            for turn in 0..20_000_usize {
                // The size and the content differ each time.
                let bytes = Box::leak(std::vec![1 + (turn % 255) as u8; 1 + turn % 64].into());
                let place = core::ptr::from_mut::<[u8]>(bytes);
                // SAFETY: nothing writes there before the image is unregistered.
                let loaded = image(PC..PC + 1, unsafe { &*place });
                let before = found.load(SeqCst);
                // SAFETY: as above.
                let id = unsafe { register_image(loaded) };
                let mut id = Some(id.expect("room for one more image"));
                // Every hundredth image stays until a reader has found it, however busy the processors are.
                while turn % 100 == 0 && found.load(SeqCst) == before && !torn.load(SeqCst) {
                    thread::yield_now();
                }
                while let Some(registered) = id {
                    id = unregister_image(registered).err().map(|in_use| in_use.0);
                }
                // SAFETY: the image is unregistered, so nothing reads the bytes any more.
                let bytes = unsafe { &mut *place };
                bytes.fill(0);
                // SAFETY: the bytes came from a box that was leaked.
                drop(unsafe { Box::from_raw(place) });
            }
        });
        assert!(!torn.load(SeqCst), "a reader saw an unregistered image");
        assert!(found.load(SeqCst) >= 200);
    }
}
