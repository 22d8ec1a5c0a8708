//! The value that the domain exports: the stack as a [`Network`].

use alloc::sync::Arc;
use core::fmt;

use samara_domain::Proxy;
use samara_interfaces::net::NetDevice;
use samara_interfaces::tcp::{Network, NetworkStatistics, Polled, TcpError, TcpListener};
use smoltcp::iface::{Config, Interface};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpCidr, Ipv4Address, Ipv4Cidr};

use crate::args::{Args, InitError};
use crate::listener::Listener;
use crate::port::Port;
use crate::shared::Shared;
use crate::sockets::Sockets;

/// The smallest MTU that IPv4 allows (RFC 791). A smaller one is refused, since smoltcp subtracts the lengths of
/// headers from the MTU.
const LEAST_MTU: u16 = 68;

/// A TCP/IP stack over one device.
pub struct Stack {
    shared: Arc<Shared>,
    address: Ipv4Address,
}

impl Stack {
    pub(crate) fn new(args: Args) -> Result<Self, InitError> {
        let Args {
            device,
            address,
            prefix,
            gateway,
            seed,
            limits,
        } = args;
        let info = device.info()?;
        let hardware = EthernetAddress(info.mac.0);
        let address = Ipv4Address::from_octets(address);
        // These checks come first, since smoltcp would panic on such values.
        if !hardware.is_unicast() {
            return Err(InitError::BadMac);
        }
        if info.mtu < LEAST_MTU {
            return Err(InitError::BadMtu);
        }
        if !is_host(address) || prefix > 32 {
            return Err(InitError::BadAddress);
        }
        let mut port = Port::new(device, info);
        let mut config = Config::new(HardwareAddress::Ethernet(hardware));
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut port, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            // This cannot fail: smoltcp has room for two addresses.
            let _ = addresses.push(IpCidr::Ipv4(Ipv4Cidr::new(address, prefix)));
        });
        if let Some(gateway) = gateway {
            // This cannot fail: smoltcp has room for two routes, and this is the first.
            let routes = interface.routes_mut();
            let _ = routes.add_default_ipv4_route(Ipv4Address::from_octets(gateway));
        }
        let sockets = Sockets::new(port, interface, &limits.clamped());
        Ok(Self {
            shared: Shared::new(sockets),
            address,
        })
    }
}

/// Whether `address` can be the address of one host.
fn is_host(address: Ipv4Address) -> bool {
    !(address.is_multicast() || address.is_broadcast() || address.is_unspecified())
}

impl Network for Stack {
    fn poll(&self, now: u64) -> Result<Polled, TcpError> {
        Ok(self.shared.lock()?.poll(now))
    }

    fn listen(&self, port: u16, backlog: u16) -> Result<Proxy<dyn TcpListener>, TcpError> {
        let open = self.shared.lock()?.listen(port, backlog)?;
        let listener = Listener::new(Arc::clone(&self.shared), port, open);
        Ok(Proxy::export(listener).map_err(|(error, _)| error)?)
    }

    fn statistics(&self) -> Result<NetworkStatistics, TcpError> {
        Ok(self.shared.lock()?.statistics())
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
