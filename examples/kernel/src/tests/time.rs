//! The clock goes on and never goes back.

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

    fn time_goes_on_during_a_busy_wait() {
        let start = time::since_boot();
        while time::since_boot() - start < Duration::from_millis(20) {
            core::hint::spin_loop();
        }
    }
}
