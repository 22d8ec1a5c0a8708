//@ rules: edition
//@ says: edition 2018
//@ edition: 2018
#![no_std]
#![forbid(unsafe_code)]
