//! Measures the time from a panic inside a domain until the caller has the error. Compares it with the time of
//! `catch_unwind` alone.

use crate::sample::{Row, measure};
use samara::prelude::*;
use samara_benches::{Target, domain};
use std::hint::black_box;
use std::panic::catch_unwind;
use std::time::Instant;

#[inline(never)]
fn panics() {
    if black_box(true) {
        panic!("as asked");
    }
}

pub(crate) fn crash() {
    let domain = domain();
    // This hook treats every panic as the runtime's hook treats a panic of a domain. The first row needs that,
    // because there the thread acts for the host.
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("");
        samara::runtime::panic::record(&text, info.location());
    }));
    let mut rows = [
        Row::new("catch_unwind of a panic, one frame", 1, || {
            assert!(catch_unwind(panics).is_err());
        }),
        Row::timed("proxy: panic to Err", 1, || {
            domain.restart().expect("restarts without end");
            let proxy = domain.proxy().expect("room for a proxy");
            let start = Instant::now();
            let result = proxy.crash();
            let took = start.elapsed();
            assert_eq!(result, Err(RpcError::Crashed));
            took
        }),
        Row::new("panic to Err, and restart", 1, || {
            domain.restart().expect("restarts without end");
            let proxy = domain.proxy().expect("room for a proxy");
            assert_eq!(proxy.crash(), Err(RpcError::Crashed));
        }),
    ];
    measure("crash", 4000, &mut rows);
    drop(rows);
    let _ = std::panic::take_hook();
}
