//! Measures NVMe on a controller that does nothing. The result is the cycles of the time stamp counter that the
//! submission and the completion of a read of 4 KiB take, for one read at a time and for 32 at once. The engine's
//! queues are measured alone, and the driver is called directly, through a proxy and through a shadow. For the
//! driver, 32 reads at once are one request of 128 KiB. The controller's own cost is subtracted. Each number is the
//! minimum of many batches on several drivers.

use std::hint::black_box;

use samara::prelude::*;
use samara_device_io::PciFunction;
use samara_device_io::queue::{Pair, Unit};
use samara_device_tables::Nvme;
use samara_interfaces::BlockDevice;
use samara_nvme::{Args, Limits};
use samara_testkit::ixgbe_bus::cycles;
use samara_testkit::nvme_emulator::NullDisk;

const BLOCK: usize = 4096;
/// The number of requests that are timed together, and the number of such timings.
const CALLS: u32 = 1_000;
const ROUNDS: u32 = 150;
/// The number of drivers for each result, in different places in memory.
const PLACES: usize = 4;

/// The queues or the driver that is measured.
trait Subject {
    /// Reads `depth` times 4 KiB.
    fn read(&mut self, depth: usize);
}

/// The driver, called in one of the ways.
struct Driver {
    disk: Box<dyn BlockDevice>,
    buffer: Option<RRef<[u8]>>,
}

impl Subject for Driver {
    fn read(&mut self, _: usize) {
        let buffer = self.buffer.take();
        let read = black_box(&*self.disk).read(0, buffer.expect("a buffer"));
        self.buffer = Some(read.expect("a read"));
    }
}

/// The engine's queues, without a driver.
struct Engine {
    device: &'static NullDisk,
    function: PciFunction<Nvme>,
    io: Pair<Nvme, { Nvme::IO }>,
    unit: Unit,
    transfer: samara_device_io::DmaTransfer,
}

impl Engine {
    fn new(device: &'static NullDisk, depth: usize) -> Self {
        let function = device.slot().claim().expect("it is free");
        function.reset().expect("it is reset");
        function.enable_bus_master().expect("it is idle");
        let mut admin = Pair::<Nvme, { Nvme::ADMIN }>::new(&function, 0, 64).expect("memory");
        let mut io = Pair::<Nvme, { Nvme::IO }>::new(&function, 1, 64).expect("memory");
        admin.start(&function, 0).expect("it starts");
        let complete = |admin: &mut Pair<Nvme, { Nvme::ADMIN }>| {
            admin.ring(&function).expect("it runs");
            device.serve();
            admin
                .next(&function)
                .expect("no fault")
                .expect("a completion")
        };
        admin
            .submit::<{ Nvme::IDENTIFY_NAMESPACE }>(&function, [1, 0, 0, 0, 0, 0, 0])
            .expect("room");
        let unit = complete(&mut admin).unit.expect("a unit");
        admin
            .create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(&function, [0; 7], &mut io)
            .expect("room");
        complete(&mut admin);
        admin
            .create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(&function, [0; 7], &mut io)
            .expect("room");
        complete(&mut admin);
        let buffer = RRef::<[u8]>::new_zeroed_slice(depth * BLOCK).expect("memory");
        let transfer = function.begin(buffer).expect("room");
        Self {
            device,
            function,
            io,
            unit,
            transfer,
        }
    }
}

impl Subject for Engine {
    fn read(&mut self, depth: usize) {
        let function = black_box(&self.function);
        for index in 0..depth {
            let part = (&self.transfer, index * BLOCK, BLOCK);
            let put = self
                .io
                .transfer::<{ Nvme::READ }>(function, [0; 7], &self.unit, part);
            put.expect("room");
        }
        self.io.ring(function).expect("it runs");
        self.device.serve();
        for _ in 0..depth {
            black_box(
                self.io
                    .next(function)
                    .expect("no fault")
                    .expect("it's done"),
            );
        }
        // This last look gives the entries of the completions back to the controller.
        assert!(self.io.next(function).expect("no fault").is_none());
    }
}

/// Makes a subject. If `how` is 0, it is the engine alone. Otherwise it is the driver, called directly (1), through a
/// proxy (2) or through a shadow (3).
fn subject(how: usize, depth: usize) -> Box<dyn Subject> {
    let device = NullDisk::leak();
    if how == 0 {
        return Box::new(Engine::new(device, depth));
    }
    let slot = device.slot();
    let args = |function| Args {
        function,
        limits: Limits {
            max_transfer: BLOCK as u32,
            ..Limits::default()
        },
    };
    let disk: Box<dyn BlockDevice> = if how == 1 {
        let function = slot.claim().expect("it is free");
        Box::new(samara_nvme::init(args(function)).expect("it comes up"))
    } else {
        let mint = Mint::fallible(move || slot.claim().map(args));
        let domain: Domain<dyn BlockDevice> = samara_host_std::runtime()
            .spawn(DomainSpec::new("nvme"), samara_nvme::init, mint)
            .expect("it starts");
        let domain = Box::leak(Box::new(domain));
        match how {
            2 => Box::new(domain.proxy().expect("room for a proxy")),
            _ => Box::new(domain.shadow().expect("room for a shadow")),
        }
    };
    let buffer = RRef::new_zeroed_slice(depth * BLOCK).expect("memory");
    Box::new(Driver {
        disk,
        buffer: Some(buffer),
    })
}

/// Returns the cycles of the controller's work for `depth` commands.
fn device_alone(depth: usize) -> f64 {
    let device = NullDisk::leak();
    let _engine = Engine::new(device, depth);
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = cycles();
        for _ in 0..CALLS {
            device.repeat(depth as u32);
            device.serve();
        }
        best = best.min((cycles() - start) as f64 / f64::from(CALLS));
    }
    best
}

fn main() {
    // This program has no tests, so it does nothing if it is asked to run or to list tests.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    println!(
        "{:<8} {:>5} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>8}",
        "cycles", "depth", "engine", "direct", "proxy", "shadow", "proxy/", "shadow/", "(device)"
    );
    for depth in [1, 32] {
        let alone = device_alone(depth);
        let mut subjects: Vec<_> = (0..4 * PLACES)
            .map(|at| (subject(at % 4, depth), f64::MAX))
            .collect();
        for _ in 0..ROUNDS {
            for (subject, best) in &mut subjects {
                let start = cycles();
                for _ in 0..CALLS {
                    subject.read(depth);
                }
                let whole = (cycles() - start) as f64 / f64::from(CALLS);
                *best = best.min((whole - alone) / depth as f64);
            }
        }
        let best = |how: usize| {
            let places = subjects.iter().skip(how).step_by(4);
            places.map(|(_, best)| *best).fold(f64::MAX, f64::min)
        };
        let [engine, direct, proxy, shadow] = [best(0), best(1), best(2), best(3)];
        println!(
            "{:<8} {:>5} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>7.2} {:>7.2} {:>8.1}",
            "read",
            depth,
            engine,
            direct,
            proxy,
            shadow,
            proxy / direct,
            shadow / direct,
            alone / depth as f64,
        );
    }
}
