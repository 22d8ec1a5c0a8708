//@ rules: environment
//@ says: CARGO_REGISTRY_TOKEN
//@ env: CARGO_REGISTRY_TOKEN=secret
#![no_std]
#![forbid(unsafe_code)]
/// A variable that begins with `CARGO_`, and that differs on every machine.
pub static TOKEN: Option<&str> = option_env!("CARGO_REGISTRY_TOKEN");
