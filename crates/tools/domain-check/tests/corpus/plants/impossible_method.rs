//@ rules: unsafe-code
//@ says: the associated type Item
#![no_std]
#![forbid(unsafe_code)]
//! As impossible_item: an object's table has no entry for a method whose bound never holds, and a generic function
//! calls this method.
pub trait Lacks { type Item<'a>: Copy where Self: Sized; }
pub struct Long(str);
impl Lacks for Long {}
pub trait Holds {}
impl<T: ?Sized + Lacks> Holds for T where for<'a> T::Item<'a>: Copy {}
pub trait Method<T: ?Sized> { fn call(&self) -> u64 where T: Holds; }
impl<T: ?Sized> Method<T> for u64 { fn call(&self) -> u64 where T: Holds { *self } }
fn generic<T: ?Sized + Lacks>(it: &dyn Method<T>) -> u64 { it.call() }
pub fn call() -> u64 { generic::<Long>(&7) }
