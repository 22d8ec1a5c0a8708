//@ rules: no-record
//@ says: was made by another invocation
//@ record: stale
#![no_std]
#![forbid(unsafe_code)]
