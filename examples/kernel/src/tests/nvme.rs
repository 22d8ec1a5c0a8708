//! The NVMe driver as a domain, on a disk that the tests may overwrite.

use core::time::Duration;

use samara::prelude::*;
use samara_interfaces::BlockDevice;
use samara_nvme::Args;
use samara_testkit::pattern;

use super::kernel_tests;
use super::pci::nvme;
use super::totals::settled_frames;
use crate::host::{runtime, slot};
use crate::mm::frames::{self, FrameOwner};

/// The seed of the pattern that a test [writes](fill) to the start of the disk.
const SEED: u64 = 1;
const OTHER_SEED: u64 = 2;
const FILLED_BLOCKS: u64 = 256;

/// The driver's domain. The domain is killed when the test ends, even by a failure, so that the next test finds the
/// controller free.
struct Driver(Domain<dyn BlockDevice>);

impl Driver {
    /// Starts the driver, which may be restarted `times` times. Returns `None` in a machine without a controller.
    fn spawn(times: u32) -> Option<Self> {
        let slot = slot(nvme()?).expect("a slot for each function");
        let policy = Restart::limited(times, Duration::from_secs(3600));
        let mint = Mint::fallible(move || slot.claim().map(Args::from));
        let spec = DomainSpec::new("nvme").restart(policy);
        let domain = runtime().spawn(spec, samara_nvme::init, mint);
        Some(Self(domain.expect("a driver")))
    }

    /// Returns a proxy of the disk, and the size of a block.
    fn disk(&self) -> (Proxy<dyn BlockDevice>, u64) {
        let disk = self.0.proxy().expect("a proxy");
        let geometry = disk.geometry().expect("its geometry");
        (disk, geometry.block_size.into())
    }

    fn stop(&self) {
        self.0
            .stop(Duration::from_secs(1))
            .expect("no thread is inside");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.kill();
    }
}

fn buffer(bytes: u64) -> RRef<[u8]> {
    RRef::new_zeroed_slice(bytes as usize).expect("memory")
}

/// Writes the blocks that the tests read, in requests of `count` blocks, and flushes.
fn fill(disk: &Proxy<dyn BlockDevice>, block: u64, seed: u64, count: u64) {
    let mut data = buffer(count * block);
    for lba in (0..FILLED_BLOCKS).step_by(count as usize) {
        pattern::fill(seed, lba * block, &mut data);
        disk.write(lba, &data).expect("a write");
    }
    disk.flush().expect("a flush");
}

fn assert_pattern(seed: u64, offset: u64, bytes: &[u8]) {
    let mismatch = pattern::first_mismatch(seed, offset, bytes);
    assert_eq!(mismatch, None, "from {offset}");
}

kernel_tests! {
    fn driver_reads_back_written_blocks() {
        let Some(driver) = Driver::spawn(0) else { return };
        let (disk, block) = driver.disk();
        for (seed, count) in [(OTHER_SEED, 1), (SEED, 64)] {
            fill(&disk, block, seed, count);
            for (lba, count) in [(0, 1), (1, 1), (8, 16), (77, 33), (FILLED_BLOCKS - 1, 1)] {
                let read = disk.read(lba, buffer(count * block)).expect("a read");
                assert_pattern(seed, lba * block, &read);
            }
        }
        driver.stop();
    }

    fn driver_refuses_blocks_beyond_the_end() {
        let Some(driver) = Driver::spawn(0) else { return };
        let (disk, block) = driver.disk();
        let blocks = disk.geometry().expect("its geometry").blocks;
        assert!(disk.read(blocks - 1, buffer(block)).is_ok());
        assert!(disk.read(blocks, buffer(block)).is_err());
        assert!(disk.read(u64::MAX, buffer(2 * block)).is_err());
        assert!(disk.write(blocks - 1, &buffer(2 * block)).is_err());
        driver.stop();
    }

    fn killed_driver_leaves_nothing_and_shadow_recovers() {
        let Some(driver) = Driver::spawn(8) else { return };
        let (disk, block) = driver.disk();
        fill(&disk, block, SEED, 64);
        let shadow = driver.0.shadow().expect("a shadow");
        let before = settled_frames();
        for _ in 0..3 {
            let private = FrameOwner(driver.0.info().id as u32);
            assert!(driver.0.kill());
            assert_eq!(frames::owned_by(private), 0, "reclaimed at once");
            let read = shadow.read(8, buffer(16 * block)).expect("a read");
            assert_pattern(SEED, 8 * block, &read);
        }
        assert_eq!(driver.0.restarts(), 3);
        assert_eq!(settled_frames(), before);
        driver.stop();
    }
}
