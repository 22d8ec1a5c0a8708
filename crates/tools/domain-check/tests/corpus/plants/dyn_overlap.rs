//@ rules: unsafe-code
//@ says: dyn Object
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#57893: the compiler's own impl for a trait object overlaps with one for all types.
pub trait Object<U> { type Output; }
impl<T: ?Sized, U> Object<U> for T { type Output = U; }
fn convert<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
/// Returns a value of any type as a value of any other type, as long as LLVM has a pointer for both types.
pub fn transmute<T, U>(value: T) -> U { convert::<dyn Object<U, Output = T>, U>(value) }
pub fn peek(address: usize) -> u64 { **transmute::<&usize, &&'static u64>(&address) }
pub fn jump(address: usize) { (*transmute::<&usize, &'static fn()>(&address))() }
