//@ rules: unstable
//@ says: RUSTC_BOOTSTRAP=plant_bootstrap
//@ env: RUSTC_BOOTSTRAP=plant_bootstrap
#![no_std]
#![forbid(unsafe_code)]
