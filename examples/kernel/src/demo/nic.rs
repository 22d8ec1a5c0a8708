//! Starts and stops the three domains of the network: the driver, the TCP/IP stack above it, and the HTTP server
//! above the stack.

use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use samara::prelude::*;
use samara_device_io::DeviceSlot;
use samara_device_tables::{Ixgbe, VirtioNet};
use samara_interfaces::http::HttpServer;
use samara_interfaces::net::NetDevice;
use samara_interfaces::tcp::{Network, NetworkStatistics};

use crate::host;

/// The names of the driver domains, by which [`is_driver`] recognizes their deaths.
const IXGBE: &str = "ixgbe";
const VIRTIO: &str = "virtio-net";

/// Whether a domain with this name is the driver of a network device.
pub(super) fn is_driver(name: &str) -> bool {
    name == IXGBE || name == VIRTIO
}

/// A slot from which driver domains claim a network device.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Ixgbe(DeviceSlot<Ixgbe>),
    Virtio(DeviceSlot<VirtioNet>),
}

/// The address of the server, its network's prefix length, and its port.
const ADDRESS: [u8; 4] = [10, 0, 0, 1];
const PREFIX: u8 = 24;
const PORT: u16 = 80;
/// Connections that the server has open at a time.
const CONNECTIONS: u16 = 4;

/// The longest time that the driver may compute between two polls of its device. Waits for a reset of the device do
/// not count, since the driver itself bounds them.
const DRIVER_BUDGET: Duration = Duration::from_millis(500);
/// The budget of a call of the stack or the server. One poll moves a few hundred frames.
const BUDGET: Duration = Duration::from_secs(2);

/// The three running domains.
pub(super) struct Net {
    driver: Domain<dyn NetDevice>,
    stack: Domain<dyn Network>,
    server: Domain<dyn HttpServer>,
    pub(super) http: Shadow<dyn HttpServer>,
}

/// Finds the first 82599, or else the first virtio network device.
pub(super) fn find() -> Result<Slot, String> {
    let ixgbe = host::find().map(Slot::Ixgbe);
    let found = ixgbe.or_else(|| host::find().map(Slot::Virtio));
    found.ok_or_else(|| {
        "no 82599 and no virtio network device: add one to the machine, or leave out requests=N"
            .to_string()
    })
}

fn driver(name: &'static str) -> DomainSpec {
    spec(name, DRIVER_BUDGET).budget_between_yields(DRIVER_BUDGET)
}

fn spec(name: &'static str, budget: Duration) -> DomainSpec {
    DomainSpec::new(name)
        .heap_quota(4 << 20)
        .shared_quota(16 << 20)
        .budget(budget)
        .restart(Restart::limited(u32::MAX, Duration::from_secs(60)))
}

impl Net {
    /// Starts the domains, the driver first. The server serves `bytes` bytes of the pattern of `seed`.
    pub(super) fn start(slot: Slot, seed: u64, bytes: u64) -> Result<Self, String> {
        let failed = |problem: &str, error: &dyn core::fmt::Display| format!("{problem}: {error}");
        let runtime = host::runtime();
        let driver = match slot {
            Slot::Ixgbe(slot) => runtime.spawn(
                driver(IXGBE),
                samara_ixgbe::init,
                Mint::fallible(move || slot.claim().map(samara_ixgbe::Args::from)),
            ),
            Slot::Virtio(slot) => runtime.spawn(
                driver(VIRTIO),
                samara_virtio_net::init,
                Mint::fallible(move || slot.claim().map(samara_virtio_net::Args::from)),
            ),
        };
        let driver: Domain<dyn NetDevice> =
            driver.map_err(|error| failed("the network device's driver did not start", &error))?;
        let device = driver.clone();
        let stack: Domain<dyn Network> = runtime
            .spawn(
                spec("net", BUDGET),
                samara_net::init,
                Mint::fallible(move || {
                    device.shadow().map(|device| samara_net::Args {
                        device,
                        address: ADDRESS,
                        prefix: PREFIX,
                        gateway: None,
                        seed,
                        limits: samara_net::Limits::default(),
                    })
                }),
            )
            .map_err(|error| failed("the network stack did not start", &error))?;
        let network = stack.clone();
        let server: Domain<dyn HttpServer> = runtime
            .spawn(
                spec("http", BUDGET),
                samara_http::init,
                Mint::fallible(move || {
                    network.shadow().map(|network| samara_http::Args {
                        network,
                        port: PORT,
                        connections: CONNECTIONS,
                        seed,
                        bytes,
                    })
                }),
            )
            .map_err(|error| failed("the HTTP server did not start", &error))?;
        let http = server.shadow().map_err(|error| error.to_string())?;
        Ok(Self {
            driver,
            stack,
            server,
            http,
        })
    }

    /// Returns the statistics of the network stack.
    pub(super) fn statistics(&self) -> Result<NetworkStatistics, String> {
        let stack = self.stack.proxy().map_err(|error| error.to_string())?;
        stack.statistics().map_err(|error| error.to_string())
    }

    /// Stops the domains, the server first. Everything that they had is reclaimed.
    pub(super) fn stop(self) -> Result<(), String> {
        const PATIENCE: Duration = Duration::from_secs(10);
        drop(self.http);
        let server = self.server.stop(PATIENCE);
        let stack = self.stack.stop(PATIENCE);
        let driver = self.driver.stop(PATIENCE);
        server
            .and(stack)
            .and(driver)
            .map_err(|error| format!("a domain of the network did not stop: {error}"))
    }
}
