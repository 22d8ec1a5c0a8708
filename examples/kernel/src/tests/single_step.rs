//! A tick that ends the domain may come between any two instructions of its work. Even then trusted code is not cut,
//! and each cut leaves the heap consistent.

use samara::prelude::*;

use super::kernel_tests;
use super::pair::leaves_nothing;
use super::stepped::{Stepped, Work};
use super::tick_each_instruction::{Answer, Walk, walk_all};

/// Does nothing. Calls that need no preparation use this function as their preparation.
fn nothing(_: &Proxy<dyn Stepped>) -> Answer {
    Ok(())
}

kernel_tests! {
    /// Invariant: TRAP-3
    /// Failure: F-18
    fn a_tick_after_any_instruction_leaves_the_heap_whole() {
        leaves_nothing(|pair| {
            let lent = RRef::new(3_u64);
            let call = |proxy: &Proxy<dyn Stepped>| {
                let back = proxy.exchange(RRef::new(4), &lent)?;
                assert_eq!(*back, 7);
                Ok(())
            };
            let (name, is_cold) = ("exchange", false);
            let walk = Walk { name, is_cold, prepare: &nothing, call: &call };
            let outcomes = walk.run(pair);
            assert_eq!(*lent, 3);
            assert!(outcomes.cut > 100 && outcomes.answered > 20, "ticks came in the domain's code and in trusted code");
        });
    }

    /// Invariant: TRAP-3
    /// Failure: F-18
    fn tick_anywhere_in_a_call_and_a_return() {
        type Step = fn(&Proxy<dyn Stepped>) -> Answer;
        let give: Step = |proxy| proxy.give(RRef::new(RRef::new(5)));
        let take: Step = |proxy| proxy.take().map(|object| assert_eq!(**object, 5));
        let cases: [(&str, Step, Step); 3] = [
            ("a call and no more", nothing, |proxy| proxy.nothing()),
            ("an argument", nothing, give),
            ("a result", give, take),
        ];
        leaves_nothing(|pair| {
            for (name, prepare, call) in cases {
                let walk = Walk { name, is_cold: false, prepare: &prepare, call: &call };
                let outcomes = walk.run(pair);
                assert!(outcomes.cut > 0 && outcomes.answered > 3, "{name}");
            }
        });
    }

    /// Invariant: TRAP-3
    /// Failure: F-18
    fn tick_anywhere_in_the_exchange_heap() {
        leaves_nothing(|pair| walk_all(pair, &[Work::Allocate, Work::Free, Work::FreeMany]));
    }

    /// Invariant: TRAP-3
    /// Failure: F-18
    fn tick_anywhere_in_private_heaps() {
        let small = [Work::AllocatePrivate, Work::FreePrivate, Work::GrowPrivate];
        leaves_nothing(|pair| walk_all(pair, &small));
        leaves_nothing(|pair| walk_all(pair, &[Work::AllocatePages, Work::FreePages]));
    }

    /// Invariant: TRAP-3
    /// Failure: F-18
    fn tick_anywhere_in_large_objects() {
        leaves_nothing(|pair| walk_all(pair, &[Work::AllocateLarge, Work::FreeLarge]));
    }

    /// Invariant: TRAP-3
    /// Failure: F-18
    fn tick_anywhere_in_capabilities_and_nested_calls() {
        leaves_nothing(|pair| {
            walk_all(pair, &[Work::CloneProxy, Work::DropProxy]);
            walk_all(pair, &[Work::CloneExported, Work::DropExported]);
            walk_all(pair, &[Work::Export, Work::DropExport, Work::CallOther]);
        });
    }
}
