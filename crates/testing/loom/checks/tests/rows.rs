//! Races reads of cached rows of unwind tables with loads and unloads of images.
//!
//! Bounds: two threads and at most two preemptions. Either there are two images, and the second takes the addresses
//! of the first; or there are five addresses, whose rows share the four places of one set. The cache has no SeqCst
//! load, so the loom primitives add no fence to its accesses.
#![cfg(target_arch = "x86_64")]

use samara_loom::host;
use samara_loom::images::{self, Loaded, find_row};
use samara_loom_primitives::{Check, Fault, Weaken};

const PC: usize = 0x1_0100;

const fn cache(fault: Fault) -> Weaken {
    Weaken {
        file: "unwind/src/tables/cache.rs",
        fault,
    }
}

const fn check(name: &'static str) -> Check {
    Check::new(name, 96, 8).preemptions(2)
}

/// One thread looks up a row and caches it, while another thread unloads the row's image and loads a second image.
fn remember_and_unload() {
    host::begin();
    images::begin();
    let first = Loaded::new(1, PC);
    let reader = host::spawn(1, || {
        let _ = find_row(PC);
    });
    let second = first.unregister().ok().map(|first| {
        images::unload(first);
        assert_eq!(find_row(PC), None, "found a row of an unloaded image");
        Loaded::new(2, PC)
    });
    let now = second.map(|_| 2);
    assert_eq!(find_row(PC), now, "found a row of an unloaded image");
    reader.join().unwrap();
    assert_eq!(find_row(PC), now, "found a row of an unloaded image");
}

/// Invariant: ORDER-9
#[test]
fn no_row_of_an_unloaded_image_is_found() {
    check("remember and unload").run(remember_and_unload);
}

#[test]
#[should_panic(expected = "parts of two rows")]
fn cached_rows_need_the_order_of_their_words() {
    check("remember and unload, weakened")
        .weaken(cache(Fault::Order))
        .run(remember_and_unload);
}

/// Returns five addresses whose rows share one set of four places.
fn same_set() -> [usize; 5] {
    // This must be the same hash as the cache's. With a different one the rows share no set, and the weakened tests
    // do not fail.
    let set = |pc: &usize| (*pc as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & 63;
    let mut all = (PC..).filter(|pc| set(pc) == set(&PC));
    [(); 5].map(|()| all.next().unwrap())
}

/// One thread reads a cached row, while another thread replaces that row by another one.
fn read_and_replace() {
    host::begin();
    images::begin();
    let _image = Loaded::new(1, PC);
    let [remembered @ .., another] = same_set();
    for pc in remembered {
        assert_eq!(find_row(pc), Some(1));
    }
    let reader = host::spawn(1, move || {
        // `another` replaces the row of the first address. Each of the four places was written once, and the cache
        // reuses the first one next.
        assert_eq!(find_row(remembered[0]), Some(1));
    });
    assert_eq!(find_row(another), Some(1));
    reader.join().unwrap();
}

/// Invariant: ORDER-9
#[test]
fn a_row_is_read_whole() {
    check("read and replace").run(read_and_replace);
}

#[test]
#[should_panic(expected = "parts of two rows")]
fn whole_rows_need_the_writers_release() {
    check("read and replace, writer weakened")
        .weaken(cache(Fault::Release))
        .run(read_and_replace);
}

#[test]
#[should_panic(expected = "parts of two rows")]
fn whole_rows_need_the_readers_acquire() {
    check("read and replace, reader weakened")
        .weaken(cache(Fault::Acquire))
        .run(read_and_replace);
}
