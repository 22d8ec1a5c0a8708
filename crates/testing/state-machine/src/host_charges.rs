//! Compares the bytes that the host keeps on behalf of domains with the bytes that the domains are charged for. The
//! first must never exceed the second, however the domains open objects, record calls, and hand objects on, drop them
//! or leave them behind.

use crate::node::with;
use crate::settle::{Ending, await_end};
use samara_domain::{Exchangeable, Proxy, RpcError, Shadow, interface};
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_testkit::hosted::Rng;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

/// The host quota of a client, in bytes.
const QUOTA: usize = 128 << 10;

/// The restart limit for an hour. The steps make fewer restarts.
const RESTARTS: u32 = 1 << 30;

/// A value with the alignment of a page. When it is recorded, the alignment costs the host a page.
#[derive(Clone, Copy, Exchangeable)]
#[repr(C, align(4096))]
struct Page {
    number: u32,
}

#[interface]
trait Store {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Store>, RpcError>;
    #[replay]
    fn set(&self, to: u32) -> Result<(), RpcError>;
    #[replay]
    fn set_page(&self, to: Page) -> Result<u32, RpcError>;
}

struct Stored;

impl Store for Stored {
    fn open(&self) -> Result<Proxy<dyn Store>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
    fn set(&self, _: u32) -> Result<(), RpcError> {
        Ok(())
    }
    fn set_page(&self, to: Page) -> Result<u32, RpcError> {
        Ok(to.number)
    }
}

fn stored((): ()) -> Result<Stored, RpcError> {
    Ok(Stored)
}

#[interface]
trait Keeper {
    fn keep(&self, object: Proxy<dyn Store>) -> Result<(), RpcError>;
    /// Drops all but `count` objects.
    fn keep_some(&self, count: usize) -> Result<(), RpcError>;
}

#[derive(Default)]
struct Keeping(Mutex<Vec<Proxy<dyn Store>>>);

impl Keeper for Keeping {
    fn keep(&self, object: Proxy<dyn Store>) -> Result<(), RpcError> {
        with(&self.0, |all| all.push(object));
        Ok(())
    }
    fn keep_some(&self, count: usize) -> Result<(), RpcError> {
        let rest = with(&self.0, |all| {
            let kept = count.min(all.len());
            all.split_off(kept)
        });
        drop(rest);
        Ok(())
    }
}

fn keeping((): ()) -> Result<Keeping, RpcError> {
    Ok(Keeping::default())
}

#[interface]
trait Client {
    /// Opens up to `objects` objects, makes up to `sets` recorded calls on each, and hands each to the keeper.
    fn open(&self, objects: usize, sets: usize) -> Result<(), RpcError>;
    /// Makes up to `calls` recorded calls, until one is refused.
    fn record(&self, calls: usize, pages: bool) -> Result<(), RpcError>;
}

struct Asking(Shadow<dyn Store>, Proxy<dyn Keeper>);

impl Client for Asking {
    fn open(&self, objects: usize, sets: usize) -> Result<(), RpcError> {
        for _ in 0..objects {
            let Ok(object) = self.0.open() else { break };
            let _full = (0..sets).try_for_each(|_| object.set(1));
            self.1.keep(object)?;
        }
        Ok(())
    }
    fn record(&self, calls: usize, pages: bool) -> Result<(), RpcError> {
        let mut calls = 0..calls as u32;
        let refused = if pages {
            calls.find(|&number| self.0.set_page(Page { number }).is_err())
        } else {
            calls.find(|&to| self.0.set(to).is_err())
        };
        let _ = refused;
        Ok(())
    }
}

fn asking((store, keeper): (Shadow<dyn Store>, Proxy<dyn Keeper>)) -> Result<Asking, RpcError> {
    Ok(Asking(store, keeper))
}

/// Domains on whose behalf the host keeps many bytes: a store, two clients of it, and a keeper of the clients'
/// objects.
pub struct Paid {
    store: Ending<dyn Store>,
    keeper: Ending<dyn Keeper>,
    clients: [Ending<dyn Client>; 2],
    names: [String; 4],
    /// Whether the keeper may hold objects whose opener has died.
    outlived: bool,
    /// For each client, the largest number of bytes that its current generation has been charged for.
    most: [usize; 2],
    /// The shared bytes of a keeper that keeps nothing.
    own: usize,
}

impl fmt::Debug for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.clients.iter().map(|client| client.0.info());
        f.debug_list()
            .entries(clients)
            .entry(&self.keeper.0.info())
            .finish()
    }
}

fn spec(name: &str) -> DomainSpec {
    DomainSpec::new(name)
        .restart(Restart::limited(RESTARTS, Duration::from_secs(3600)))
        .replay_log(1 << 20)
        .host_quota(QUOTA)
}

fn started<T, E: fmt::Display>(started: Result<T, E>) -> T {
    started.unwrap_or_else(|error| panic!("{error}"))
}

impl Paid {
    /// Starts new domains.
    ///
    /// # Panics
    /// If a domain does not start.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let names = ["store", "keeper", "one", "two"].map(|of| format!("{name}-{of}"));
        let store: Domain<dyn Store> =
            started(runtime().spawn(spec(&names[0]), stored, Mint::nothing()));
        let keeper: Domain<dyn Keeper> =
            started(runtime().spawn(spec(&names[1]), keeping, Mint::nothing()));
        let client = |name: &str| {
            let (store, keeper) = (store.clone(), keeper.clone());
            let recipe =
                Mint::fallible(move || Ok::<_, RpcError>((store.shadow()?, keeper.proxy()?)));
            Ending(started(runtime().spawn(spec(name), asking, recipe)))
        };
        let clients = [client(&names[2]), client(&names[3])];
        let own = keeper.info().shared_bytes;
        let mut this = Self {
            store: Ending(store),
            keeper: Ending(keeper),
            clients,
            names,
            outlived: false,
            most: [0; 2],
            own,
        };
        this.begin();
        this
    }

    /// Makes the host allocate now what it allocates only once, and then drops everything.
    fn begin(&mut self) {
        for client in &self.clients {
            let proxy = started(client.0.proxy());
            let done = [
                proxy.open(1, 1),
                proxy.record(1, false),
                proxy.record(1, true),
            ];
            assert_eq!(done, [Ok(()); 3]);
        }
        self.leave_nothing();
    }

    /// Restarts the clients, and makes the keeper drop all objects that they had opened.
    fn leave_nothing(&mut self) {
        for client in &self.clients {
            started(client.0.restart());
        }
        self.most = [0; 2];
        self.outlived = false;
        assert_eq!(started(self.keeper.0.proxy()).keep_some(0), Ok(()));
        runtime().reap();
    }

    /// Returns the bytes that the domains are charged for: bytes of the host's memory and of the shared heap.
    #[must_use]
    pub fn paid(&self) -> usize {
        // The host's list of a client's charges does not shrink when charges end. Its capacity also counts against
        // the client's quota, so half of what the charges have fallen by is added.
        let clients = self.clients.iter().zip(self.most).map(|(client, most)| {
            let now = client.0.info().host_bytes;
            now + (most - now) / 2
        });
        // The keeper's bytes count only if the keeper may hold an object that has outlived its opener.
        let keeper = self.keeper.0.info().shared_bytes - self.own;
        clients.sum::<usize>() + if self.outlived { keeper } else { 0 }
    }

    /// Takes a random step: makes one of the domains act, or restarts one.
    ///
    /// # Panics
    /// If the action fails.
    pub fn step(&mut self, rng: &mut Rng) {
        let at = rng.below(2);
        let client = &self.clients[at].0;
        // A small count, or one so large that only a quota ends the calls.
        let mut some = |few: usize| match rng.below(3) {
            0 => usize::MAX >> 1,
            _ => rng.below(few),
        };
        let (many, few) = (some(60), some(4).min(20));
        let proxy = started(client.proxy());
        let done = match rng.below(12) {
            0..3 => proxy.open(many, few),
            3 | 4 => proxy.record(many, false),
            5 => proxy.record(many, true),
            6 => started(self.keeper.0.proxy()).keep_some(many),
            7 | 8 => {
                started(client.restart());
                self.most[at] = 0;
                self.outlived = true;
                Ok(())
            }
            9 | 10 => {
                self.leave_nothing();
                Ok(())
            }
            _ => {
                started(self.store.0.restart());
                Ok(())
            }
        };
        assert_eq!(done, Ok(()));
        runtime().reap();
        for (most, client) in self.most.iter_mut().zip(&self.clients) {
            *most = client.0.info().host_bytes.max(*most);
        }
    }

    /// Ends all domains.
    pub fn end(self) {
        let Self {
            store,
            keeper,
            clients,
            names,
            ..
        } = self;
        drop((clients, keeper, store));
        await_end(&names);
    }
}
