//! A host's clock panics while a device is silenced: the claim ends nevertheless, once and completely.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use samara_device_io::DeviceSlot;
use samara_device_io::pci::Silenced;
use samara_device_tables::Nvme;
use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std as _;
use samara_proxy::{Export, interface};
use samara_rref::RRef;
use samara_shared_heap::heap::census_all;
use samara_testkit::hosted::{alone, host};
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};
use std::sync::Mutex;

use fixture::{CAP, Disk, Function};

#[path = "../fixtures/nvme.rs"]
mod fixture;

/// Makes the clock panic after it was read `looks` times.
fn lasts(emulator: &NvmeEmulator, looks: Option<u64>) {
    emulator.switch(|switches| switches.clock_lasts = looks);
}

/// Brings the device into a driver's state: bus master, with memory, and a transfer in flight.
fn busy(function: &Function) {
    let mut disk = Disk::up(function);
    let buffer = RRef::<[u8]>::new_zeroed_slice(4096).unwrap();
    let transfer = function.begin(buffer).unwrap();
    disk.read(function, 0, (&transfer, 0, 4096)).unwrap();
}

/// Returns how often a silence reads the clock, up to the end of a reset.
fn looks(emulator: &'static NvmeEmulator, slot: DeviceSlot<Nvme>) -> u64 {
    let function = slot.claim().unwrap();
    busy(&function);
    lasts(emulator, Some(u64::MAX));
    assert_eq!(function.silence(), Silenced::Reset);
    let mut left = 0;
    emulator.switch(|switches| left = switches.clock_lasts.take().unwrap());
    u64::MAX - left
}

fn answers(function: &Function) -> bool {
    ![0, u64::MAX].contains(&function.read(CAP))
}

/// Checks that the next claim gets a device that answers and works.
fn is_usable(slot: DeviceSlot<Nvme>) {
    let function = slot.claim().unwrap();
    busy(&function);
    assert!(answers(&function));
}

/// Returns the reads of the clock at which the tests let it panic: early ones, some in the wait for the reset, and
/// late ones.
fn moments(looks: u64) -> impl Iterator<Item = u64> {
    (0..8)
        .chain((8..looks).step_by(97))
        .chain(looks - 3..=looks)
}

/// Invariant: DEV-34
#[test]
fn a_claim_ends_without_a_clock() {
    let _alone = alone();
    let emulator = NvmeEmulator::leak(Shape::default());
    let slot = emulator.slot();
    let looks = looks(emulator, slot);
    let before = census_all();
    for at in moments(looks) {
        let function = slot.claim().unwrap();
        busy(&function);
        lasts(emulator, Some(at));
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(function)));
        lasts(emulator, None);
        assert!(dropped.is_ok(), "{at}: a destructor that panics");
        assert!(!emulator.is_bus_master(), "{at}");
        assert_eq!(census_all(), before, "{at}");
        is_usable(slot);
    }
    assert_eq!(census_all(), before);
}

/// Invariant: DEV-34
#[test]
fn a_silence_without_a_clock_can_be_repeated() {
    let _alone = alone();
    let emulator = NvmeEmulator::leak(Shape::default());
    let slot = emulator.slot();
    let looks = looks(emulator, slot);
    let function = slot.claim().unwrap();
    busy(&function);
    for at in moments(looks) {
        lasts(emulator, Some(at));
        let silenced = catch_unwind(AssertUnwindSafe(|| function.silence()));
        lasts(emulator, None);
        let silenced = silenced.ok().unwrap();
        let expected = match at {
            0 => Silenced::BusMasterOff,
            _ if at < looks => Silenced::Lost,
            _ => Silenced::Reset,
        };
        assert_eq!(silenced, expected, "{at}");
        assert!(!emulator.is_bus_master(), "{at}");
        assert_eq!(function.silence(), Silenced::Reset, "{at}");
        assert!(answers(&function), "{at}");
        function.enable_bus_master().unwrap();
    }
}

#[interface]
trait Driver {
    /// Drops the driver's function; if `panics`, during a panic.
    fn give_up(&self, panics: bool) -> Result<(), RpcError>;
}

struct Board(Mutex<Option<Function>>);

impl Driver for Board {
    fn give_up(&self, panics: bool) -> Result<(), RpcError> {
        let _function = self.0.lock().unwrap().take();
        assert!(!panics, "panics on request");
        Ok(())
    }
}

fn init(function: Function) -> Result<Board, RpcError> {
    busy(&function);
    Ok(Board(Mutex::new(Some(function))))
}

/// If the capability's slot still belonged to the driver after the function was dropped, the reclaim would quiesce
/// and drop the function once more.
///
/// Invariant: DEV-34
#[test]
fn a_driver_without_a_clock_is_reclaimed_once() {
    let _alone = alone();
    let emulator = NvmeEmulator::leak(Shape::default());
    let slot = emulator.slot();
    let looks = looks(emulator, slot);
    let before = census_all();
    for at in moments(looks) {
        for how in 0..3 {
            let mint = Mint::fallible(move || slot.claim());
            let spec = DomainSpec::new("driver");
            let domain: Domain<dyn Driver> = host().spawn(spec, init, mint).unwrap();
            lasts(emulator, Some(at));
            if how < 2 {
                let panics = how == 1;
                let expected = if panics {
                    Err(RpcError::Crashed)
                } else {
                    Ok(())
                };
                assert_eq!(domain.proxy().unwrap().give_up(panics), expected, "{at}");
                lasts(emulator, None);
                is_usable(slot);
            }
            domain.kill();
            host().reap();
            drop(domain);
            host().reap();
            lasts(emulator, None);
            assert_eq!(census_all(), before, "{at} {how}");
            is_usable(slot);
        }
    }
}
