//@ rules: environment
//@ says: CARGO_REGISTRY_TOKEN
//@ env: CARGO_REGISTRY_TOKEN=secret
#![no_std]
#![forbid(unsafe_code)]
/// One of the variables that begin with `CARGO_`, and no two machines agree on.
pub static TOKEN: Option<&str> = option_env!("CARGO_REGISTRY_TOKEN");
