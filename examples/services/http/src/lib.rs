//! A small HTTP/1.1 server as a domain, without `unsafe` and without statics.
//!
//! [`init`] takes a shadow of a [`Network`](samara_interfaces::Network) and returns a [`Server`], an
//! [`HttpServer`](samara_interfaces::HttpServer). The server is polled and never waits.
//!
//! | request | answer |
//! |---|---|
//! | `GET /body`, `HEAD /body` | 200, with the bytes of [`samara_pattern`] |
//! | another path | 404 |
//! | another method | 405 |
//! | no valid request, or a request without its `Host` | 400 |
//! | a head longer than 2 KiB or with more than 32 fields | 431 |
//! | a request that has a body | 413 |
//!
//! Connections persist as HTTP/1.1 specifies (RFC 9112, section 9.3), and requests may be pipelined. The server drops
//! a peer that neither sends nor takes any byte for a minute.
//!
//! | module | concept |
//! |---|---|
//! | `server` | the exported value |
//! | `connection` | one connection, which reads requests and answers them in turn |
//! | `request` | the parser of request heads |
//! | `answer` | the heads and bodies of answers |
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod answer;
mod args;
mod connection;
mod request;
mod server;

pub use args::{Args, BODY};
pub use server::Server;

use samara_interfaces::http::HttpError;

/// Starts a server, which listens on its port. This is the domain's entry point.
///
/// # Errors
///
/// [`HttpError::Network`] if the server cannot listen on the port.
pub fn init(args: Args) -> Result<Server, HttpError> {
    Server::new(args)
}
