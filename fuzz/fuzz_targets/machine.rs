//! Runs the state machine of domains and objects with steps that are decoded from the fuzzer's bytes.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run machine`
#![no_main]

use libfuzzer_sys::fuzz_target;
use samara_host_std::{DomainAlloc, System};
use samara_state_machine::{BYTES, Machine, Step};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

fuzz_target!(|bytes: &[u8]| {
    let mut machine = Machine::new("fuzz", 3);
    for step in bytes.as_chunks::<BYTES>().0.iter().take(200) {
        machine.step(Step::decode(*step));
    }
    machine.end();
});
