//! Three domains on one another: the network driver, the TCP/IP stack, the HTTP server.

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

/// What the drivers are called: their deaths are told by it.
const IXGBE: &str = "ixgbe";
const VIRTIO: &str = "virtio-net";

/// Whether a domain of this name is a driver of a network device.
pub(super) fn is_driver(name: &str) -> bool {
    name == IXGBE || name == VIRTIO
}

/// A place that driver domains claim a network device from.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Ixgbe(DeviceSlot<Ixgbe>),
    Virtio(DeviceSlot<VirtioNet>),
}

/// Where the server is, and in which network.
const ADDRESS: [u8; 4] = [10, 0, 0, 1];
const PREFIX: u8 = 24;
const PORT: u16 = 80;
/// Connections at a time.
const CONNECTIONS: u16 = 4;

/// How long the driver may compute between two looks at its device. How long it waits for that, in a reset, is bounded by the
/// driver itself.
const DRIVER_BUDGET: Duration = Duration::from_millis(500);
/// A poll moves some hundred frames.
const BUDGET: Duration = Duration::from_secs(2);

/// The three, running.
pub(super) struct Net {
    driver: Domain<dyn NetDevice>,
    stack: Domain<dyn Network>,
    server: Domain<dyn HttpServer>,
    pub(super) http: Shadow<dyn HttpServer>,
}

/// The first 82599, or else the first network device of virtio.
pub(super) fn find() -> Result<Slot, String> {
    let ixgbe = host::find().map(Slot::Ixgbe);
    let found = ixgbe.or_else(|| host::find().map(Slot::Virtio));
    found.ok_or_else(|| {
        "no 82599 and no network device of virtio: give the machine one, or don't ask for requests".to_string()
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
    /// Starts them, the lower first. The server serves `bytes` bytes of the pattern of `seed`.
    pub(super) fn start(slot: Slot, seed: u64, bytes: u64) -> Result<Self, String> {
        let failed = |what: &str, error: &dyn core::fmt::Display| format!("{what}: {error}");
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

    /// What the stack has counted.
    pub(super) fn statistics(&self) -> Result<NetworkStatistics, String> {
        let stack = self.stack.proxy().map_err(|error| error.to_string())?;
        stack.statistics().map_err(|error| error.to_string())
    }

    /// Stops them, the upper first, and takes everything back.
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
