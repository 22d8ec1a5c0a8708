//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
//@ manifest: spin = { version = "0.10", default-features = false, features = ["spin_mutex"] }
//! Code that macros write for domains in everyday use.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::{format, string::String, vec, vec::Vec};
use core::fmt;

use samara_domain::{Exchangeable, RpcError};

#[derive(Clone, Copy, Debug, Default, Eq, Exchangeable, Hash, Ord, PartialEq, PartialOrd)]
pub struct Plain {
    pub number: u32,
}

#[derive(Clone, Debug, Eq, Exchangeable, PartialEq)]
pub enum Failure {
    Rpc(u8),
    Named { code: u16 },
}

impl From<RpcError> for Failure {
    fn from(_: RpcError) -> Self {
        Failure::Rpc(0)
    }
}

pub struct Server {
    counts: spin::Mutex<Vec<u32>>,
}

impl Server {
    pub fn number(&self, plain: Plain) -> Result<u32, Failure> {
        self.counts.lock().push(plain.number);
        assert!(plain.number < 7, "too large: {}", plain.number);
        Ok(vec![1, 2].iter().map(|number| number + 1).sum())
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)
    }
}

pub fn shown(plain: &Plain) -> String {
    format!("{plain}")
}
