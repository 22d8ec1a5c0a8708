//! The arguments of the server.

use samara_domain::{Exchangeable, Shadow};
use samara_interfaces::tcp::Network;

/// The path of the body.
pub const BODY: &str = "/body";

/// The arguments of [`init`](crate::init).
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The network stack, through which peers connect.
    pub network: Shadow<dyn Network>,
    /// The port to listen on.
    pub port: u16,
    /// The number of connections that are served at a time, 1 to 64. Further connections wait.
    pub connections: u16,
    /// The seed of the pattern that makes up the body.
    pub seed: u64,
    /// The number of bytes of the body.
    pub bytes: u64,
}
