//! Tests of the driver on the model controller: first called directly, then as a domain.
#![forbid(unsafe_code)]

mod attacks;
mod bring_up;
mod crashes;
mod hardware;
mod misbehaviour;
mod requests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use samara_device_io::DeviceSlot;
use samara_device_tables::Nvme;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System, runtime};
use samara_interfaces::block::BlockController;
use samara_nvme::{Args, InitError, Limits, NvmeDisk};
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::disks::fill;
use samara_testkit::faults as fault;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Locked by the test that is running. The whole process shares one heap and the fault points, so tests run one at a
/// time.
static SERIAL: Mutex<()> = Mutex::new(());

/// A model on a bus of its own, and the contents of the shared heap before the test.
struct Bench {
    model: &'static NvmeEmulator,
    slot: DeviceSlot<Nvme>,
    before: Census,
    _serial: MutexGuard<'static, ()>,
}

impl Bench {
    fn new(shape: Shape) -> Self {
        let serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
        fault::disarm_all();
        let model = NvmeEmulator::leak(shape);
        model.medium(|medium| fill(medium));
        Self {
            model,
            slot: model.slot(),
            before: census_all(),
            _serial: serial,
        }
    }

    fn try_disk(&self, limits: Limits) -> Result<NvmeDisk, InitError> {
        let function = self.slot.claim().expect("the model can be claimed");
        samara_nvme::init(Args { function, limits })
    }

    fn disk(&self) -> NvmeDisk {
        self.try_disk(Limits::default())
            .expect("the model comes up")
    }

    /// Starts the driver for all namespaces, in a domain of its own.
    fn domain(&self, limits: Limits) -> Domain<dyn BlockController> {
        let slot = self.slot;
        let mint = Mint::fallible(move || slot.claim().map(|function| Args { function, limits }));
        runtime()
            .spawn(DomainSpec::new("nvme"), samara_nvme::init_controller, mint)
            .expect("the domain starts")
    }

    /// Checks that nothing is left on the heap, that the function is silent and can be claimed again, and that the
    /// device never accessed memory outside its reach.
    fn finish(self) {
        let counts = self.model.counts();
        assert_eq!(
            counts.stray_accesses, 0,
            "the device accessed memory that it may not"
        );
        assert_eq!(counts.bad_doorbells, 0);
        assert_eq!(
            census_all(),
            self.before,
            "something is left on the shared heap"
        );
        assert!(!self.model.is_bus_master());
        let removed = self.slot.place().id().is_none();
        if !removed {
            drop(self.slot.claim().expect("the function is free again"));
        }
    }
}
