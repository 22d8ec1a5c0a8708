//@ rules: unstable
//@ says: attribute feature
//@ env: RUSTC_BOOTSTRAP=plant_feature
#![no_std]
#![forbid(unsafe_code)]
#![feature(never_type)]
pub type Never = !;
