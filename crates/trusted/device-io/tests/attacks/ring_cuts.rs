//! A driver is cut while it hands an object to the trusted side, or while it gets the object back.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_device_io::mmio::{ReadWrite, Register};
use samara_device_io::queue::Ring;
use samara_device_io::{DeviceSlot, PciFunction};
use samara_device_tables::Ixgbe;
use samara_domain_runtime::contain::Verdict;
use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_ixgbe_emulator::Loop;
use samara_proxy::{Export, interface};
use samara_rref::{RRef, RRefDeque};
use samara_shared_heap::heap::census_all;
use samara_testkit::contained::{Contained, arm, contained};
use samara_testkit::hosted::{alone, host};
use samara_testkit::ixgbe_bus::{IxgbeBus, vectors_in_use};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

type Packet = [u8; 1024];
type TxRing = Ring<Ixgbe, { Ixgbe::TX }, Packet>;

const DMATXCTL: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x4A80);

/// The number of cuts for each operation, and the number of objects that each `TRADE` exchanges.
const WALKS: u64 = 50;
const TRADED: usize = 1;

const RING: u8 = 0;
const PUT_AND_TAKE: u8 = 1;
const TRADE: u8 = 2;
const INTERRUPT: u8 = 3;

#[interface]
trait Driver {
    /// Does `operation`, in single steps.
    fn go(&self, operation: u8) -> Result<usize, RpcError>;
    /// Sends as many frames as will be traded.
    fn send(&self) -> Result<(), RpcError>;
}

struct Board {
    ring: Mutex<TxRing>,
    function: PciFunction<Ixgbe>,
}

fn frame(packet: &mut Packet) -> &mut [u8] {
    &mut packet[..60]
}

impl Driver for Board {
    fn send(&self) -> Result<(), RpcError> {
        let mut ring = self.ring.lock().unwrap();
        let mut sending = ring.open(&self.function).unwrap();
        for _ in 0..TRADED {
            sending.put(RRef::new([0xFF; 1024]), frame).unwrap();
        }
        sending.publish();
        Ok(())
    }

    fn go(&self, operation: u8) -> Result<usize, RpcError> {
        let mut ring = self.ring.lock().unwrap();
        let mut sending = ring.open(&self.function).unwrap();
        let mut batch = RRefDeque::<Packet, 4>::new();
        for _ in 0..TRADED {
            batch.push_back(RRef::new([0xFF; 1024])).unwrap();
        }
        let packet = RRef::new([0xFF; 1024]);
        arm();
        Ok(match operation {
            RING => usize::from(TxRing::new(&self.function, 1, 8, 0).is_ok()),
            PUT_AND_TAKE => {
                let put = usize::from(sending.put(packet, frame).is_ok());
                let done = sending.done();
                put + usize::from(done.and_then(|_| sending.take()).is_some())
            }
            TRADE => sending.trade(&mut batch, |_, _, _| true, frame),
            _ => usize::from(self.function.interrupt(0).is_ok()),
        })
    }
}

fn init(function: PciFunction<Ixgbe>) -> Result<Board, RpcError> {
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    function.update(DMATXCTL, 1, 1).unwrap();
    let mut ring = TxRing::new(&function, 0, 8, 0).unwrap();
    ring.start(&function, 0).unwrap();
    let ring = Mutex::new(ring);
    Ok(Board { ring, function })
}

/// Runs one driver, which is cut at instruction `at`, or at the next one where it may be cut. Returns how many steps
/// it took, and whether it was cut.
fn walk(
    contained: &Contained,
    bus: &IxgbeBus,
    slot: DeviceSlot<Ixgbe>,
    operation: u8,
    at: u64,
) -> (u64, bool) {
    let before = (census_all(), vectors_in_use());
    let spec = DomainSpec::new("driver").budget(Duration::from_secs(5));
    let mint = Mint::fallible(move || slot.claim());
    let domain: Domain<dyn Driver> = host().spawn(spec, init, mint).unwrap();
    let proxy = domain.proxy().unwrap();
    proxy.send().unwrap();
    bus.settle();
    let (result, stepped) = contained.step_armed(at, true, || proxy.go(operation));
    let is_cut = stepped.verdict == Some(Verdict::Cut);
    if at == u64::MAX {
        assert!(result.unwrap() > 0);
    }
    drop(proxy);
    domain.kill();
    host().reap();
    drop(domain);
    host().reap();
    assert!(!bus.is_bus_master());
    assert_eq!(bus.strays(), 0);
    let after = (census_all(), vectors_in_use());
    assert_eq!(after, before, "{operation} {at} {stepped:?}");
    (stepped.steps, is_cut)
}

/// Invariant: DEV-22
#[test]
fn a_driver_cut_during_a_handover_loses_nothing() {
    let _alone = alone();
    let contained = contained(true);
    let bus = IxgbeBus::leak(Loop::closed());
    let slot = bus.slot();
    for operation in [RING, TRADE, PUT_AND_TAKE] {
        let (steps, _) = walk(&contained, bus, slot, operation, u64::MAX);
        let stride = (steps / WALKS).max(1);
        let walks = (0..steps).step_by(stride as usize);
        let cut = walks.filter(|&at| walk(&contained, bus, slot, operation, at).1);
        let cut = cut.count();
        println!("{operation}: {steps} steps, every {stride}: {cut} cuts");
        assert!(cut > 0, "{operation}");
    }
    // The emulator is slow at its MSI-X table, so few instructions are tried. If a tick comes while the thread has a
    // no-cut mark, the thread is cut where the mark ends.
    for at in [0, 3_000, 20_000] {
        assert!(walk(&contained, bus, slot, INTERRUPT, at).1, "{at}");
    }
}
