//! Determines from the clock whether the controller answers, and the value of CSTS. The code here has no side effects
//! elsewhere.

use super::timing::Timing;

/// The life of the controller from one reset to the next. Times are nanoseconds of the model's clock.
pub(super) struct Life {
    timing: Timing,
    /// The time when CC.EN was set; `None` while it is clear.
    enabled: Option<u64>,
    /// The time when CC.EN was last cleared, if this was after the last function level reset.
    disabled: Option<u64>,
    /// Whether CSTS.RDY was set when CC.EN was last cleared.
    was_ready: bool,
    /// Whether the controller has noticed that CC.EN was set.
    is_noticed: bool,
    /// The time of the last function level reset.
    function_reset: Option<u64>,
    /// The time when a shutdown was requested, if this was after the last reset.
    notified: Option<u64>,
    /// Whether CSTS.CFS is set until the next reset.
    is_fatal: bool,
    /// Whether CSTS.CFS is set until the next function level reset.
    is_dead: bool,
    /// Whether a register was accessed in the time in which the driver must leave the controller alone.
    is_hung: bool,
}

impl Life {
    /// Makes the state after power-on.
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

    /// Notes that the function was reset.
    pub(super) fn reset_function(&mut self, now: u64) {
        *self = Self::new(self.timing);
        self.function_reset = Some(now);
    }

    /// Notes that CC.EN is cleared.
    pub(super) fn disable(&mut self, now: u64) {
        self.was_ready = self.is_ready(now);
        self.enabled = None;
        self.disabled = Some(now);
        self.notified = None;
        self.is_fatal = false;
    }

    /// Notes that CC.EN is set. With `fatal` the enable ends in CSTS.CFS.
    pub(super) fn enable(&mut self, now: u64, fatal: bool) {
        let Timing { idle, rest, .. } = self.timing;
        let is_rested = !is_within(self.disabled, idle.saturating_add(rest), now);
        self.is_noticed = is_rested && !self.is_hung;
        self.enabled = Some(now);
        self.is_fatal = fatal;
    }

    /// Notes that a shutdown is requested. With `dies` the controller fails in the shutdown.
    pub(super) fn notify_shutdown(&mut self, now: u64, dies: bool) {
        self.notified = Some(now);
        self.is_dead |= dies;
    }

    /// Notes that a register is accessed.
    pub(super) fn touch(&mut self, now: u64) {
        self.is_hung |= is_within(self.disabled, self.timing.hands_off, now);
    }

    /// If the controller does not answer now, returns the value that all registers read as.
    pub(super) fn silence(&self, now: u64) -> Option<u32> {
        let timing = &self.timing;
        if is_within(self.disabled, timing.blind, now)
            || is_within(self.function_reset, timing.blind_after_flr, now)
        {
            return Some(u32::MAX);
        }
        is_within(self.function_reset, timing.zero_after_flr, now).then_some(0)
    }

    /// Whether the controller executes commands.
    pub(super) fn is_ready(&self, now: u64) -> bool {
        let is_well = self.is_noticed && !self.is_fatal && !self.is_dead;
        is_well && self.enabled.is_some() && !is_within(self.enabled, self.timing.ready, now)
    }

    /// Whether the media are ready, too.
    pub(super) fn has_media(&self, now: u64) -> bool {
        let Timing { ready, media, .. } = self.timing;
        !is_within(self.enabled, ready.saturating_add(media), now)
    }

    /// Whether CSTS.RDY is set.
    pub(super) fn says_ready(&self, now: u64) -> bool {
        let lingers = self.is_hung || is_within(self.disabled, self.timing.idle, now);
        self.is_ready(now) || self.was_ready && lingers
    }

    /// Whether CSTS.CFS is set.
    pub(super) fn says_fatal(&self) -> bool {
        self.is_fatal || self.is_dead
    }

    /// Whether CSTS.SHST is 10b.
    pub(super) fn says_shut_down(&self, now: u64) -> bool {
        let is_over =
            self.notified.is_some() && !is_within(self.notified, self.timing.shutdown, now);
        is_over && !self.is_dead
    }
}

/// Whether fewer than `nanos` nanoseconds have passed from `since` to `now`.
fn is_within(since: Option<u64>, nanos: u64, now: u64) -> bool {
    since.is_some_and(|since| now < since.saturating_add(nanos))
}
