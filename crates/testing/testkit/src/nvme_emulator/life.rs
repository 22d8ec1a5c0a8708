//! When the controller answers, and what CSTS says, by the clock. Pure.

use super::timing::Timing;

/// The controller between its resets. Moments are nanoseconds of the model's clock.
pub(super) struct Life {
    timing: Timing,
    /// When CC.EN was set, while it is.
    enabled: Option<u64>,
    /// When CC.EN was cleared last, since the last function level reset.
    disabled: Option<u64>,
    /// CSTS.RDY was set when CC.EN was cleared.
    was_ready: bool,
    /// CC.EN was set while the controller took notice of it.
    is_noticed: bool,
    /// When the function was reset last.
    function_reset: Option<u64>,
    /// When a shutdown was notified, since the last reset.
    notified: Option<u64>,
    /// CSTS.CFS, until the next reset.
    is_fatal: bool,
    /// CSTS.CFS, until the next function level reset.
    is_dead: bool,
    /// It was touched when it should have been left alone.
    is_hung: bool,
}

impl Life {
    /// As after power-on.
    pub(super) fn new(timing: Timing) -> Self {
        Self {
            timing,
            enabled: None,
            disabled: None,
            was_ready: false,
            is_noticed: false,
            function_reset: None,
            notified: None,
            is_fatal: false,
            is_dead: false,
            is_hung: false,
        }
    }

    /// The function was reset.
    pub(super) fn reset_function(&mut self, now: u64) {
        *self = Self::new(self.timing);
        self.function_reset = Some(now);
    }

    /// CC.EN is cleared.
    pub(super) fn disable(&mut self, now: u64) {
        self.was_ready = self.is_ready(now);
        self.enabled = None;
        self.disabled = Some(now);
        self.notified = None;
        self.is_fatal = false;
    }

    /// CC.EN is set; `fatal` says that it ends in CSTS.CFS.
    pub(super) fn enable(&mut self, now: u64, fatal: bool) {
        let Timing { idle, rest, .. } = self.timing;
        let is_rested = !is_within(self.disabled, idle.saturating_add(rest), now);
        self.is_noticed = is_rested && !self.is_hung;
        self.enabled = Some(now);
        self.is_fatal = fatal;
    }

    /// A shutdown is notified; `dies` says that the controller does not survive it.
    pub(super) fn notify_shutdown(&mut self, now: u64, dies: bool) {
        self.notified = Some(now);
        self.is_dead |= dies;
    }

    /// A register is accessed.
    pub(super) fn touch(&mut self, now: u64) {
        self.is_hung |= is_within(self.disabled, self.timing.hands_off, now);
    }

    /// What registers read as if the controller does not answer.
    pub(super) fn silence(&self, now: u64) -> Option<u32> {
        let timing = &self.timing;
        if is_within(self.disabled, timing.blind, now)
            || is_within(self.function_reset, timing.blind_after_flr, now)
        {
            return Some(u32::MAX);
        }
        is_within(self.function_reset, timing.zero_after_flr, now).then_some(0)
    }

    /// Whether commands are executed.
    pub(super) fn is_ready(&self, now: u64) -> bool {
        let is_well = self.is_noticed && !self.is_fatal && !self.is_dead;
        is_well && self.enabled.is_some() && !is_within(self.enabled, self.timing.ready, now)
    }

    /// Whether the medium is ready, too.
    pub(super) fn has_media(&self, now: u64) -> bool {
        let Timing { ready, media, .. } = self.timing;
        !is_within(self.enabled, ready.saturating_add(media), now)
    }

    /// CSTS.RDY.
    pub(super) fn says_ready(&self, now: u64) -> bool {
        let lingers = self.is_hung || is_within(self.disabled, self.timing.idle, now);
        self.is_ready(now) || self.was_ready && lingers
    }

    /// CSTS.CFS.
    pub(super) fn says_fatal(&self) -> bool {
        self.is_fatal || self.is_dead
    }

    /// CSTS.SHST is 10b.
    pub(super) fn says_shut_down(&self, now: u64) -> bool {
        let is_over =
            self.notified.is_some() && !is_within(self.notified, self.timing.shutdown, now);
        is_over && !self.is_dead
    }
}

/// Whether `now` is sooner than `nanos` after `since`.
fn is_within(since: Option<u64>, nanos: u64, now: u64) -> bool {
    since.is_some_and(|since| now < since.saturating_add(nanos))
}
