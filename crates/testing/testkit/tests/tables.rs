//! The unwind tables of an image are untrusted. Mutated tables lead to errors or wrong frames, but never to a panic,
//! a hang or a read outside of the tables.
#![cfg(all(feature = "contained", target_arch = "x86_64", target_os = "linux"))]
#![expect(
    unsafe_code,
    reason = "registers images, and removes them before their memory is freed"
)]

use samara_testkit::contained::program_image;
use samara_testkit::hosted::{Rng, wait_until};
use samara_unwind::tables::{
    Finder, Image, LandingPad, Registered, TableError, register_image, unregister_image,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// The number of mutated tables that the test tries.
const MUTATIONS: usize = if cfg!(debug_assertions) {
    20_000
} else {
    100_000
};

/// A copy of an image's tables, which a test may change. Its range of code has the same distance from the copy as the
/// image's code has from the image's tables, so that relative pointers stay right.
struct Copy {
    bytes: Box<[u8]>,
    header: usize,
    frames: usize,
    code: std::ops::Range<usize>,
}

impl Copy {
    fn of(image: &Image<'_>) -> Self {
        let start = image.except_table.as_ptr().addr();
        let bytes: Box<[u8]> = image.except_table.into();
        let moved = bytes.as_ptr().addr().wrapping_sub(start);
        Self {
            header: image.eh_frame_hdr.as_ptr().addr() - start,
            frames: image.eh_frame.as_ptr().addr() - start,
            code: image.code.start.wrapping_add(moved)..image.code.end.wrapping_add(moved),
            bytes,
        }
    }

    fn start(&self) -> usize {
        self.bytes.as_ptr().addr()
    }

    fn offset(&self, at: usize) -> isize {
        let word = self.bytes[at..at + 4].try_into().expect("four bytes");
        i32::from_le_bytes(word) as isize
    }

    fn word(&self, at: usize) -> usize {
        self.offset(at) as u32 as usize
    }

    fn image(&self) -> Image<'_> {
        Image {
            code: self.code.clone(),
            eh_frame_hdr: &self.bytes[self.header..],
            eh_frame: &self.bytes[self.frames..],
            except_table: &self.bytes,
        }
    }
}

#[test]
fn intact_tables_cover_most_of_the_code() {
    let copy = Copy::of(program_image());
    let image = copy.image();
    let mut found = 0;
    let mut asked = 0;
    for pc in image.code.clone().step_by(97) {
        asked += 1;
        match image.rules(pc) {
            Ok(_) => found += 1,
            Err(error) => assert!(
                matches!(error, TableError::NoEntry | TableError::Unsupported),
                "{error} at {pc:#x}"
            ),
        }
        assert_ne!(image.landing_pad(pc), Err(TableError::Damaged), "{pc:#x}");
    }
    // Padding between functions and the linker's stubs have no entry.
    assert!(
        found * 10 > asked * 9,
        "only {found} of {asked} addresses have rules"
    );
    assert_eq!(image.rules(image.code.end).err(), Some(TableError::NoEntry));
}

/// Invariant: ORDER-45, ORDER-49
#[test]
fn mutated_tables_are_errors_and_nothing_worse() {
    let mut copy = Copy::of(program_image());
    let mut rng = Rng::new(0x7ab1e5);
    let mut slowest = Duration::ZERO;
    let (mut damaged, mut damaged_pads, mut pads) = (0, 0, 0);
    for _ in 0..MUTATIONS {
        // Picks a function, and a place to change: in the header, in the function's entry, in the part that entries
        // share, in the function's language-specific data, or anywhere.
        let pair = copy.header + 12 + 8 * rng.below(copy.word(copy.header + 8));
        let function = copy.start() + copy.header;
        let function = function.wrapping_add_signed(copy.offset(pair));
        let entry = copy.header.wrapping_add_signed(copy.offset(pair + 4));
        let length = copy.word(entry + 12).max(1);
        let from = match rng.below(8) {
            0 => copy.header,
            1 => pair,
            2 | 3 => entry + 4 - copy.word(entry + 4),
            4 => rng.below(copy.bytes.len()),
            // The function's language-specific data, if the entry has any. The entry holds a relative pointer to
            // these data, after a byte of length.
            5 | 6 if copy.bytes[entry + 16] == 4 => {
                (entry + 17).wrapping_add_signed(copy.offset(entry + 17))
            }
            _ => entry,
        };
        let reach = 1 << rng.below(7);
        let mut saved = Vec::new();
        for _ in 0..1 + rng.below(8) {
            let at = (from + rng.below(reach)).min(copy.bytes.len() - 1);
            saved.push((at, copy.bytes[at]));
            copy.bytes[at] = match rng.below(4) {
                0 => 0xff,
                1 => 0,
                2 => copy.bytes[at] ^ 1 << rng.below(8),
                _ => rng.below(256) as u8,
            };
        }
        let image = copy.image();
        for near in [true, true, false, false] {
            let pc = function.wrapping_add(rng.below(if near { 64 } else { length }));
            let start = Instant::now();
            let rules = image.rules(pc);
            let has_rules = rules.is_ok();
            damaged += usize::from(rules.err() == Some(TableError::Damaged));
            let pad = image.landing_pad(pc);
            damaged_pads += usize::from(has_rules && pad == Err(TableError::Damaged));
            if let Ok(
                LandingPad::CleanUp(pad) | LandingPad::Catch(pad) | LandingPad::Terminate(pad),
            ) = pad
            {
                let function = image
                    .function(pc)
                    .expect("an address with a landing pad is in a function");
                assert!(
                    function.contains(&pad),
                    "the landing pad lies in another function"
                );
                pads += 1;
            }
            slowest = slowest.max(start.elapsed());
        }
        for (at, byte) in saved.into_iter().rev() {
            copy.bytes[at] = byte;
        }
    }
    assert!(
        damaged > MUTATIONS / 50,
        "only {damaged} look-ups met damage"
    );
    assert!(
        damaged_pads > MUTATIONS / 500,
        "only {damaged_pads} landing pads were damaged beside valid rules"
    );
    assert!(pads > MUTATIONS / 20, "only {pads} landing pads were found");
    assert!(
        slowest < Duration::from_secs(1),
        "a look-up took {slowest:?}"
    );
}

/// Returns the copy's image with a static lifetime. The caller keeps the copy until the image is no longer registered.
fn forever(copy: &Copy) -> Image<'static> {
    let bytes = std::ptr::from_ref::<[u8]>(&copy.bytes);
    // SAFETY: the copy is dropped only when its image is no longer registered.
    let bytes: &'static [u8] = unsafe { &*bytes };
    Image {
        code: copy.code.clone(),
        eh_frame_hdr: &bytes[copy.header..],
        eh_frame: &bytes[copy.frames..],
        except_table: bytes,
    }
}

/// Invariant: ORDER-45, ORDER-46
#[test]
fn images_come_and_go_while_others_look_them_up() {
    const LOADS: usize = 200;
    let (stop, found) = (AtomicBool::new(false), AtomicUsize::new(0));
    let place = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for seed in 0..2 {
            let (stop, found, place) = (&stop, &found, &place);
            scope.spawn(move || {
                let mut rng = Rng::new(seed);
                while !stop.load(SeqCst) {
                    let pc = place.load(SeqCst).wrapping_add(rng.below(1 << 16));
                    found.fetch_add(usize::from(Registered.rules(pc).is_ok()), SeqCst);
                }
            });
        }
        for load in 0..LOADS {
            let copy = Copy::of(program_image());
            // SAFETY: unregistered below, before the copy is dropped.
            let id = unsafe { register_image(forever(&copy)) }.expect("room for one more");
            let before = found.load(SeqCst);
            place.store(copy.code.start, SeqCst);
            wait_until("a look-up", || found.load(SeqCst) > before);
            let mut left = Some(id);
            while let Some(id) = left {
                left = unregister_image(id).err().map(|in_use| in_use.0);
            }
            let pc = copy.code.start;
            // The copy is a megabyte or larger, so its memory goes back to the system when it is dropped. A later
            // read of it would fault.
            drop(copy);
            assert_eq!(
                Registered.rules(pc).err(),
                Some(TableError::NoEntry),
                "{load}"
            );
        }
        stop.store(true, SeqCst);
    });
    assert!(found.load(SeqCst) >= LOADS);
}

#[test]
fn the_last_of_many_images_is_found() {
    let copy = Copy::of(program_image());
    let pc = copy.code.start + copy.code.len() / 2;
    let elsewhere = |at: usize| Image {
        code: at..at + 1,
        ..forever(&copy)
    };
    let mut ids = Vec::new();
    for at in 0..100 {
        // SAFETY: unregistered below, before the copy is dropped.
        ids.push(unsafe { register_image(elsewhere(at)) }.expect("room for a hundred"));
    }
    // SAFETY: as above.
    ids.push(unsafe { register_image(forever(&copy)) }.expect("room for one more"));
    let known = forever(&copy).rules(pc).is_ok();
    assert_eq!(Registered.rules(pc).is_ok(), known);
    for id in ids {
        let mut left = Some(id);
        while let Some(id) = left {
            left = unregister_image(id).err().map(|in_use| in_use.0);
        }
    }
    assert_eq!(Registered.rules(pc).err(), Some(TableError::NoEntry));
}
