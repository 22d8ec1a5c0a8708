//! Rows of unwind tables that are remembered, against images that come and go.
//!
//! Bounds: two images that have an address one after the other, or the four places of addresses that share
//! them; two threads, at most two preemptions. The cache has no SeqCst load, so models add no fence to it.
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

/// A row is looked up, and remembered, while its image goes and another one comes.
fn remember_and_unload() {
    host::begin();
    images::begin();
    let first = Loaded::new(1, PC);
    let reader = host::spawn(1, || {
        let _ = find_row(PC);
    });
    let second = first.unregister().ok().map(|first| {
        images::unload(first);
        assert_eq!(find_row(PC), None, "a row of what has gone");
        Loaded::new(2, PC)
    });
    let now = second.map(|_| 2);
    assert_eq!(find_row(PC), now, "a row of what has gone");
    reader.join().unwrap();
    assert_eq!(find_row(PC), now, "a row of what has gone");
}

#[test]
fn no_row_is_remembered_of_an_image_that_has_gone() {
    check("remember and unload").run(remember_and_unload);
}

#[test]
#[should_panic(expected = "parts of two rows")]
fn no_row_is_remembered_of_an_image_that_has_gone_by_the_order_of_its_words_only() {
    check("remember and unload, weakened")
        .weaken(cache(Fault::Order))
        .run(remember_and_unload);
}

/// Addresses whose rows share four places.
fn same_set() -> [usize; 5] {
    // As the cache has it: with another hash the weakened variants do not fail.
    let set = |pc: &usize| (*pc as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & 63;
    let mut all = (PC..).filter(|pc| set(pc) == set(&PC));
    [(); 5].map(|()| all.next().unwrap())
}

/// A remembered row is read while another one is written in its place.
fn read_and_replace() {
    host::begin();
    images::begin();
    let _image = Loaded::new(1, PC);
    let [remembered @ .., another] = same_set();
    for pc in remembered {
        assert_eq!(find_row(pc), Some(1));
    }
    let reader = host::spawn(1, move || {
        // The first place is the one that was written to least.
        assert_eq!(find_row(remembered[0]), Some(1));
    });
    assert_eq!(find_row(another), Some(1));
    reader.join().unwrap();
}

#[test]
fn a_row_is_read_whole() {
    check("read and replace").run(read_and_replace);
}

#[test]
#[should_panic(expected = "parts of two rows")]
fn a_row_is_read_whole_by_who_writes_only() {
    check("read and replace, writer weakened")
        .weaken(cache(Fault::Release))
        .run(read_and_replace);
}

#[test]
#[should_panic(expected = "parts of two rows")]
fn a_row_is_read_whole_by_who_reads_only() {
    check("read and replace, reader weakened")
        .weaken(cache(Fault::Acquire))
        .run(read_and_replace);
}
