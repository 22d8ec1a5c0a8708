//@ rules: unstable, not-understood
//@ says: attribute rustc_intrinsic
//@ env: RUSTC_BOOTSTRAP=plant_intrinsics
#![no_std]
#![forbid(unsafe_code)]
#![feature(intrinsics)]
#![allow(internal_features)]
/// It is safe to declare this function and to call it.
#[rustc_intrinsic]
pub const fn black_box<T>(_: T) -> T;
