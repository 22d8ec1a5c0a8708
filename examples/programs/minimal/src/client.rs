//! The client: a domain that holds a proxy of another domain.
#![forbid(unsafe_code)]

use crate::{Client, Store};
use samara::prelude::*;

pub(crate) struct Reader(Proxy<dyn Store>);

pub(crate) fn init(store: Proxy<dyn Store>) -> Result<Reader, RpcError> {
    Ok(Reader(store))
}

impl Client for Reader {
    /// Stores a value, takes the value back, and returns its length in bytes.
    fn ask(&self, key: u8) -> Result<u32, RpcError> {
        let value = RRef::try_new([key; 32]).map_err(|_| RpcError::OutOfMemory)?;
        self.0.put(key, value)?;
        let value = self.0.take(key)?;
        Ok(value.map_or(0, |value| value.len() as u32))
    }
}
