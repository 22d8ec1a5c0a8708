//! `ixgbe-model`: the device as a vfio-user server.
#![forbid(unsafe_code)]

fn main() {}
