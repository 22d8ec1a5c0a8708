//! The times that a controller takes for its actions, in nanoseconds of the model's clock.

/// The times that a controller takes. If all times except CAP.TO are zero, the controller does everything without
/// delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// CAP.TO, in units of 500 ms.
    pub timeout_units: u8,
    /// The time from setting CC.EN until CSTS.RDY is set.
    pub ready: u64,
    /// The time from clearing CC.EN until CSTS.RDY is cleared.
    pub idle: u64,
    /// The time after clearing CC.EN in which registers read as all ones and writes are lost.
    pub blind: u64,
    /// The time after a function level reset in which registers read as zero and writes are lost.
    pub zero_after_flr: u64,
    /// The time after a function level reset in which registers read as all ones and writes are lost.
    pub blind_after_flr: u64,
    /// The time after clearing CC.EN in which the driver must access no register. An access hangs the controller:
    /// CSTS.RDY does not change any more until a function level reset.
    pub hands_off: u64,
    /// The time after CSTS.RDY is cleared in which CC.EN must not be set. If CC.EN is set in this time, the
    /// controller does not notice, and CSTS.RDY is never set.
    pub rest: u64,
    /// The time after the creation of an I/O queue in which commands that are fetched from it are lost.
    pub settle: u64,
    /// The time after CSTS.RDY is set in which I/O commands other than flushes end in Namespace Not Ready, to be
    /// retried.
    pub media: u64,
    /// The time from fetching a flush until it is completed.
    pub flush: u64,
    /// The time from requesting a shutdown until CSTS.SHST reports that it is complete.
    pub shutdown: u64,
}

impl Timing {
    /// The controller does everything without delay. CAP.TO is 1 s.
    pub const PROMPT: Self = Self {
        timeout_units: 2,
        ready: 0,
        idle: 0,
        blind: 0,
        zero_after_flr: 0,
        blind_after_flr: 0,
        hands_off: 0,
        rest: 0,
        settle: 0,
        media: 0,
        flush: 0,
        shutdown: 0,
    };
}

impl Default for Timing {
    /// [`PROMPT`](Self::PROMPT).
    fn default() -> Self {
        Self::PROMPT
    }
}
