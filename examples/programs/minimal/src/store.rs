//! The store: a domain that keeps one value.
#![forbid(unsafe_code)]

use crate::Store;
use samara::prelude::*;
use spin::Mutex;

/// The key that makes the store panic.
pub(crate) const DEADLY: u8 = 13;

pub(crate) struct Values(Mutex<Option<(u8, RRef<[u8; 32]>)>>);

pub(crate) fn init((): ()) -> Result<Values, RpcError> {
    Ok(Values(Mutex::new(None)))
}

impl Store for Values {
    fn put(&self, key: u8, value: RRef<[u8; 32]>) -> Result<(), RpcError> {
        *self.0.lock() = Some((key, value));
        Ok(())
    }

    fn take(&self, key: u8) -> Result<Option<RRef<[u8; 32]>>, RpcError> {
        // If the call is cut while the lock is held, the lock dies with the store.
        let mut value = self.0.lock();
        check(key);
        Ok(value.take_if(|(at, _)| *at == key).map(|(_, value)| value))
    }
}

/// Contains the bug.
#[inline(never)]
fn check(key: u8) {
    assert_ne!(key, DEADLY, "the store dies of this key");
}
