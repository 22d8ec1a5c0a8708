//! Two domains in one process: a key-value store with a bug, and a client that lives on.
#![forbid(unsafe_code)]

use samara::prelude::*;
use samara_host_std::{DomainAlloc, System, runtime};
use std::time::Duration;

/// Gives every domain a private heap, which is freed as a whole when the domain dies.
#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The interface of the store. A call of `put` moves the value into the store without a copy.
#[interface]
trait Store {
    fn put(&self, key: u64, value: RRef<[u8]>) -> Result<(), RpcError>;
    #[idempotent]
    fn len(&self, key: u64) -> Result<Option<u64>, RpcError>;
}

/// The interface of the client.
#[interface]
trait Client {
    fn lookup(&self, key: u64) -> Result<Option<u64>, RpcError>;
}

mod store {
    use super::*;
    use std::{collections::BTreeMap, sync::Mutex};

    pub(super) struct Values(Mutex<BTreeMap<u64, RRef<[u8]>>>);

    pub(super) fn init((): ()) -> Result<Values, RpcError> {
        Ok(Values(Mutex::default()))
    }

    impl Store for Values {
        fn put(&self, key: u64, value: RRef<[u8]>) -> Result<(), RpcError> {
            self.0.lock().unwrap().insert(key, value);
            Ok(())
        }
        fn len(&self, key: u64) -> Result<Option<u64>, RpcError> {
            assert_ne!(key, 13, "the store dies of this key");
            Ok(self
                .0
                .lock()
                .unwrap()
                .get(&key)
                .map(|value| value.len() as u64))
        }
    }
}

mod client {
    use super::*;

    pub(super) struct Reader(Shadow<dyn Store>);

    pub(super) fn init(store: Shadow<dyn Store>) -> Result<Reader, RpcError> {
        Ok(Reader(store))
    }

    impl Client for Reader {
        fn lookup(&self, key: u64) -> Result<Option<u64>, RpcError> {
            self.0.len(key)
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = Restart::limited(8, Duration::from_secs(60));
    let spec = DomainSpec::new("store").restart(policy);
    let store: Domain<dyn Store> = runtime().spawn(spec, store::init, Mint::nothing())?;
    let handle = store.clone();
    let client: Domain<dyn Client> = runtime().spawn(
        DomainSpec::new("client"),
        client::init,
        Mint::fallible(move || handle.shadow()), // makes a new shadow at each start of the client
    )?;
    let (direct, client) = (store.proxy()?, client.proxy()?);

    direct.put(1, RRef::from_slice(b"hello"))?;
    println!("the client looks up 1:      {:?}", client.lookup(1));
    println!("the store dies of 13:       {:?}", direct.len(13));
    println!("its old proxy is dead:      {:?}", direct.len(1));
    println!(
        "the client's shadow is not: {:?} (a new store, empty)",
        client.lookup(1)
    );
    println!(
        "restarts: {}, the client alive: {}",
        store.restarts(),
        client.is_alive()
    );
    Ok(())
}
