//! What a device's volatile cache may hold of each disk, and what a failure of the device has lost of it. Pure.
//!
//! A reset by the driver keeps the cache. A failure of the device need not: it may have lost its power, or its firmware began anew. Nobody
//! can tell, so the next flush of each disk that was written to says that it can't vouch for what was written before.

/// The caches of one device's disks, which have a bit each.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// Disks with writes that have ended well since their last good flush.
    dirty: u64,
    /// Those of which a failure may have lost some, which no flush has told yet.
    lost: u64,
    /// How often the device has failed so.
    failures: u64,
    /// Writes that have ended well.
    writes: u64,
}

/// How it was when a request began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    failures: u64,
    writes: u64,
}

impl Cache {
    /// A request begins.
    #[inline]
    pub(super) const fn begin(&self) -> Before {
        Before {
            failures: self.failures,
            writes: self.writes,
        }
    }

    /// A write to `disk` has ended well; whether none of it can have been lost by then.
    #[inline]
    pub(super) const fn wrote(&mut self, disk: u64, before: Before) -> bool {
        self.dirty |= disk;
        self.writes += 1;
        self.failures == before.failures
    }

    /// A flush of `disk` has ended, well or not; whether nothing was lost that had been written before it.
    pub(super) const fn flushed(&mut self, disk: u64, before: Before, is_well: bool) -> bool {
        let was_lost = self.lost & disk != 0;
        // A flush that fails for another reason does not tell of it.
        if is_well || self.failures != before.failures && self.writes == before.writes {
            self.lost &= !disk;
        }
        if is_well && !was_lost && self.writes == before.writes {
            self.dirty &= !disk;
        }
        !was_lost
    }

    /// The device has failed, and may have lost what its cache held.
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
        cache.flushed(disk, before, true)
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
    fn what_was_flushed_is_not_lost() {
        let mut cache = Cache::default();
        write(&mut cache, DISK);
        assert!(flush(&mut cache, DISK));
        cache.lose();
        assert!(flush(&mut cache, DISK));
    }

    #[test]
    fn a_write_during_a_flush_is_not_flushed() {
        let mut cache = Cache::default();
        let before = cache.begin();
        write(&mut cache, DISK);
        assert!(cache.flushed(DISK, before, true));
        cache.lose();
        assert!(!flush(&mut cache, DISK));
    }

    #[test]
    fn a_write_that_a_loss_came_between_is_not_well() {
        let mut cache = Cache::default();
        let before = cache.begin();
        cache.lose();
        assert!(!cache.wrote(DISK, before));
    }

    #[test]
    fn a_flush_that_fails_tells_of_a_loss_only_if_it_came_by_it() {
        let mut cache = Cache::default();
        write(&mut cache, DISK);
        let before = cache.begin();
        cache.lose();
        cache.flushed(DISK, before, false);
        assert!(flush(&mut cache, DISK), "it was told");
        write(&mut cache, DISK);
        cache.lose();
        let before = cache.begin();
        cache.flushed(DISK, before, false);
        assert!(!flush(&mut cache, DISK), "a time-out says nothing");
    }
}
