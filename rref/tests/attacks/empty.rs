//! Attacks with zero-sized values, of which there may be any number.
#![forbid(unsafe_code)]

use samara_host_std as _;
use samara_rref::{Exchangeable, RRef, weigh};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Holds no object, although its element type is an object.
#[derive(Exchangeable)]
struct Nothing([RRef<u8>; 0]);

/// Whether `action` ends within ten seconds.
fn ends(action: impl FnOnce() + Send + 'static) -> bool {
    let (done, told) = mpsc::channel();
    thread::spawn(move || {
        action();
        done.send(()).ok();
    });
    told.recv_timeout(Duration::from_secs(10)).is_ok()
}

/// A transfer visits all values that may hold objects. A visit of `usize::MAX` values would never end, and a thread
/// that is between caller and callee is not cut.
///
/// Invariant: CROSS-3
#[test]
fn zero_sized_values_are_not_visited() {
    let many = || [const { Nothing([]) }; usize::MAX];
    assert!(
        ends(move || assert_eq!(weigh(&many()).objects, 0)),
        "in place"
    );
    assert!(
        ends(move || {
            let slice = RRef::into_slice(RRef::new(many()));
            assert_eq!(slice.len(), usize::MAX);
            assert_eq!(weigh(&slice).objects, 1);
            assert_eq!(weigh(&Some(slice)).objects, 1);
        }),
        "on the heap"
    );
}
