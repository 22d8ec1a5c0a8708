//@ manifest: [features]
//@ manifest: default = ["told"]
//@ manifest: told = []
//! Conditions, text from the package's own files, and variables that cargo sets.
#![no_std]
#![forbid(unsafe_code)]

#[path = "elsewhere/inner.rs"]
mod inner;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");
pub const TEXT: &str = include_str!("text.txt");
pub const REVIEWED: Option<&str> = option_env!("SAMARA_GOOD");

#[cfg(feature = "told")]
pub use inner::told;

/// Keeps a pointer to call through.
pub fn kept(function: unsafe extern "C" fn(u8)) -> Option<unsafe extern "C" fn(u8)> {
    Some(function)
}

/// A macro of the domain's own, in which these words are only words: unsafe, no_mangle.
#[macro_export]
macro_rules! own {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name;
    };
}

own!(
    /// Documented.
    Named
);
//@ file: src/text.txt
unsafe { }
//@ file: src/elsewhere/inner.rs
pub fn told() -> &'static str {
    "unsafe { asm!() }"
}
