//! Keeps two sets of a device's disks: disks that may have unflushed writes in the device's volatile cache, and disks
//! of which a failure of the device may have lost writes. Pure.
//!
//! A reset by the driver keeps the cache. A failure of the device may lose it: the device may have lost its power, or
//! its firmware may have restarted. The driver cannot tell. So for each disk that was written to, the next flush
//! reports that earlier writes may be lost.

/// The caches of one device's disks, which have one bit each.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// Disks with successful writes since their last good flush began. A write to any disk during a flush leaves the
    /// flushed disk in this set.
    dirty: u64,
    /// Disks of which a failure may have lost writes. A disk leaves this set when a flush that began after the
    /// failure reports the loss.
    lost: u64,
    /// The number of failures that may have lost the cache.
    failures: u64,
    /// The number of writes that have succeeded.
    writes: u64,
}

/// The cache's counts when a request began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    failures: u64,
    writes: u64,
}

impl Cache {
    /// Returns the counts for a request that begins.
    #[inline]
    pub(super) const fn begin(&self) -> Before {
        Before {
            failures: self.failures,
            writes: self.writes,
        }
    }

    /// Notes that a write to `disk` has succeeded. Returns false if the device has failed since the write began,
    /// because parts of it may then be lost.
    #[inline]
    pub(super) const fn wrote(&mut self, disk: u64, before: Before) -> bool {
        self.dirty |= disk;
        self.writes += 1;
        self.failures == before.failures
    }

    /// Notes that a flush of `disk` has succeeded. Returns false if writes before the flush may be lost: if the
    /// device failed during the flush, or if no flush has reported an earlier loss yet. A flush that begins after
    /// this report returns true again, unless the device fails again.
    pub(super) const fn flushed(&mut self, disk: u64, before: Before) -> bool {
        if self.failures != before.failures {
            return false;
        }
        let was_lost = self.lost & disk != 0;
        self.lost &= !disk;
        if !was_lost && self.writes == before.writes {
            self.dirty &= !disk;
        }
        !was_lost
    }

    /// Whether something was lost that no flush has reported.
    pub(super) const fn has_lost(&self) -> bool {
        self.lost != 0
    }

    /// Notes that the device has failed, and may have lost the contents of its cache.
    pub(super) const fn lose(&mut self) {
        self.lost |= self.dirty;
        self.dirty = 0;
        self.failures += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISK: u64 = 1;
    const OTHER: u64 = 2;

    fn write(cache: &mut Cache, disk: u64) {
        let before = cache.begin();
        assert!(cache.wrote(disk, before));
    }

    fn flush(cache: &mut Cache, disk: u64) -> bool {
        let before = cache.begin();
        cache.flushed(disk, before)
    }

    #[test]
    fn a_loss_fails_one_flush_of_each_disk_written_to() {
        let mut cache = Cache::default();
        cache.lose();
        assert!(flush(&mut cache, DISK), "nothing was written");
        write(&mut cache, DISK);
        cache.lose();
        cache.lose();
        write(&mut cache, DISK);
        assert!(flush(&mut cache, OTHER));
        assert!(!flush(&mut cache, DISK));
        assert!(flush(&mut cache, DISK));
    }

    #[test]
    fn flushed_writes_are_not_lost() {
        let mut cache = Cache::default();
        write(&mut cache, DISK);
        assert!(flush(&mut cache, DISK));
        cache.lose();
        assert!(flush(&mut cache, DISK) && !cache.has_lost());
    }

    #[test]
    fn a_write_during_a_flush_is_not_flushed() {
        let mut cache = Cache::default();
        let before = cache.begin();
        write(&mut cache, DISK);
        assert!(cache.flushed(DISK, before));
        cache.lose();
        assert!(!flush(&mut cache, DISK));
    }

    #[test]
    fn a_write_across_a_loss_fails() {
        let mut cache = Cache::default();
        let before = cache.begin();
        cache.lose();
        assert!(!cache.wrote(DISK, before));
    }

    /// Two flushes around one failure, and one after it.
    #[test]
    fn an_earlier_flush_does_not_consume_the_loss() {
        let mut cache = Cache::default();
        write(&mut cache, DISK);
        let before = cache.begin();
        cache.lose();
        assert!(!cache.flushed(DISK, before));
        assert!(!flush(&mut cache, DISK), "the first after the failure");
        assert!(
            !cache.flushed(DISK, before),
            "another flush has reported the loss"
        );
        assert!(flush(&mut cache, DISK));
    }
}
