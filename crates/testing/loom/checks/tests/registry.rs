//! Look-ups of unwind tables against images that come and go.
//!
//! Bounds: two images, of which one takes the other's addresses or stands elsewhere; two threads. Every
//! interleaving; of a raise, at most three preemptions. No place has a SeqCst load, so models add no fence to one.
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

/// A cut looks an image up that is unloaded meanwhile, and whose addresses another one takes.
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
            assert_eq!(second.unregister().ok(), Some(2), "nobody reads it");
        }
        Err(first) => {
            assert_eq!(find(PC), None, "found after it was closed");
            reader.join().unwrap();
            let first = first.unregister().ok();
            images::unload(first.expect("nobody reads it"));
        }
    }
    assert_eq!(find(PC), None);
}

#[test]
fn an_image_stays_while_it_is_read_and_nobody_finds_it_later() {
    check("look-up and unload").run(look_up_and_unload);
}

/// The words that are searched are guesses: no order of theirs is relied on.
#[test]
fn an_image_stays_while_it_is_read_whatever_was_guessed() {
    check("look-up and unload, guesses weakened")
        .weaken(Weaken {
            file: REGISTRY,
            fault: Fault::Order,
        })
        .run(look_up_and_unload);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn an_image_stays_while_it_is_read_by_the_places_order_only() {
    check("look-up and unload, weakened")
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Order,
        })
        .run(look_up_and_unload);
}

#[test]
#[should_panic(expected = "nobody reads it")]
fn an_image_stays_while_it_is_read_by_exact_counts_only() {
    check("look-up and unload, counts weakened")
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Compare,
        })
        .run(look_up_and_unload);
}

/// A raise does the same, and is not counted. Its image would stay; here the bytes of both do, so that it may
/// meet the place while that is filled anew.
fn raise_and_reuse() {
    host::begin();
    images::begin();
    let first = Loaded::new(1, PC);
    let reader = host::spawn(1, || {
        // SAFETY: no image is unloaded.
        let _ = unsafe { find_active(PC) };
    });
    assert_eq!(first.unregister().ok(), Some(1), "a raise is not counted");
    let _second = Loaded::new(2, PC);
    // SAFETY: as above.
    assert_eq!(unsafe { find_active(PC) }, Some(2));
    reader.join().unwrap();
}

#[test]
fn a_raise_never_takes_parts_of_two_images() {
    check("raise and reuse").preemptions(3).run(raise_and_reuse);
}

#[test]
#[should_panic(expected = "parts of two images")]
fn a_raise_never_takes_parts_of_two_images_by_who_fills_only() {
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
fn a_raise_never_takes_parts_of_two_images_by_who_reads_only() {
    check("raise and reuse, reader weakened")
        .preemptions(3)
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Acquire,
        })
        .run(raise_and_reuse);
}

/// Two images are registered at a time, which both want the first place.
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
        "one is lost"
    );
    assert_eq!(loaded.unregister().ok(), Some(2));
    assert_eq!((find(PC), find(ELSEWHERE)), (Some(1), None));
}

#[test]
fn no_registration_is_lost() {
    check("register and register").run(register_and_register);
}

#[test]
#[should_panic(expected = "one is lost")]
fn no_registration_is_lost_by_the_claim_of_a_place_only() {
    check("register and register, claim weakened")
        .weaken(Weaken {
            file: PLACE,
            fault: Fault::Compare,
        })
        .run(register_and_register);
}

#[test]
#[should_panic(expected = "one is lost")]
fn no_registration_is_lost_by_the_count_of_places_only() {
    check("register and register, count weakened")
        .weaken(Weaken {
            file: REGISTRY,
            fault: Fault::Compare,
        })
        .run(register_and_register);
}
