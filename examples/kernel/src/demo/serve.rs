//! The work of the network's part: serve a body again and again while the driver dies under it.

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

/// Where the driver dies, in turn; after how many passes, is drawn.
const POINTS: [FaultPoint; 5] = [
    FaultPoint::Moved,
    FaultPoint::InFlight,
    FaultPoint::Init,
    FaultPoint::Completion,
    FaultPoint::Submit,
];

/// Passes of a point before the driver dies there, below this: in the middle of what it does.
const PASSES: u64 = 12;
/// How long nothing may move while answers are missing.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long peers may take to end their connections afterwards.
const FAREWELL: Duration = Duration::from_secs(5);
/// Polls of the rehearsal.
const REHEARSED: usize = 100;
/// Keeps the stream of draws apart from that of the body's bytes.
const STREAM: u64 = 0x6874_7470;

/// What is to be served, and what the driver has to survive.
#[derive(Clone, Copy)]
pub(super) struct Service {
    pub(super) seed: u64,
    pub(super) requests: u64,
    pub(super) crashes: u64,
    /// Bytes of the body.
    pub(super) bytes: u64,
}

/// What came of it.
pub(super) struct Served {
    pub(super) http: HttpStatistics,
    pub(super) net: NetworkStatistics,
}

/// Once up and down, with a crash between: what the kernel sets up at first use is no leak.
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

/// Serves until every request was answered, or nothing moves any more.
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
    let mut told = 0;
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
        if counts.answered > told {
            told = counts.answered;
            println!("answered {told} of {} requests", service.requests);
        }
        if counts != seen {
            (seen, last) = (counts, now);
        }
        let idle = now.saturating_sub(last);
        if counts.answered >= service.requests {
            // What was answered last is not there yet: the peer ends the connections when it is.
            if counts.open == 0 || idle > FAREWELL {
                return Ok(counts);
            }
        } else if idle > PATIENCE {
            println!("error: nothing has moved for {} s", PATIENCE.as_secs());
            return Ok(counts);
        }
        if moved == 0 {
            hint::spin_loop();
        }
    }
}

/// Which byte of all that is served meets which fault.
struct Plan<'m> {
    service: Service,
    manners: &'m Manners,
    /// Faults that were armed.
    armed: u64,
    /// Which point is next.
    turns: usize,
    /// The point that was armed last: another waits until it has fired.
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

    /// The byte before which fault `number` is armed: somewhere in one of as many equal parts.
    fn place(&self, number: u64) -> u64 {
        let Service {
            seed,
            requests,
            crashes,
            bytes,
        } = self.service;
        let part = requests.saturating_mul(bytes) / crashes.max(1);
        let within = pattern::word(seed ^ STREAM, number) % part.max(1);
        // The last part's end is never waited for: peers take what is in it with some delay.
        number * part + within / 2
    }

    /// Arms what is due after `sent` bytes.
    fn arm(&mut self, sent: u64) {
        let waits = self.last.is_some_and(fault::is_armed);
        if waits || self.armed >= self.service.crashes || sent < self.place(self.armed) {
            return;
        }
        let mut point = POINTS[self.turns % POINTS.len()];
        self.turns += 1;
        if point == FaultPoint::Init {
            if self.armed + 2 <= self.service.crashes {
                // `init` runs only after another crash.
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
