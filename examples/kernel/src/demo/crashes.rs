//! Counts crashes and recoveries by the runtime's events, and prints each crash after its recovery.

use core::time::Duration;

use samara::runtime::text::Text;
use samara::{Event, ExitReason};
use samara_fault::Manner;

use super::{fault_kinds, nic};
use crate::backtrace::Line;
use crate::mm::frames;
use crate::sync::Lock;
use crate::{backtrace, panic, println, time};

/// Counts the crashes of a driver, and its recoveries.
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

/// The drivers whose crashes are counted separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    /// The disk's driver. Crashes of the network stack and of the HTTP server, which should not occur, are counted
    /// here too.
    Disk,
    /// The network device's driver.
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

/// A crash whose recovery is still to come.
#[derive(Clone, Copy)]
struct Crash {
    id: usize,
    generation: u32,
    name: Text<32>,
    reason: ExitReason,
    objects: usize,
    capabilities: usize,
    /// The time of the domain's death.
    died: Duration,
    /// Until the reclaim, the number of free frames at the domain's death. After it, the number of frames that the
    /// reclaim has freed.
    frames: usize,
}

/// The most crashes that can await their recovery. There may be several, because a restart can itself crash in
/// `init`.
const PENDING: usize = 8;

/// The most lines that are printed of a dead driver's backtrace.
const CALLS: usize = 3;

struct Log {
    /// Indexed by [`Driver`].
    counts: [Counts; 2],
    /// The value of [`panic::given_up`] at the last crash.
    given_up: u32,
    pending: [Option<Crash>; PENDING],
}

static LOG: Lock<Log> = Lock::new(Log {
    counts: [Counts::NONE; 2],
    given_up: 0,
    pending: [None; PENDING],
});

/// Sets all counts to zero.
pub(super) fn reset() {
    LOG.lock().counts = [Counts::NONE; 2];
}

/// Returns the counts of a driver since the last [`reset`].
pub(super) fn counts(driver: Driver) -> Counts {
    let [disk, nic] = LOG.lock().counts;
    match driver {
        Driver::Disk => disk,
        Driver::Nic => nic,
    }
}

/// Handles an event of the runtime.
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
        Event::Restarted { name, .. } => log.restarted(name),
        _ => {}
    }
}

/// Prints up to [`CALLS`] lines for the innermost calls inside the driver, and the line that names its caller.
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
            None => println!("error: {PENDING} crashes already wait for recovery; raise PENDING"),
        }
    }

    fn restarted(&mut self, name: &str) {
        let now = time::since_boot();
        for place in &mut self.pending {
            let Some(crash) = place.take_if(|crash| crash.name.as_str() == name) else {
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
