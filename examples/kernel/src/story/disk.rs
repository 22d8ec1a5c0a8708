//! The driver domain: found, started, stopped.

use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use samara::prelude::*;
use samara_device_io::DeviceSlot;
use samara_device_tables::Nvme;
use samara_interfaces::BlockDevice;
use samara_nvme::{Args, Limits};

use crate::host;
use crate::pci::{self, Class};

/// Bytes of one command: small, so that a request is several commands in flight at once.
const MAX_TRANSFER: u32 = 32 << 10;

/// A request takes a few milliseconds, bringing the controller up some hundred at worst.
const BUDGET: Duration = Duration::from_millis(500);

/// A running driver domain.
pub(super) struct Disk {
    domain: Domain<dyn BlockDevice>,
    pub(super) shadow: Shadow<dyn BlockDevice>,
}

/// The first NVMe controller, as a place that driver domains claim it from.
pub(super) fn find() -> Result<DeviceSlot<Nvme>, String> {
    let function = pci::functions()
        .iter()
        .find(|function| function.class == Class::NVME)
        .ok_or("no NVMe controller: give the machine one (-device nvme,serial=…,drive=…)")?;
    host::slot(function).ok_or_else(|| "the NVMe controller cannot be claimed".to_string())
}

impl Disk {
    pub(super) fn start(slot: DeviceSlot<Nvme>) -> Result<Self, String> {
        let args = |function| Args {
            function,
            limits: Limits {
                max_transfer: MAX_TRANSFER,
                ..Limits::default()
            },
        };
        let spec = DomainSpec::new("nvme")
            .heap_quota(4 << 20)
            .shared_quota(16 << 20)
            .budget(BUDGET)
            .restart(Restart::limited(u32::MAX, Duration::from_secs(60)));
        let domain = host::runtime()
            .spawn(
                spec,
                samara_nvme::init,
                Mint::fallible(move || slot.claim().map(args)),
            )
            .map_err(|error| format!("the NVMe driver did not start: {error}"))?;
        let shadow = domain.shadow().map_err(|error| error.to_string())?;
        Ok(Self { domain, shadow })
    }

    /// Shuts the controller down and takes everything back.
    pub(super) fn stop(self) -> Result<(), String> {
        drop(self.shadow);
        self.domain
            .stop(Duration::from_secs(10))
            .map_err(|error| format!("the NVMe driver did not stop: {error}"))
    }
}
