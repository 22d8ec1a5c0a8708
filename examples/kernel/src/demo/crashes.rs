//! What became of each crash, from the runtime's events: a line each.

use core::time::Duration;

use samara::runtime::text::Text;
use samara::{Event, ExitReason};
use samara_fault::Manner;

use super::{fault_kinds, nic};
use crate::backtrace::Line;
use crate::mm::frames;
use crate::sync::Lock;
use crate::{backtrace, panic, println, time};

/// How many crashes of a driver there were, and after how many it worked again.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) crashes: u32,
    pub(super) recovered: u32,
    /// Crashes by manner, in the order of [`Manner::ALL`].
    pub(super) by_manner: [u32; Manner::ALL.len()],
}

impl Counts {
    const NONE: Self = Self {
        crashes: 0,
        recovered: 0,
        by_manner: [0; Manner::ALL.len()],
    };
}

/// Whose crashes are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    /// The disk's, and every other domain's, which should have none.
    Disk,
    /// The network device's.
    Nic,
}

impl Driver {
    fn of(name: &str) -> Self {
        if nic::is_driver(name) {
            Self::Nic
        } else {
            Self::Disk
        }
    }
}

/// A crash that is not recovered from yet.
#[derive(Clone, Copy)]
struct Crash {
    id: usize,
    generation: u32,
    name: Text<32>,
    reason: ExitReason,
    objects: usize,
    capabilities: usize,
    /// When it died.
    died: Duration,
    /// Free frames at its death; then how many came back by the reclaim.
    frames: usize,
}

/// A restart may crash too, in `init`: as many as one recovery may bring.
const PENDING: usize = 8;

/// Calls that are shown of what led to a death.
const CALLS: usize = 3;

struct Log {
    /// By [`Driver`].
    counts: [Counts; 2],
    /// Panics that had been given up at the last crash.
    given_up: u32,
    pending: [Option<Crash>; PENDING],
}

static LOG: Lock<Log> = Lock::new(Log {
    counts: [Counts::NONE; 2],
    given_up: 0,
    pending: [None; PENDING],
});

/// Begins to count anew.
pub(super) fn reset() {
    LOG.lock().counts = [Counts::NONE; 2];
}

/// The counts of a driver since the last [`reset`].
pub(super) fn counts(driver: Driver) -> Counts {
    let [disk, nic] = LOG.lock().counts;
    match driver {
        Driver::Disk => disk,
        Driver::Nic => nic,
    }
}

/// Takes an event of the runtime.
pub(super) fn event(event: &Event<'_>) {
    let mut log = LOG.lock();
    match *event {
        Event::Died {
            id,
            generation,
            name,
            reason,
            ..
        } => log.died(id, generation, name, *reason),
        Event::Reclaimed {
            id,
            generation,
            objects,
            capabilities,
            ..
        } => {
            let crash = log.pending.iter_mut().flatten();
            for crash in crash.filter(|crash| (crash.id, crash.generation) == (id, generation)) {
                crash.objects = objects;
                crash.capabilities = capabilities;
                crash.frames = frames::free_frames().saturating_sub(crash.frames);
            }
        }
        Event::Restarted { .. } => log.restarted(),
        _ => {}
    }
}

/// Prints the last calls inside the driver, and who had called it.
fn print_calls(reason: &ExitReason) {
    let (mut left, mut inside) = (CALLS, true);
    backtrace::lines(backtrace::culprit(reason.calls()), |line| {
        let boundary = matches!(line, Line::Boundary(..));
        if inside && (left > 0 || boundary) {
            println!("{line}");
            left = left.saturating_sub(1);
        }
        inside &= !boundary;
    });
}

impl Log {
    fn died(&mut self, id: usize, generation: u32, name: &str, reason: ExitReason) {
        let given_up = panic::given_up();
        let Some(manner) = fault_kinds::of(&reason, given_up != self.given_up) else {
            return;
        };
        self.given_up = given_up;
        let counts = &mut self.counts[Driver::of(name) as usize];
        counts.crashes += 1;
        counts.by_manner[manner as usize] += 1;
        let crash = Crash {
            id,
            generation,
            name: Text::of(name),
            reason,
            objects: 0,
            capabilities: 0,
            died: time::since_boot(),
            frames: frames::free_frames(),
        };
        match self.pending.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(crash),
            None => println!("error: more than {PENDING} crashes without a recovery"),
        }
    }

    fn restarted(&mut self) {
        let now = time::since_boot();
        for place in &mut self.pending {
            let Some(crash) = place.take() else {
                continue;
            };
            let counts = &mut self.counts[Driver::of(crash.name.as_str()) as usize];
            counts.recovered += 1;
            println!(
                "crash {:>2}: {} {}.{}: {} at {}: reclaimed {} objects, {} capabilities, {} pages; \
                 recovered after {} us",
                counts.recovered,
                crash.name,
                crash.id,
                crash.generation,
                crash.reason.message,
                crash.reason.place,
                crash.objects,
                crash.capabilities,
                crash.frames,
                now.saturating_sub(crash.died).as_micros(),
            );
            print_calls(&crash.reason);
        }
    }
}
