//! Records which functions of `samara-domain` were called, by the names that the compiler gives them.
//!
//! During a [survey], the first calls at each call site also count their instructions by the account that pays for
//! them.
//!
//! [`call!`] takes a function, gets its name from its type, and calls it. So the recorded name cannot differ from the
//! function that is called.

use crate::cuts::{self, Survey};
use std::any::type_name;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A call site.
pub(crate) struct Site {
    calls: AtomicU64,
    name: OnceLock<&'static str>,
    surveys: AtomicU64,
    time: [AtomicU64; 3],
}

/// The number of calls at one call site that are surveyed. It is small, because in a survey each instruction traps,
/// which takes as long as ten thousand instructions.
const SURVEYS: u64 = 4;

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
            surveys: AtomicU64::new(0),
            time: [const { AtomicU64::new(0) }; 3],
        }
    }

    /// Begins a survey of this call, if it is to be surveyed. Spawns are not surveyed, because a thread that is
    /// spawned while each instruction traps would end the program.
    pub(crate) fn begin_survey(&self) -> Option<Survey> {
        let is_spawn = self.name.get().is_some_and(|name| name.contains("::spawn"));
        if is_spawn || self.surveys.load(Relaxed) >= SURVEYS {
            return None;
        }
        Survey::begin()
    }

    pub(crate) fn end_survey(&self, survey: Option<Survey>) {
        let Some(survey) = survey else { return };
        let counts = survey.end();
        drop(survey);
        self.surveys.fetch_add(1, Relaxed);
        for (sum, count) in self.time.iter().zip(counts) {
            sum.fetch_add(count, Relaxed);
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

/// Runs `run`, and surveys the calls that it makes on this thread.
pub fn survey<R>(run: impl FnOnce() -> R) -> R {
    cuts::surveying(run)
}

/// For one call site: the numbers of instructions of its surveyed calls, by the account that pays for their time.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// The function, as the compiler names it.
    pub name: &'static str,
    /// Instructions that are charged to a domain.
    pub charged: u64,
    /// Instructions that no domain is charged for, by intent.
    pub uncharged: u64,
    /// Instructions that no account pays for.
    pub lost: u64,
}

/// Returns the results of all surveys so far.
pub fn times() -> impl Iterator<Item = Time> {
    let told = |site: &'static Site| {
        let [charged, uncharged, lost] = site.time.each_ref().map(|sum| sum.load(Relaxed));
        (site.surveys.load(Relaxed) > 0).then_some(Time {
            name: site.name.get()?,
            charged,
            uncharged,
            lost,
        })
    };
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
        let survey = SITE.begin_survey();
        let result = function($($argument),*);
        SITE.end_survey(survey);
        result
    }};
}
pub(crate) use call;
