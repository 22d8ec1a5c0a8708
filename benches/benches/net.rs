//! Measures the 82599 driver on a device that does nothing: the cycles of the time stamp counter for each packet of
//! 64 bytes. The driver is called directly, through a proxy and through a shadow. The device's own cost is
//! subtracted. Each number is the minimum of many batches on several drivers, because the cost depends on the
//! addresses of a driver's memory by up to twenty cycles a call.

use std::hint::black_box;

use samara::prelude::*;
use samara_interfaces::net::{BATCH, Exchanged, NetDevice, Packet, Packets};
use samara_ixgbe::Args;
use samara_testkit::ixgbe_bus::{NullNic, cycles};

const FRAME: usize = 64;
/// The number of exchanges that are timed together, and the number of such timings.
const CALLS: u32 = 2_000;
const ROUNDS: u32 = 150;
/// The number of drivers for each result, in different places in memory.
const PLACES: usize = 4;
/// The ways to call a driver: directly, through a proxy, through a shadow.
const WAYS: usize = 3;

fn batch(packets: usize) -> Packets {
    let mut batch = Packets::new();
    for _ in 0..packets {
        let mut packet = Packet::alloc().expect("memory");
        packet.set_len(FRAME).expect("it has room");
        batch.push_back(packet).expect("it has room");
    }
    batch
}

/// The work of an exchange.
#[derive(Clone, Copy, PartialEq)]
enum Work {
    Tx,
    Rx,
    Forward,
}

impl Work {
    fn device(self, device: &NullNic, size: usize) {
        if self != Self::Tx {
            device.receive(size, FRAME as u16);
        }
        if self != Self::Rx {
            device.send_all();
        }
    }
}

/// A driver that is called in one of the ways, and the packets that circulate.
struct Row {
    name: &'static str,
    device: &'static NullNic,
    driver: Box<dyn NetDevice>,
    work: Work,
    size: usize,
    packets: Option<(Packets, Packets)>,
    best: f64,
}

impl Row {
    fn new(
        name: &'static str,
        device: &'static NullNic,
        driver: Box<dyn NetDevice>,
        work: Work,
        size: usize,
    ) -> Self {
        let mut row = Self {
            name,
            device,
            driver,
            work,
            size,
            packets: None,
            best: f64::MAX,
        };
        let rx = if work == Work::Tx { 0 } else { size };
        let tx = if work == Work::Rx { 0 } else { size };
        let (first, second) = (batch(tx), batch(rx));
        row.packets = Some((first, second));
        // The driver keeps the packets that it takes in the first exchange, so new packets replace them.
        row.once();
        if let Some((tx, rx)) = &mut row.packets {
            let short = if work == Work::Forward { rx } else { tx };
            *short = batch(if work == Work::Rx { 0 } else { size });
        }
        for _ in 0..1_000 {
            row.once();
        }
        row
    }

    #[inline(never)]
    fn once(&mut self) {
        self.work.device(self.device, self.size);
        let (tx, rx) = self.packets.take().expect("packets");
        let exchanged = black_box(&*self.driver).exchange(0, tx, rx);
        let Exchanged { tx, rx, .. } = exchanged.expect("an exchange");
        // When forwarding, the two batches change places: the next exchange sends the received packets, and receives
        // into the packets that were sent.
        self.packets = Some(match self.work {
            Work::Forward => (rx, tx),
            _ => (tx, rx),
        });
    }

    #[inline(never)]
    fn idle(&mut self) {
        self.work.device(self.device, self.size);
        if self.work != Work::Tx {
            self.device.rewind(self.size);
        }
    }

    fn measure(&mut self, alone: f64) {
        let start = cycles();
        for _ in 0..CALLS {
            self.once();
        }
        let whole = (cycles() - start) as f64 / f64::from(CALLS);
        let each = (whole - alone) / self.size as f64;
        self.best = self.best.min(each);
    }

    /// Returns the cycles of the device's work for one exchange.
    fn device_alone(&mut self) -> f64 {
        let mut best = f64::MAX;
        for _ in 0..ROUNDS {
            let start = cycles();
            for _ in 0..CALLS {
                self.idle();
            }
            best = best.min((cycles() - start) as f64 / f64::from(CALLS));
        }
        best
    }
}

/// Makes a device and its driver. The driver is called directly if `how` is 0, through a proxy if it is 1, and
/// through a shadow if it is 2.
fn driver(how: usize) -> (&'static NullNic, Box<dyn NetDevice>) {
    let device = NullNic::leak();
    let slot = device.slot();
    if how == 0 {
        let function = slot.claim().expect("it is free");
        let nic = samara_ixgbe::init(Args::from(function)).expect("it comes up");
        return (device, Box::new(nic));
    }
    let mint = Mint::fallible(move || slot.claim().map(Args::from));
    let domain: Domain<dyn NetDevice> = samara_host_std::runtime()
        .spawn(DomainSpec::new("ixgbe"), samara_ixgbe::init, mint)
        .expect("it starts");
    let domain = Box::leak(Box::new(domain));
    let driver: Box<dyn NetDevice> = match how {
        1 => Box::new(domain.proxy().expect("room for a proxy")),
        _ => Box::new(domain.shadow().expect("room for a shadow")),
    };
    (device, driver)
}

fn main() {
    // This program has no tests, so it does nothing if it is asked to run or to list tests.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let mut rows = Vec::new();
    for size in [BATCH, 1] {
        for (work, name) in [
            (Work::Tx, "transmit"),
            (Work::Rx, "receive"),
            (Work::Forward, "forward"),
        ] {
            for at in 0..WAYS * PLACES {
                let (device, driver) = driver(at % WAYS);
                rows.push(Row::new(name, device, driver, work, size));
            }
        }
    }
    let alone: Vec<f64> = rows.iter_mut().map(Row::device_alone).collect();
    for _ in 0..ROUNDS {
        for (row, &alone) in rows.iter_mut().zip(&alone) {
            row.measure(alone);
        }
    }
    println!(
        "{:<10} {:>5} {:>8} {:>8} {:>8} {:>7} {:>7} {:>8}",
        "cycles", "batch", "direct", "proxy", "shadow", "proxy/", "shadow/", "(device)"
    );
    let alone = alone.chunks(WAYS * PLACES);
    for (rows, alone) in rows.chunks(WAYS * PLACES).zip(alone) {
        let best = |way| {
            let places = rows.iter().skip(way).step_by(WAYS);
            places.map(|row| row.best).fold(f64::MAX, f64::min)
        };
        let (direct, proxy, shadow) = (best(0), best(1), best(2));
        println!(
            "{:<10} {:>5} {:>8.1} {:>8.1} {:>8.1} {:>7.2} {:>7.2} {:>8.1}",
            rows[0].name,
            rows[0].size,
            direct,
            proxy,
            shadow,
            proxy / direct,
            shadow / direct,
            alone[0] / rows[0].size as f64,
        );
    }
}
