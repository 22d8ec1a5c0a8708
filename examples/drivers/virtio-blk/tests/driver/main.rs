//! Tests of the driver on the model device. Some tests call the driver directly, others as a domain.
#![forbid(unsafe_code)]

mod attacks;
mod bring_up;
mod configuration;
mod crashes;
mod misbehaviour;
mod requests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use samara_device_io::DeviceSlot;
use samara_device_tables::VirtioBlock;
use samara_host_std::{DomainAlloc, System};
use samara_interfaces::BlockDevice;
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::disks::{buffer, expected, fill};
use samara_testkit::faults as fault;
use samara_testkit::virtio_emulator::{Block, Device, Shape, VirtioEmulator};
use samara_virtio_blk::{Args, InitError, Limits, VirtioDisk};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// All tests of the process share the heap and the fault points, so they run one at a time.
static SERIAL: Mutex<()> = Mutex::new(());

/// A model device on a bus of its own, and the census of the shared heap before the test.
struct Bench {
    model: &'static VirtioEmulator,
    slot: DeviceSlot<VirtioBlock>,
    before: Census,
    _serial: MutexGuard<'static, ()>,
}

impl Bench {
    fn new(shape: Shape) -> Self {
        let serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
        fault::disarm_all();
        let model = VirtioEmulator::leak(shape);
        model.medium(|medium| fill(medium));
        Self {
            model,
            slot: model.slot(),
            before: census_all(),
            _serial: serial,
        }
    }

    fn try_disk(&self, limits: Limits) -> Result<VirtioDisk, InitError> {
        let function = self.slot.claim().expect("the model can be claimed");
        samara_virtio_blk::init(Args { function, limits })
    }

    fn disk(&self) -> VirtioDisk {
        self.try_disk(Limits::default())
            .expect("the model comes up")
    }

    /// Checks that nothing is left on the shared heap, and that the function is silent and can be claimed again. Also
    /// checks that the device never accessed memory that it must not reach, and that the driver did not violate the
    /// specification.
    fn finish(self) {
        assert_eq!(self.model.violations(), []);
        let counts = self.model.counts();
        assert_eq!(
            counts.stray_accesses, 0,
            "the device accessed memory that it must not reach"
        );
        assert_eq!(
            census_all(),
            self.before,
            "something is left on the shared heap"
        );
        assert!(!self.model.is_bus_master());
        if self.slot.place().id().is_some() {
            drop(self.slot.claim().expect("the function is free again"));
        }
    }
}

/// The shape of a model with this block device.
const fn shape(block: Block) -> Shape {
    Shape {
        device: Device::Block(block),
        ..Shape::BLOCK
    }
}

/// A device that takes at most 8 KiB in a request, and completes a request two pauses after it took it.
const SLOW: Shape = Shape {
    latency: 2,
    ..shape(Block {
        size_max: Some(8192),
        ..Block::PLAIN
    })
};

/// Returns a bench for each kind of function: with and without Function Level Reset.
fn benches(shape: Shape) -> [impl FnOnce() -> Bench; 2] {
    [true, false].map(|flr| move || Bench::new(Shape { flr, ..shape }))
}

/// Reads, writes and flushes, in sectors of 512 bytes.
fn works(disk: &VirtioDisk) {
    let read = disk.read(7, buffer(12_288)).unwrap();
    assert_eq!(*read, *expected(7 * 512, 12_288));
    disk.write(7, &read).unwrap();
    disk.flush().unwrap();
}
