//@ rules: cfg
//@ says: the condition target_feature may have other values
#![no_std]
#![forbid(unsafe_code)]
//! The condition's value is in a place where no search looks for it: among a macro's tokens and written with escapes.
macro_rules! unless {
    ($name:ident $value:literal $($item:tt)*) => { #[cfg(not($name = $value))] $($item)* };
}
unless! { target_feature "\x78\x387" extern crate std; }
pub const HOLDS: bool = cfg!(r#target_feature = "x87");
