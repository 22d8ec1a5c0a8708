//! Records which functions of `samara-device-io` were called, by the names that the compiler gives them.
//!
//! [`call!`] takes a function, gets its name from its type, and calls it. So the recorded name cannot differ from the
//! function that is called.

use std::any::type_name;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A call site.
pub(crate) struct Site {
    calls: AtomicU64,
    name: OnceLock<&'static str>,
}

/// An upper bound of the number of call sites.
const SITES: usize = 512;

/// The call sites that were reached. Domains reach call sites too and may be cut there, so recording a site allocates
/// no memory and holds no lock.
static REACHED: [OnceLock<&'static Site>; SITES] = [const { OnceLock::new() }; SITES];
static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Site {
    pub(crate) const fn new() -> Self {
        Self {
            calls: AtomicU64::new(0),
            name: OnceLock::new(),
        }
    }

    /// Counts a call of `function`.
    pub(crate) fn count<F>(&'static self, _: &F) {
        if self.calls.fetch_add(1, Relaxed) == 0 {
            self.name.get_or_init(|| type_name::<F>());
            let at = COUNT.fetch_add(1, Relaxed);
            let place = REACHED.get(at);
            assert!(
                place.is_some_and(|place| place.set(self).is_ok()),
                "more call sites than {SITES}; raise `SITES`"
            );
        }
    }
}

/// Returns, for each call site that was reached, the compiler's name of the function and the number of calls.
pub fn calls() -> impl Iterator<Item = (&'static str, u64)> {
    let told = |site: &'static Site| Some((*site.name.get()?, site.calls.load(Relaxed)));
    REACHED
        .iter()
        .filter_map(OnceLock::get)
        .filter_map(move |site| told(site))
}

/// Calls a function, and counts the call.
macro_rules! call {
    ($function:expr $(, $argument:expr)* $(,)?) => {{
        static SITE: $crate::surface::Site = $crate::surface::Site::new();
        let function = $function;
        SITE.count(&function);
        $crate::ticks::here();
        function($($argument),*)
    }};
}
pub(crate) use call;

/// Calls the functions of a value's traits: formatting, copying, comparing.
macro_rules! traits {
    ($value:expr, $type:ty: $($of:ident),+) => {{
        let value: &$type = $value;
        $($crate::surface::traits!(@ value, $type, $of);)+
    }};
    (@ $value:ident, $type:ty, Debug) => {{
        let mut text = $crate::surface::Sink;
        let _ = std::fmt::write(&mut text, format_args!("{:?}", $crate::surface::Told(|f: &mut std::fmt::Formatter<'_>| $crate::surface::call!(<$type as std::fmt::Debug>::fmt, $value, f))));
    }};
    (@ $value:ident, $type:ty, Display) => {{
        let mut text = $crate::surface::Sink;
        let _ = std::fmt::write(&mut text, format_args!("{:?}", $crate::surface::Told(|f: &mut std::fmt::Formatter<'_>| $crate::surface::call!(<$type as std::fmt::Display>::fmt, $value, f))));
    }};
    (@ $value:ident, $type:ty, Clone) => {{
        let _: $type = $crate::surface::call!(<$type as Clone>::clone, $value);
    }};
    (@ $value:ident, $type:ty, Eq) => {{
        let is: bool = $crate::surface::call!(<$type as PartialEq>::eq, $value, $value);
        assert!(is, "a value differs from itself");
    }};
}
pub(crate) use traits;

/// Discards the text that is written to it.
pub(crate) struct Sink;

impl std::fmt::Write for Sink {
    fn write_str(&mut self, _: &str) -> std::fmt::Result {
        Ok(())
    }
}

/// Wraps a function as a value, and the function writes the value's `Debug` output.
pub(crate) struct Told<F>(pub(crate) F);

impl<F: Fn(&mut std::fmt::Formatter<'_>) -> std::fmt::Result> std::fmt::Debug for Told<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (self.0)(f)
    }
}
