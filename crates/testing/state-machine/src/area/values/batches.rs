//! Compares `RRefDeque` with `VecDeque` as the reference.

use crate::surface::call;
use samara_domain::{RRef, RRefDeque};
use samara_testkit::hosted::Rng;
use std::collections::VecDeque;
use std::fmt::Debug;

type Batch = RRefDeque<u64, 4>;

pub(super) fn play(rng: &mut Rng) {
    let mut batch = match rng.below(3) {
        0 => call!(Batch::new),
        1 => call!(<Batch as Default>::default),
        _ => call!(Batch::try_new).unwrap_or_else(|error| panic!("{error}")),
    };
    let mut known = VecDeque::new();
    for _ in 0..rng.below(24) {
        let value = rng.below(1 << 30) as u64;
        step(rng, &mut batch, &mut known, value);
        assert_eq!(call!(Batch::len, &batch), known.len());
        assert_eq!(call!(Batch::is_empty, &batch), known.is_empty());
        assert_eq!(
            call!(Batch::is_full, &batch),
            known.len() == call!(Batch::capacity, &batch)
        );
        assert!(
            call!(Batch::iter, &batch)
                .map(|at| **at)
                .eq(known.iter().copied())
        );
    }
    let shown = super::told::by(|f| call!(<Batch as Debug>::fmt, &batch, f));
    assert_eq!(shown, format!("{known:?}"));
    let mut other = Batch::new();
    for value in &known {
        assert!(other.push_back(RRef::new(*value)).is_ok());
    }
    assert!(call!(<Batch as PartialEq>::eq, &batch, &other));
}

fn step(rng: &mut Rng, batch: &mut Batch, known: &mut VecDeque<u64>, value: u64) {
    let full = known.len() == 4;
    let at = rng.below(5);
    match rng.below(7) {
        0 => {
            let pushed = call!(Batch::push_back, batch, RRef::new(value));
            assert_eq!(pushed.is_err(), full);
            if !full {
                known.push_back(value);
            }
        }
        1 => {
            let pushed = call!(Batch::push_front, batch, RRef::new(value));
            assert_eq!(pushed.is_err(), full);
            if !full {
                known.push_front(value);
            }
        }
        2 => {
            let popped = call!(Batch::pop_back, batch).map(RRef::into_inner);
            assert_eq!(popped, known.pop_back());
        }
        3 => {
            let popped = call!(Batch::pop_front, batch).map(RRef::into_inner);
            assert_eq!(popped, known.pop_front());
        }
        4 => assert_eq!(
            call!(Batch::get, batch, at).map(|at| **at),
            known.get(at).copied()
        ),
        5 => {
            if let Some(member) = call!(Batch::get_mut, batch, at) {
                *member = value;
                known[at] = value;
            }
        }
        _ => match call!(Batch::replace, batch, at, RRef::new(value)) {
            Ok(former) => {
                assert_eq!(*former, known[at]);
                known[at] = value;
            }
            Err(object) => assert!(*object == value && at >= known.len()),
        },
    }
}
