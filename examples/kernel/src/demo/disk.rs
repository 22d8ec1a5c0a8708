//! Finds a disk, and starts and stops its driver domain.

use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use samara::prelude::*;
use samara_device_io::DeviceSlot;
use samara_device_tables::{Nvme, VirtioBlock};
use samara_interfaces::BlockDevice;
use samara_nvme::{Args, Limits};

use crate::host;

/// The longest transfer of one command, in bytes. It is short, so that the driver executes a request as several
/// commands that are in flight at once.
const MAX_TRANSFER: u32 = 32 << 10;

/// The longest time that the driver may compute between two polls of its device. Waits for the device do not count,
/// since the driver itself bounds them: a flush may take a minute, and a controller may take even longer to become
/// ready.
const BUDGET: Duration = Duration::from_millis(500);

/// A slot from which driver domains claim a disk.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Nvme(DeviceSlot<Nvme>),
    Virtio(DeviceSlot<VirtioBlock>),
}

/// A running driver domain.
pub(super) struct Disk {
    domain: Domain<dyn BlockDevice>,
    pub(super) shadow: Shadow<dyn BlockDevice>,
}

/// Finds the first NVMe controller, or else the first virtio disk.
pub(super) fn find() -> Result<Slot, String> {
    let nvme = host::find().map(Slot::Nvme);
    let found = nvme.or_else(|| host::find().map(Slot::Virtio));
    found.ok_or_else(|| {
        "no NVMe controller and no virtio disk: add one to the machine (-device nvme,serial=…,drive=…)"
            .to_string()
    })
}

impl Disk {
    pub(super) fn start(slot: Slot) -> Result<Self, String> {
        let runtime = host::runtime();
        let domain = match slot {
            Slot::Nvme(slot) => {
                let args = |function| Args {
                    function,
                    limits: Limits {
                        max_transfer: MAX_TRANSFER,
                        ..Limits::default()
                    },
                };
                let mint = Mint::fallible(move || slot.claim().map(args));
                runtime.spawn(spec("nvme"), samara_nvme::init, mint)
            }
            Slot::Virtio(slot) => {
                let args = |function| samara_virtio_blk::Args {
                    function,
                    limits: samara_virtio_blk::Limits {
                        max_transfer: MAX_TRANSFER,
                        ..samara_virtio_blk::Limits::default()
                    },
                };
                let mint = Mint::fallible(move || slot.claim().map(args));
                runtime.spawn(spec("virtio-blk"), samara_virtio_blk::init, mint)
            }
        };
        let domain = domain.map_err(|error| format!("the disk's driver did not start: {error}"))?;
        let shadow = domain.shadow().map_err(|error| error.to_string())?;
        Ok(Self { domain, shadow })
    }

    /// Stops the domain. The driver shuts the controller down, and the runtime reclaims everything that the domain
    /// had.
    pub(super) fn stop(self) -> Result<(), String> {
        drop(self.shadow);
        self.domain
            .stop(Duration::from_secs(10))
            .map_err(|error| format!("the disk's driver did not stop: {error}"))
    }
}

fn spec(name: &'static str) -> DomainSpec {
    DomainSpec::new(name)
        .heap_quota(4 << 20)
        .shared_quota(16 << 20)
        .budget_between_yields(BUDGET)
        .restart(Restart::limited(u32::MAX, Duration::from_secs(60)))
}
