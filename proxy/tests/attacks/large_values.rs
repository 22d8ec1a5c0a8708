//! Attack: large arguments by value. The boundary moves the arguments on the stack, and may need more stack for this
//! than it has asked for.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(
    unsafe_code,
    reason = "calls functions that trusted crates call on behalf of domains"
)]

use samara_domain_runtime::call::with_cleanup_boundary;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::Exchangeable;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host, pad_until};
use std::hint::black_box;
use std::thread;
use std::time::Duration;

#[path = "../fixtures/deep.rs"]
mod deep;
use deep::{allocate_deeper, outlives};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The stack of the threads that attack.
const STACK: usize = 1 << 20;
/// The part of that stack that the thread may use above its reserve.
const USUAL: usize = STACK - (128 << 10);

const SOME: usize = 4 << 10;
const LARGE: usize = 16 << 10;

/// Because of the alignment, a copy on the stack may need padding of up to its own size.
#[derive(Clone, Copy, Exchangeable)]
#[repr(C, align(4096))]
struct Page([u8; SOME]);

#[interface]
trait Server {
    fn take_page(&self, page: Page) -> Result<u32, RpcError>;
    fn take_some(&self, data: [u8; SOME]) -> Result<u32, RpcError>;
    fn take_little(&self, data: u32) -> Result<u32, RpcError>;
    fn give(&self) -> Result<[u8; LARGE], RpcError>;
    fn both(&self, data: [u8; SOME]) -> Result<[u8; SOME], RpcError>;
    fn take(&self, data: [u8; LARGE]) -> Result<u32, RpcError>;
    #[replay]
    fn note(&self, data: [u8; SOME]) -> Result<u32, RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}

struct Serving;
impl Server for Serving {
    fn take_page(&self, page: Page) -> Result<u32, RpcError> {
        Ok(page.0[7].into())
    }
    fn take_some(&self, data: [u8; SOME]) -> Result<u32, RpcError> {
        Ok(data[7].into())
    }
    fn take_little(&self, data: u32) -> Result<u32, RpcError> {
        Ok(data)
    }
    fn give(&self) -> Result<[u8; LARGE], RpcError> {
        Ok([1; LARGE])
    }
    fn both(&self, data: [u8; SOME]) -> Result<[u8; SOME], RpcError> {
        Ok(data)
    }
    fn take(&self, data: [u8; LARGE]) -> Result<u32, RpcError> {
        Ok(data[7].into())
    }
    fn note(&self, data: [u8; SOME]) -> Result<u32, RpcError> {
        Ok(data[7].into())
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Client {
    fn take_some_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn take_little_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn take_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn status_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn note(&self) -> Result<u32, RpcError>;
    fn take_page_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn give_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn both_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn bound_below(&self, bytes: usize) -> Result<u32, RpcError>;
}

struct Asking(Proxy<dyn Server>, Shadow<dyn Server>);
#[inline(never)]
fn some(server: &Proxy<dyn Server>) -> Result<u32, RpcError> {
    server.take_some([1; SOME])
}
#[inline(never)]
fn large(server: &Proxy<dyn Server>) -> Result<u32, RpcError> {
    server.take([1; LARGE])
}
#[inline(never)]
fn page(server: &Proxy<dyn Server>) -> Result<u32, RpcError> {
    server.take_page(Page([1; SOME]))
}
#[inline(never)]
fn given(server: &Proxy<dyn Server>) -> Result<u32, RpcError> {
    Ok(server.give()?[7].into())
}
#[inline(never)]
fn both(server: &Proxy<dyn Server>) -> Result<u32, RpcError> {
    Ok(server.both([1; SOME])?[7].into())
}
#[inline(never)]
fn bound() -> Result<u32, RpcError> {
    // SAFETY: there is nothing for the cleanup to end.
    let (large, ()) = unsafe { with_cleanup_boundary(|| black_box([1_u8; LARGE]), || ()) };
    Ok(black_box(large)[7].into())
}
impl Client for Asking {
    fn take_some_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| some(&self.0))
    }
    fn take_little_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| self.0.take_little(1))
    }
    fn take_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| large(&self.0))
    }
    fn status_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| self.1.status())
    }
    fn take_page_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| page(&self.0))
    }
    fn give_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| given(&self.0))
    }
    fn both_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| both(&self.0))
    }
    fn bound_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &bound)
    }
    fn note(&self) -> Result<u32, RpcError> {
        self.1.note([1; SOME])
    }
}
fn asking((one, all): (Proxy<dyn Server>, Shadow<dyn Server>)) -> Result<Asking, RpcError> {
    black_box(allocate_deeper as fn(usize) -> usize);
    Ok(Asking(one, all))
}

fn spawn() -> (Domain<dyn Server>, Domain<dyn Client>) {
    // From here on the host enforces stacks.
    drop(contained(false));
    let spec =
        |name| DomainSpec::new(name).restart(Restart::limited(1 << 20, Duration::from_secs(3600)));
    let server: Domain<dyn Server> = host()
        .spawn(spec("server"), serving, Mint::nothing())
        .unwrap();
    let of = server.clone();
    let mint = Mint::fallible(move || Ok::<_, RpcError>((of.proxy()?, of.shadow()?)));
    let client = host().spawn(spec("client"), asking, mint);
    (server, client.unwrap())
}

fn on_stack<R: Send>(attack: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let run = || {
            let _contained = contained(false);
            attack()
        };
        let thread = thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// Calls the server from every depth. Returns the number of calls that ended the server, which is never at fault.
fn from_every_depth(
    ask: impl Fn(&Proxy<dyn Client>, usize) -> Result<u32, RpcError> + Sync,
) -> usize {
    let _alone = alone();
    let (server, client) = spawn();
    let ended = on_stack(|| {
        let mut ended = 0;
        for bytes in (64 << 10..USUAL + (4 << 10)).step_by(1 << 10) {
            if server.exit_reason().is_some() {
                server.restart().unwrap();
                client.restart().unwrap();
            }
            if client.exit_reason().is_some() {
                client.restart().unwrap();
            }
            let proxy = client.proxy().unwrap();
            println!("from {bytes}");
            let _ = ask(&proxy, bytes);
            if let Some(reason) = server.exit_reason() {
                ended += 1;
                if ended == 1 {
                    println!("{bytes}: {reason:?}");
                }
            }
        }
        ended
    });
    client.kill();
    server.kill();
    ended
}

/// For comparison: small arguments end neither the server nor the host.
#[test]
fn small_values_end_no_server() {
    outlives("small_values_end_no_server", || {
        let ended = from_every_depth(|client, bytes| client.take_little_below(bytes));
        assert_eq!(ended, 0);
    });
}

/// Invariant: ORDER-34
#[test]
fn arguments_of_4_kib_do_not_end_the_host() {
    outlives("arguments_of_4_kib_do_not_end_the_host", || {
        let ended = from_every_depth(|client, bytes| client.take_some_below(bytes));
        assert_eq!(ended, 0);
    });
}

/// Invariant: ORDER-34
#[test]
fn page_aligned_arguments_do_not_end_the_host() {
    outlives("page_aligned_arguments_do_not_end_the_host", || {
        let ended = from_every_depth(|client, bytes| client.take_page_below(bytes));
        assert_eq!(ended, 0);
    });
}

/// Invariant: ORDER-34
#[test]
fn a_large_result_does_not_end_the_host() {
    outlives("a_large_result_does_not_end_the_host", || {
        let ended = from_every_depth(|client, bytes| client.give_below(bytes));
        assert_eq!(ended, 0);
    });
}

/// Invariant: ORDER-34
#[test]
fn values_in_both_directions_do_not_end_the_host() {
    outlives("values_in_both_directions_do_not_end_the_host", || {
        let ended = from_every_depth(|client, bytes| client.both_below(bytes));
        assert_eq!(ended, 0);
    });
}

/// Invariant: ORDER-36
#[test]
fn a_cleanup_boundary_does_not_end_the_host() {
    outlives("a_cleanup_boundary_does_not_end_the_host", || {
        let ended = from_every_depth(|client, bytes| client.bound_below(bytes));
        assert_eq!(ended, 0);
    });
}

/// Invariant: ORDER-34
#[test]
fn arguments_of_16_kib_do_not_end_the_host() {
    outlives("arguments_of_16_kib_do_not_end_the_host", || {
        let ended = from_every_depth(|client, bytes| client.take_below(bytes));
        assert_eq!(ended, 0);
    });
}

/// Invariant: ORDER-35
#[test]
fn recorded_arguments_do_not_end_the_host() {
    outlives("recorded_arguments_do_not_end_the_host", || {
        let _alone = alone();
        let (server, client) = spawn();
        on_stack(|| {
            for bytes in (64 << 10..USUAL).step_by(4 << 10) {
                server.restart().unwrap();
                client.restart().unwrap();
                let proxy = client.proxy().unwrap();
                let noted = proxy.note();
                assert_eq!(
                    noted,
                    Ok(1),
                    "{bytes}: {:?}",
                    client.exit_reason().map(|at| (at.kind, at.message))
                );
                assert!(server.kill());
                println!("from {bytes}");
                let _ = proxy.status_below(bytes);
            }
        });
        client.kill();
        server.kill();
    });
}
