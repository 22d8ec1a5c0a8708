//@ rules: edition
//@ says: edition 2015
//@ edition: 2015
#![no_std]
#![forbid(unsafe_code)]
