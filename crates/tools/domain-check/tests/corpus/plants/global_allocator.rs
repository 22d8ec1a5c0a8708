//@ rules: unstable, unsafe-code
//@ says: unsafe fn __rust_alloc
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
#[global_allocator]
static HEAP: support_macros::Heap = support_macros::Heap;
