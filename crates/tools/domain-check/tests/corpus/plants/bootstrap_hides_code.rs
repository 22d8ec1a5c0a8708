//@ rules: cfg
//@ says: the condition target_feature may have other values
#![no_std]
#![forbid(unsafe_code)]
//! The compiler sets conditions for unstable features of the target only if unstable code is allowed. So the code
//! that is expanded for the checks, with `RUSTC_BOOTSTRAP`, differs from the code that was built.
#[cfg(not(target_feature = "x87"))]
mod hidden {
    pub trait Object<U> { type Output; }
    impl<T: ?Sized, U> Object<U> for T { type Output = U; }
    fn convert<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
    pub fn transmute<T, U>(value: T) -> U { convert::<dyn Object<U, Output = T>, U>(value) }
    pub fn peek(address: usize) -> u64 { **transmute::<&usize, &&'static u64>(&address) }
}
#[cfg(not(target_feature = "x87"))]
pub use hidden::peek;
