//! The work of the network's part: the HTTP server serves a body again and again while the driver below it crashes.

use alloc::format;
use alloc::string::{String, ToString};
use core::hint;
use core::time::Duration;

use samara_fault::FaultPoint;
use samara_interfaces::http::{HttpServer, HttpStatistics};
use samara_interfaces::tcp::NetworkStatistics;
use samara_serial_protocol::Listening;
use samara_testkit::faults as fault;
use samara_testkit::pattern;

use super::fault_kinds::Manners;
use super::nic::{self, Net};
use crate::{println, report, time};

/// The points at which the driver dies, in turn. The seed determines how often the driver passes a point before it
/// dies there.
const POINTS: [FaultPoint; 5] = [
    FaultPoint::Moved,
    FaultPoint::InFlight,
    FaultPoint::Init,
    FaultPoint::Completion,
    FaultPoint::Submit,
];

/// Before the driver dies at a point, it passes the point a number of times that is below this bound. So it dies in
/// the middle of its work.
const PASSES: u64 = 12;
/// The longest time without progress while requests are still unanswered.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest time that peers may take to end their connections after the last answer.
const FAREWELL: Duration = Duration::from_secs(5);
/// The number of polls in the rehearsal.
const REHEARSED: usize = 100;
/// This constant is mixed into the seed, so that the draws differ from the body's bytes.
const STREAM: u64 = 0x6874_7470;

/// The requests to serve, and the crashes that the driver has to survive.
#[derive(Clone, Copy)]
pub(super) struct Service {
    pub(super) seed: u64,
    pub(super) requests: u64,
    pub(super) crashes: u64,
    /// Bytes of the body.
    pub(super) bytes: u64,
}

/// The counts of the server and of the network stack at the end.
pub(super) struct Served {
    pub(super) http: HttpStatistics,
    pub(super) net: NetworkStatistics,
}

/// Starts and stops the domains once, with a crash in between. This comes before the first totals, so that memory
/// that the kernel sets up at first use does not count as a leak.
pub(super) fn rehearse(slot: nic::Slot, service: Service) -> Result<(), String> {
    let net = Net::start(slot, service.seed, service.bytes)?;
    for poll in 0..REHEARSED {
        if poll == REHEARSED / 2 && service.crashes > 0 {
            fault::arm(FaultPoint::Moved, 0);
        }
        let _ = net.http.poll(time::since_boot().as_micros() as u64);
    }
    net.stop()
}

/// Starts the domains, serves until every request was answered or until there is no more progress, and stops the
/// domains.
pub(super) fn run(slot: nic::Slot, service: Service, manners: &Manners) -> Result<Served, String> {
    let net = Net::start(slot, service.seed, service.bytes)?;
    report::domains();
    println!("{}", Listening { port: 80 });
    let served = serve(&net, service, manners);
    let statistics = net.statistics();
    report::domains();
    fault::disarm_all();
    net.stop()?;
    Ok(Served {
        http: served?,
        net: statistics?,
    })
}

fn serve(net: &Net, service: Service, manners: &Manners) -> Result<HttpStatistics, String> {
    let mut plan = Plan::new(service, manners);
    let mut reported = 0;
    let mut last = time::since_boot();
    let mut seen = HttpStatistics::default();
    loop {
        let now = time::since_boot();
        let moved = match net.http.poll(now.as_micros() as u64) {
            Ok(served) => served.moved,
            Err(error) => return Err(format!("the HTTP server: {error}")),
        };
        let counts = net.http.statistics().map_err(|error| error.to_string())?;
        plan.arm(counts.body_bytes);
        if counts.answered > reported {
            reported = counts.answered;
            println!("answered {reported} of {} requests", service.requests);
        }
        if counts != seen {
            (seen, last) = (counts, now);
        }
        let idle = now.saturating_sub(last);
        if counts.answered >= service.requests {
            // The last answer may still be on its way. A peer ends its connections once it has received its last
            // answer.
            if counts.open == 0 || idle > FAREWELL {
                return Ok(counts);
            }
        } else if idle > PATIENCE {
            println!(
                "error: requests are unanswered, and there was no progress for {} s",
                PATIENCE.as_secs()
            );
            return Ok(counts);
        }
        if moved == 0 {
            hint::spin_loop();
        }
    }
}

/// Decides after how many bytes of bodies each fault is armed, and at which point the driver then dies.
struct Plan<'m> {
    service: Service,
    manners: &'m Manners,
    /// The number of faults that were armed.
    armed: u64,
    /// The index of the next point.
    turns: usize,
    /// The point that was armed last. The next fault is armed only after the fault at this point has fired.
    last: Option<FaultPoint>,
}

impl<'m> Plan<'m> {
    fn new(service: Service, manners: &'m Manners) -> Self {
        Self {
            service,
            manners,
            armed: 0,
            turns: 0,
            last: None,
        }
    }

    /// Returns the number of bytes after which fault `number` is armed. All bytes are divided into equal parts, one
    /// for each fault.
    fn place(&self, number: u64) -> u64 {
        let Service {
            seed,
            requests,
            crashes,
            bytes,
        } = self.service;
        let part = requests.saturating_mul(bytes) / crashes.max(1);
        let within = pattern::word(seed ^ STREAM, number) % part.max(1);
        // A fault is armed in the first half of its part. At the very end it might not fire any more, since peers
        // take the last bytes with some delay.
        number * part + within / 2
    }

    /// Arms the fault that is due after `sent` bytes, if there is one.
    fn arm(&mut self, sent: u64) {
        let waits = self.last.is_some_and(fault::is_armed);
        if waits || self.armed >= self.service.crashes || sent < self.place(self.armed) {
            return;
        }
        let mut point = POINTS[self.turns % POINTS.len()];
        self.turns += 1;
        if point == FaultPoint::Init {
            if self.armed + 2 <= self.service.crashes {
                // The driver runs `init` only after a crash at another point. That crash is armed below.
                self.fire(FaultPoint::Init, 0);
            }
            point = FaultPoint::Submit;
        }
        let after = pattern::word(self.service.seed ^ STREAM, !self.armed) % PASSES;
        self.fire(point, after as u32);
        self.last = Some(point);
    }

    fn fire(&mut self, point: FaultPoint, after: u32) {
        fault::arm_with(point, after, self.manners.nth(self.armed as usize));
        self.armed += 1;
    }
}
