//! A stack returns larger buffers than it was given. Even so, the memory that the server holds stays bounded.
#![forbid(unsafe_code)]

use std::time::Duration;

use samara_domain::RRef;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System, runtime};
use samara_http::Args;
use samara_interfaces::http::HttpServer;
use samara_interfaces::tcp::{
    Network, NetworkStatistics, Polled, Received, TcpError, TcpListener, TcpStream,
};
use samara_proxy::{Export, Proxy, RpcError};
use samara_testkit::hosted::{Totals, alone};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const CONNECTIONS: u16 = 8;
/// The number of bytes that the stack returns from each `recv`.
const MUCH: usize = 1 << 20;

struct Stack;
struct Listener;
struct Stream;

impl Network for Stack {
    fn poll(&self, _: u64) -> Result<Polled, TcpError> {
        Ok(Polled::default())
    }

    fn listen(&self, _: u16, _: u16) -> Result<Proxy<dyn TcpListener>, TcpError> {
        Ok(Proxy::export(Listener).map_err(|(error, _)| error)?)
    }

    fn statistics(&self) -> Result<NetworkStatistics, TcpError> {
        Ok(NetworkStatistics::default())
    }
}

impl TcpListener for Listener {
    fn accept(&self) -> Result<Option<Proxy<dyn TcpStream>>, TcpError> {
        Ok(Some(Proxy::export(Stream).map_err(|(error, _)| error)?))
    }
}

impl TcpStream for Stream {
    fn recv(&self, _: RRef<[u8]>) -> Result<Received, TcpError> {
        let buffer = RRef::try_from_fn(MUCH, |_| b'a')?;
        Ok(Received {
            buffer,
            len: MUCH,
            ended: false,
        })
    }

    fn send(&self, _: &RRef<[u8]>, _: usize, _: usize) -> Result<usize, TcpError> {
        Ok(0)
    }

    fn finish(&self) -> Result<(), TcpError> {
        Ok(())
    }
}

fn init((): ()) -> Result<Stack, RpcError> {
    Ok(Stack)
}

/// Invariant: RECOVER-5
#[test]
fn oversized_buffers_do_not_fill_the_server() {
    let _alone = alone();
    let before = Totals::now();
    let stack: Domain<dyn Network> = runtime()
        .spawn(DomainSpec::new("stack"), init, Mint::nothing())
        .expect("it starts");
    let network = stack.clone();
    let mint = Mint::fallible(move || {
        network.shadow().map(|network| Args {
            network,
            port: 80,
            connections: CONNECTIONS,
            seed: 1,
            bytes: 1,
        })
    });
    let http: Domain<dyn HttpServer> = runtime()
        .spawn(DomainSpec::new("http"), samara_http::init, mint)
        .expect("it starts");
    let server = http.proxy().expect("memory");
    for now in 0..100 {
        server.poll(now).expect("it lives");
    }
    assert_eq!(server.statistics().expect("it lives").open, 8);
    let info = http.info();
    let held = info.shared_bytes + info.private_bytes;
    assert!(held < MUCH, "{held} bytes for eight connections");
    drop(server);
    let patience = Duration::from_secs(10);
    http.stop(patience).expect("it ends");
    stack.stop(patience).expect("it ends");
    drop((http, stack));
    assert_eq!(Totals::now().census, before.census);
}
