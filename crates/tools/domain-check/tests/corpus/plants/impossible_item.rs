//@ rules: unsafe-code
//@ says: the associated type Item
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161405: an associated type with `Self: Sized` is omitted for an unsized type. A bound on it holds
//! where an impl is used, but not where the compiler decides which impls overlap.
pub trait Lacks { type Item<'a>: Copy where Self: Sized; }
pub struct Long<P>(core::marker::PhantomData<P>, str);
impl<P> Lacks for Long<P> {}
pub trait Mark {}
impl Mark for Long<u8> {}
pub struct By<T: ?Sized>(core::marker::PhantomData<T>);
pub trait Pick { type Value; }
impl<T: ?Sized + Lacks + Mark> Pick for By<T> where for<'a> T::Item<'a>: Copy { type Value = &'static usize; }
impl<P> Pick for By<Long<P>> { type Value = &'static &'static u64; }
pub trait Carry { type To: Pick; fn carry(value: &'static usize) -> <Self::To as Pick>::Value; }
impl<T: ?Sized + Lacks + Mark> Carry for By<T> {
    type To = Self;
    fn carry(value: &'static usize) -> &'static usize { value }
}
fn transmute<P>(value: &'static usize) -> &'static &'static u64 where By<Long<P>>: Carry<To = By<Long<P>>> {
    <By<Long<P>> as Carry>::carry(value)
}
pub fn peek(address: usize) -> u64 {
    extern crate alloc;
    **transmute::<u8>(alloc::boxed::Box::leak(alloc::boxed::Box::new(address)))
}
