//! The cable, the domains, and their virtual clock.

use std::sync::MutexGuard;
use std::time::Duration;

use samara_domain::Shadow;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::runtime;
use samara_http::Args;
use samara_interfaces::http::{HttpError, HttpServer};
use samara_interfaces::net::NetDevice;
use samara_interfaces::tcp::Network;
use samara_ixgbe_emulator::Loop;
use samara_proxy::Export;
use samara_testkit::faults as fault;
use samara_testkit::hosted::{Totals, alone};
use samara_testkit::http_client::Peer;
use samara_testkit::ixgbe_bus::IxgbeBus;

pub(super) const SERVER: [u8; 4] = [10, 0, 0, 1];
pub(super) const CLIENT: [u8; 4] = [10, 0, 0, 2];
pub(super) const PORT: u16 = 80;
/// The virtual time that a turn takes.
const TURN: Duration = Duration::from_micros(500);

/// The device, the three domains above it, and their virtual clock.
pub(super) struct World {
    bus: &'static IxgbeBus,
    pub(super) nic: Domain<dyn NetDevice>,
    pub(super) net: Domain<dyn Network>,
    pub(super) http: Domain<dyn HttpServer>,
    pub(super) server: Shadow<dyn HttpServer>,
    pub(super) now: Duration,
    /// One in this many frames to the server is lost. If this is 0, no frame is lost.
    pub(super) loses: u64,
    frames: u64,
    before: Totals,
    _alone: MutexGuard<'static, ()>,
}

fn spec(name: &'static str) -> DomainSpec {
    DomainSpec::new(name).restart(Restart::limited(1_000, Duration::from_secs(600)))
}

impl World {
    pub(super) fn new(seed: u64, bytes: u64, queues: u16) -> Self {
        let alone = alone();
        fault::disarm_all();
        let bus = IxgbeBus::leak(Loop::open());
        let slot = bus.slot();
        let before = Totals::now();
        let limits = samara_ixgbe::Limits {
            queues,
            rx_entries: 128,
            tx_entries: 64,
            ..Default::default()
        };
        let mint = Mint::fallible(move || {
            let function = slot.claim();
            function.map(|function| samara_ixgbe::Args { function, limits })
        });
        let nic: Domain<dyn NetDevice> = runtime()
            .spawn(spec("ixgbe"), samara_ixgbe::init, mint)
            .expect("the driver starts");
        bus.settle();
        let device = nic.clone();
        let mint = Mint::fallible(move || {
            let device = device.shadow();
            device.map(|device| samara_net::Args {
                device,
                address: SERVER,
                prefix: 24,
                gateway: None,
                seed: 1,
                limits: samara_net::Limits::default(),
            })
        });
        let net: Domain<dyn Network> = runtime()
            .spawn(spec("net"), samara_net::init, mint)
            .expect("the stack starts");
        let network = net.clone();
        let mint = Mint::fallible(move || {
            let network = network.shadow();
            network.map(|network| Args {
                network,
                port: PORT,
                connections: 4,
                seed,
                bytes,
            })
        });
        let http: Domain<dyn HttpServer> = runtime()
            .spawn(spec("http"), samara_http::init, mint)
            .expect("the server starts");
        let server = http.shadow().expect("memory");
        Self {
            bus,
            nic,
            net,
            http,
            server,
            now: Duration::ZERO,
            loses: 0,
            frames: 0,
            before,
            _alone: alone,
        }
    }

    /// Lets every part work once, and advances the clock.
    pub(super) fn turn(&mut self, peer: &mut Peer) -> Result<(), HttpError> {
        self.bus.link(|link| {
            while let Some(frame) = peer.next_frame() {
                self.frames += 1;
                if self.loses == 0 || !self.frames.is_multiple_of(self.loses) {
                    link.inbound.push_back(frame);
                }
            }
        });
        self.bus.settle();
        let served = self.server.poll(self.now.as_micros() as u64);
        self.bus.settle();
        self.bus.link(|link| {
            while let Some(frame) = link.outbound.pop_front() {
                peer.deliver(frame);
            }
        });
        self.now += TURN;
        served.map(drop)
    }

    /// Stops the domains, the server first, and asserts that nothing is left of them.
    pub(super) fn finish(self) {
        let Self {
            bus,
            nic,
            net,
            http,
            server,
            before,
            ..
        } = self;
        drop(server);
        http.stop(Duration::from_secs(10)).expect("it stops");
        net.stop(Duration::from_secs(10)).expect("it stops");
        nic.stop(Duration::from_secs(10)).expect("it stops");
        drop((http, net, nic));
        assert_eq!(bus.strays(), 0, "the device made stray accesses");
        let after = Totals::now();
        assert_eq!(after.census, before.census, "objects are left on the heap");
        assert_eq!(after.domains, before.domains);
    }
}
