//@ rules: no-record
//@ says: there is no record
//@ record: removed
#![no_std]
#![forbid(unsafe_code)]
