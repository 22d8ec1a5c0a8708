//@ rules: unsafe-code, implied-bound
//@ says: dyn Object
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#57893, without a type parameter in the trait.
pub trait Object { type Output; }
pub trait Marker<'b> {}
impl<'b> Marker<'b> for dyn Object<Output = &'b u64> {}
impl<'b, T: ?Sized + Marker<'b>> Object for T { type Output = &'static u64; }
fn convert<'a, 'b, T: Marker<'b> + ?Sized>(x: <T as Object>::Output) -> &'a u64 { x }
pub fn keep<'a, 'b>(x: &'a u64) -> &'b u64 { convert::<dyn Object<Output = &'a u64>>(x) }
