//! What a device's volatile cache may hold of each disk, and what a failure of the device has lost of it. Pure.
//!
//! A reset by the driver keeps the cache. A failure of the device need not: it may have lost its power, or its firmware began anew. Nobody
//! can tell, so the next flush of each disk that was written to says that it can't vouch for what was written before.

/// The caches of one device's disks, which have a bit each.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// Disks of which writes have ended well since their last good flush began. While a flush is under way, writes to any disk count.
    dirty: u64,
    /// Those of which a failure may have lost some, which no flush that began behind it has told yet.
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

    /// A flush of `disk` has ended well; whether nothing was lost that had been written before it. If something was, its caller is told,
    /// and so is each other one of which a flush was under way: one that begins later vouches again.
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

    /// Whether something was lost that no flush has told of.
    pub(super) const fn has_lost(&self) -> bool {
        self.lost != 0
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
    fn what_was_flushed_is_not_lost() {
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
    fn a_write_that_a_loss_came_between_is_not_well() {
        let mut cache = Cache::default();
        let before = cache.begin();
        cache.lose();
        assert!(!cache.wrote(DISK, before));
    }

    /// Two flushes around one failure, and one behind it.
    #[test]
    fn a_flush_of_before_takes_no_loss_from_those_behind_it() {
        let mut cache = Cache::default();
        write(&mut cache, DISK);
        let before = cache.begin();
        cache.lose();
        assert!(!cache.flushed(DISK, before));
        assert!(!flush(&mut cache, DISK), "the first behind the failure");
        assert!(!cache.flushed(DISK, before), "that was told to another");
        assert!(flush(&mut cache, DISK));
    }
}
