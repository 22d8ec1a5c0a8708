//! Races look-ups of unwind tables with loads and unloads of images.
//!
//! Bounds: two threads and two images. The second image takes the addresses of the first, or lies elsewhere. loom
//! explores every interleaving, except in the tests of a raise: there it explores those with at most three
//! preemptions. `slot.rs` has no SeqCst load, so the loom primitives add no fence to its accesses.
#![cfg(target_arch = "x86_64")]
#![expect(unsafe_code, reason = "looks images up as a raise does")]

use samara_loom::host;
use samara_loom::images::{self, Loaded, find, find_active};
use samara_loom_primitives::{Check, Fault, Weaken};

const PC: usize = 0x1_0100;
const ELSEWHERE: usize = 0x2_0100;

const PLACE: &str = "unwind/src/tables/slot.rs";
const REGISTRY: &str = "unwind/src/tables/registry.rs";

const fn check(name: &'static str) -> Check {
    Check::new(name, 64, 8)
}

/// One thread looks up an image as a cut does, while another thread unloads the image and loads a second image at the
/// same addresses.
fn look_up_and_unload() {
    host::begin();
    images::begin();
    let first = Loaded::new(1, PC);
    let reader = host::spawn(1, || {
        let _ = find(PC);
    });
    match first.unregister() {
        Ok(first) => {
            images::unload(first);
            let second = Loaded::new(2, PC);
            assert_eq!(find(PC), Some(2));
            reader.join().unwrap();
            assert_eq!(
                second.unregister().ok(),
                Some(2),
                "nobody reads it, but it is in use"
            );
        }
        Err(first) => {
            assert_eq!(find(PC), None, "found after it was unregistered");
            reader.join().unwrap();
            let first = first.unregister().ok();
            images::unload(first.expect("nobody reads it"));
        }
    }
    assert_eq!(find(PC), None);
}

/// Invariant: ORDER-7
#[test]
fn an_image_in_use_stays_and_is_found_no_more() {
    check("look-up and unload").run(look_up_and_unload);
}

/// Takes all orderings from the index words that a look-up searches. They are only hints, so the test still passes.
///
/// Invariant: ORDER-7
#[test]
fn an_image_in_use_stays_without_index_order() {
    check("look-up and unload, guesses weakened")
        .weaken(Weaken {
            file: REGISTRY,
            fault: Fault::Order,
        })
        .run(look_up_and_unload);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn an_image_in_use_needs_the_places_order() {
    check("look-up and unload, weakened")
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Order,
        })
        .run(look_up_and_unload);
}

#[test]
#[should_panic(expected = "nobody reads it")]
fn an_image_in_use_needs_exact_counts() {
    check("look-up and unload, counts weakened")
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Compare,
        })
        .run(look_up_and_unload);
}

/// As [`look_up_and_unload`], with the look-up of a raise, which is not counted as a reader. In real use the image of
/// an active frame stays registered. Here it is unregistered while the raise looks it up, and only the bytes of both
/// images stay. So the raise may read the registry's place while the second image is written to it.
fn raise_and_reuse() {
    host::begin();
    images::begin();
    let first = Loaded::new(1, PC);
    let reader = host::spawn(1, || {
        // SAFETY: no image is unloaded in this test.
        let _ = unsafe { find_active(PC) };
    });
    assert_eq!(
        first.unregister().ok(),
        Some(1),
        "a raise must not count as a reader"
    );
    let _second = Loaded::new(2, PC);
    // SAFETY: as above.
    assert_eq!(unsafe { find_active(PC) }, Some(2));
    reader.join().unwrap();
}

/// Invariant: ORDER-8
#[test]
fn a_raise_never_takes_parts_of_two_images() {
    check("raise and reuse").preemptions(3).run(raise_and_reuse);
}

#[test]
#[should_panic(expected = "parts of two images")]
fn whole_images_in_a_raise_need_the_writers_release() {
    check("raise and reuse, writer weakened")
        .preemptions(3)
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Release,
        })
        .run(raise_and_reuse);
}

#[test]
#[should_panic(expected = "parts of two images")]
fn whole_images_in_a_raise_need_the_readers_acquire() {
    check("raise and reuse, reader weakened")
        .preemptions(3)
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Acquire,
        })
        .run(raise_and_reuse);
}

/// Two threads register one image each, and both try to take the first place.
fn register_and_register() {
    host::begin();
    images::begin();
    let other = host::spawn(1, || drop(Loaded::new(1, PC)));
    let loaded = Loaded::new(2, ELSEWHERE);
    assert_eq!(find(ELSEWHERE), Some(2));
    other.join().unwrap();
    assert_eq!(
        (find(PC), find(ELSEWHERE)),
        (Some(1), Some(2)),
        "one is lost of two registrations"
    );
    assert_eq!(loaded.unregister().ok(), Some(2));
    assert_eq!((find(PC), find(ELSEWHERE)), (Some(1), None));
}

/// Invariant: ORDER-7
#[test]
fn no_registration_is_lost() {
    check("register and register").run(register_and_register);
}

#[test]
#[should_panic(expected = "one is lost")]
fn registrations_need_the_claim_of_a_place() {
    check("register and register, claim weakened")
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Compare,
        })
        .run(register_and_register);
}

#[test]
#[should_panic(expected = "one is lost")]
fn registrations_need_the_count_of_places() {
    check("register and register, count weakened")
        .weaken(Weaken {
            file: REGISTRY,
            fault: Fault::Compare,
        })
        .run(register_and_register);
}
