//! Devices report wrong numbers, keep buffers, fail or die. The stack lives on, and the memory that it holds stays
//! bounded.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System, runtime};
use samara_interfaces::net::{
    Exchanged, Link, MacAddress, NetDevice, NetError, NetInfo, NetStatistics, Packet, Packets,
};
use samara_interfaces::tcp::{Network, Polled, TcpError};
use samara_net::{Args, InitError, Limits};
use samara_proxy::{Export, RpcError};
use samara_testkit::hosted::{Totals, alone};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The behaviour of the device in an exchange. Unless the habit is to fail or to die, the device first receives
/// frames that require an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Habit {
    Honest,
    ClaimsToHaveReceivedMore,
    ClaimsToHaveSentNone,
    GivesNothingBack,
    /// Fills both batches up with buffers of its own.
    GivesMoreBack,
    /// Fills the receive batch up with frames that require an answer, and sends none of the answers.
    ReceivesMoreAndSendsNone,
    SwapsTheBatches,
    Fails,
    Dies,
}

use Habit::{
    ClaimsToHaveReceivedMore, ClaimsToHaveSentNone, Dies, Fails, GivesMoreBack, GivesNothingBack,
    Honest, ReceivesMoreAndSendsNone, SwapsTheBatches,
};

static HABIT: AtomicU8 = AtomicU8::new(Honest as u8);

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// An ARP request for the stack's address, which the stack answers (RFC 826).
#[rustfmt::skip]
const ARP: [u8; 42] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  2, 0, 0, 0, 0, 9,  0x08, 0x06,
    0, 1,  0x08, 0,  6, 4,  0, 1,
    2, 0, 0, 0, 0, 9,  10, 0, 0, 9,
    0, 0, 0, 0, 0, 0,  10, 0, 0, 1,
];

/// Appends packets with an ARP request to `batch` until it is full.
fn fill_up(batch: &mut Packets) {
    while !batch.is_full() {
        let mut packet = Packet::alloc().expect("memory");
        packet.fill(&ARP).expect("it fits");
        batch.push_back(packet).expect("there is room");
    }
}

struct Device {
    mac: [u8; 6],
    mtu: u16,
}

impl NetDevice for Device {
    fn info(&self) -> Result<NetInfo, NetError> {
        Ok(NetInfo {
            mac: MacAddress(self.mac),
            mtu: self.mtu,
            queues: 2,
            tx_room: 31,
        })
    }

    fn link(&self) -> Result<Link, NetError> {
        Ok(Link::Down)
    }

    fn statistics(&self) -> Result<NetStatistics, NetError> {
        Ok(NetStatistics::default())
    }

    fn exchange(&self, queue: u16, tx: Packets, mut rx: Packets) -> Result<Exchanged, NetError> {
        assert!(queue < 2);
        let habit = HABIT.load(Ordering::Relaxed);
        assert_ne!(habit, Dies as u8, "asked to");
        if habit == Fails as u8 {
            return Err(NetError::Failed);
        }
        let received = rx.len().min(8);
        for at in 0..received {
            rx.get_mut(at).expect("there").fill(&ARP).expect("it fits");
        }
        let mut exchanged = Exchanged {
            tx,
            rx,
            unsent: 0,
            received,
        };
        if habit == ClaimsToHaveReceivedMore as u8 {
            exchanged.received = usize::MAX;
        } else if habit == ClaimsToHaveSentNone as u8 {
            exchanged.unsent = usize::MAX;
        } else if habit == GivesNothingBack as u8 {
            (exchanged.tx, exchanged.rx) = (Packets::new(), Packets::new());
        } else if habit == GivesMoreBack as u8 {
            fill_up(&mut exchanged.tx);
            fill_up(&mut exchanged.rx);
        } else if habit == ReceivesMoreAndSendsNone as u8 {
            fill_up(&mut exchanged.rx);
            (exchanged.unsent, exchanged.received) = (usize::MAX, usize::MAX);
        } else if habit == SwapsTheBatches as u8 {
            std::mem::swap(&mut exchanged.tx, &mut exchanged.rx);
        }
        Ok(exchanged)
    }
}

fn init((mac, mtu): ([u8; 6], u16)) -> Result<Device, RpcError> {
    Ok(Device { mac, mtu })
}

fn device(mac: [u8; 6], mtu: u16) -> Domain<dyn NetDevice> {
    let spec =
        DomainSpec::new("device").restart(Restart::limited(100_000, Duration::from_secs(600)));
    let mint = Mint::of(move || (mac, mtu));
    runtime().spawn(spec, init, mint).expect("it starts")
}

fn stack(
    device: &Domain<dyn NetDevice>,
    address: [u8; 4],
    prefix: u8,
) -> Result<Domain<dyn Network>, String> {
    let device = device.clone();
    let mint = Mint::fallible(move || {
        device.shadow().map(|device| Args {
            device,
            address,
            prefix,
            gateway: Some([10, 0, 0, 254]),
            seed: 1,
            limits: Limits::default(),
        })
    });
    let spec = DomainSpec::new("net");
    let started = runtime().spawn(spec, samara_net::init, mint);
    started.map_err(|error| error.to_string())
}

/// Invariant: RECOVER-4, RECOVER-5
#[test]
fn stack_survives_any_device_and_stays_bounded() {
    let _alone = alone();
    HABIT.store(Honest as u8, Ordering::Relaxed);
    let before = Totals::now();
    let device = device(MAC, 1500);
    let stack = stack(&device, [10, 0, 0, 1], 24).expect("it starts");
    let net = stack.proxy().unwrap();
    let mut now = 0;
    let mut poll = |habit: Habit, times: u32| {
        HABIT.store(habit as u8, Ordering::Relaxed);
        let mut last = Polled::default();
        for _ in 0..times {
            now += 1_000;
            last = net.poll(now).expect("it lives");
        }
        last
    };
    assert!(poll(Honest, 100).frames > 0);
    let held = || {
        let census = Totals::now().census;
        census.objects + census.capabilities
    };
    // In addition to the present objects, the stack may hold the buffers that the device may keep, and three batches
    // of buffers.
    let bound = held() + 31 + 3 * 32;
    for habit in [
        ClaimsToHaveReceivedMore,
        ClaimsToHaveSentNone,
        GivesNothingBack,
        GivesMoreBack,
        ReceivesMoreAndSendsNone,
        SwapsTheBatches,
        Fails,
        Dies,
    ] {
        let last = poll(habit, 50);
        match habit {
            Fails => assert_eq!(last.failed, Some(NetError::Failed)),
            Dies => assert!(matches!(last.failed, Some(NetError::Rpc(_)))),
            _ => assert_eq!(last.failed, None, "{habit:?}"),
        }
        let now = held();
        assert!(now <= bound, "{habit:?}: {now} objects, at most {bound}");
        assert!(poll(Honest, 20).frames > 0, "after {habit:?}");
    }
    let counts = net.statistics().unwrap();
    assert!(counts.failures >= 100 && counts.frames_in_doubt > 0);
    assert!(counts.frames_in > 0 && counts.frames_out > 0);
    drop(net);
    stack.stop(Duration::from_secs(10)).unwrap();
    device.stop(Duration::from_secs(10)).unwrap();
    drop((stack, device));
    assert_eq!(Totals::now().census, before.census);
}

#[test]
fn invalid_arguments_are_refused() {
    let _alone = alone();
    HABIT.store(Honest as u8, Ordering::Relaxed);
    let good = device(MAC, 1500);
    for (address, prefix) in [
        ([0, 0, 0, 0], 24),
        ([224, 0, 0, 1], 24),
        ([255, 255, 255, 255], 24),
        ([10, 0, 0, 1], 33),
    ] {
        let error = stack(&good, address, prefix).expect_err("no host's address");
        assert!(
            error.contains(&InitError::BadAddress.to_string()),
            "{error}"
        );
    }
    let group = device([1, 0, 0, 0, 0, 1], 1500);
    let error = stack(&group, [10, 0, 0, 1], 24).expect_err("no device's address");
    assert!(error.contains(&InitError::BadMac.to_string()), "{error}");
    for mtu in [0, 39, 67] {
        let narrow = device(MAC, mtu);
        let error = stack(&narrow, [10, 0, 0, 1], 24).expect_err("no room for headers");
        assert!(error.contains(&InitError::BadMtu.to_string()), "{error}");
    }

    let stack = stack(&good, [10, 0, 0, 1], 24).expect("it starts");
    let net = stack.proxy().unwrap();
    let first = net.listen(80, 1).unwrap();
    assert_eq!(net.listen(80, 1).unwrap_err(), TcpError::BadPort);
    assert_eq!(net.listen(0, 1).unwrap_err(), TcpError::BadPort);
    // Now all eight sockets listen.
    let second = net.listen(81, 100).unwrap();
    assert_eq!(net.listen(82, 1).unwrap_err(), TcpError::NoRoom);
    drop((first, second));
    // The old listeners are dropped before the next one is made. Their sockets become free in a poll.
    let third = net.listen(82, 1);
    net.poll(1).unwrap();
    drop(third);
    net.listen(80, 1).expect("the port is free again");
    drop(net);
    drop((stack, good, group));
    runtime().reap();
}
