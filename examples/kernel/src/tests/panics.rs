//! Panics are contained and destructors run.

use core::fmt;
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::kernel_tests;

/// Counts its drops.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Panics on a bounds check after `depth` nested calls. Each frame holds a value whose drop is counted.
#[inline(never)]
fn index_deep(depth: usize, drops: &AtomicUsize, bytes: &[u8]) -> u8 {
    let _counted = Counted(drops);
    match depth {
        0 => bytes[black_box(7)],
        _ => index_deep(depth - 1, drops, bytes).wrapping_add(1),
    }
}

/// A value whose destructor makes a panic and contains it.
struct PanicsInside<'a>(&'a AtomicUsize);

impl Drop for PanicsInside<'_> {
    fn drop(&mut self) {
        let drops = self.0;
        assert!(samara_unwind::catch(|| index_deep(2, drops, &[])).is_err());
        assert!(
            samara_unwind::is_unwinding(),
            "the outer panic is still in flight"
        );
    }
}

/// A value whose `Display` panics with the same value as the message.
struct BadDisplay;

impl fmt::Display for BadDisplay {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("{}", Self)
    }
}

/// A value whose `Display` makes a panic, contains it, and then writes a text.
struct Stubborn;

impl fmt::Display for Stubborn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(samara_unwind::catch(|| panic!("{}", Self)).is_err());
        f.write_str("shown in the end")
    }
}

kernel_tests! {
    fn message_that_contains_its_own_panic_is_shown() {
        assert!(samara_unwind::catch(|| panic!("{}", Stubborn)).is_err());
    }

    fn message_that_panics_when_shown_is_contained() {
        for _ in 0..2 {
            assert!(samara_unwind::catch(|| panic!("{}", BadDisplay)).is_err());
        }
        // This would not return if the panic had left the console's lock taken.
        crate::println!("the console works");
    }

    fn bounds_panic_runs_destructors_of_four_frames() {
        let drops = AtomicUsize::new(0);
        let result = samara_unwind::catch(|| index_deep(3, &drops, &[1, 2, 3]));
        assert!(result.is_err());
        assert_eq!(drops.load(Ordering::Relaxed), 4);
        assert!(!samara_unwind::is_unwinding());
    }

    fn catch_returns_the_value_of_a_call() {
        assert_eq!(samara_unwind::catch(|| black_box(7)).ok(), Some(7));
    }

    fn raise_unwinds_without_a_panic() {
        let drops = AtomicUsize::new(0);
        let result = samara_unwind::catch(|| {
            let _counted = Counted(&drops);
            samara_unwind::raise();
        });
        assert!(result.is_err());
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    }

    fn panic_in_a_destructor_during_unwind_is_contained() {
        let drops = AtomicUsize::new(0);
        let result = samara_unwind::catch(|| {
            let _inner = PanicsInside(&drops);
            index_deep(0, &drops, &[])
        });
        assert!(result.is_err());
        assert_eq!(drops.load(Ordering::Relaxed), 4);
        assert!(!samara_unwind::is_unwinding());
    }

    fn exception_objects_are_given_back() {
        for _ in 0..1000 {
            assert!(samara_unwind::catch(|| samara_unwind::raise()).is_err());
        }
        assert!(!samara_unwind::is_unwinding());
    }

    fn backtrace_ends_at_the_entry() {
        let mut frames = 0;
        samara_unwind::backtrace(&mut |_| {
            frames += 1;
            core::ops::ControlFlow::Continue(())
        });
        assert!((2..32).contains(&frames), "{frames} frames");
    }
}
