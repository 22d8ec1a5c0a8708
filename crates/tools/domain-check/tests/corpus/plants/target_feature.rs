//@ rules: cfg, linker-attribute
//@ says: attribute target_feature
#![no_std]
#![forbid(unsafe_code)]
#[target_feature(enable = "avx2")]
pub fn fast() {}
