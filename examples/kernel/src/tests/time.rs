//! Time goes on, forwards.

use core::time::Duration;

use super::kernel_tests;
use crate::time;

kernel_tests! {
    fn time_is_monotonic() {
        let mut last = time::since_boot();
        let start = last;
        for _ in 0..1000 {
            let now = time::since_boot();
            assert!(now >= last);
            last = now;
        }
        assert!(last > start);
    }

    fn waiting_takes_as_long_as_asked() {
        let start = time::since_boot();
        time::wait(Duration::from_millis(20));
        let waited = time::since_boot() - start;
        assert!(waited >= Duration::from_millis(20), "{waited:?}");
        assert!(waited < Duration::from_secs(5), "{waited:?}");
    }
}
