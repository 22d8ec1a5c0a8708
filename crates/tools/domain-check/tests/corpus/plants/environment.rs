//@ rules: environment
//@ says: the value of PATH
#![no_std]
#![forbid(unsafe_code)]
pub const PATH: Option<&str> = option_env!("PATH");
