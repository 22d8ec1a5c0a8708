//@ rules: cfg
//@ says: is compiled to other code than the checks look at
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
//! Another crate's macro names the condition that holds only where the checks expand the code.
support_macros::unless_told! {
    pub trait Object<U> { type Output; }
    impl<T: ?Sized, U> Object<U> for T { type Output = U; }
    fn convert<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
    pub fn transmute<T, U>(value: T) -> U { convert::<dyn Object<U, Output = T>, U>(value) }
}
