//! What takes a controller time, in nanoseconds of the model's clock.

/// How long things take. All zero, but for CAP.TO, is a controller that does everything at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// CAP.TO, in units of 500 ms.
    pub timeout_units: u8,
    /// CSTS.RDY is set so long after CC.EN was.
    pub ready: u64,
    /// CSTS.RDY is cleared so long after CC.EN was.
    pub idle: u64,
    /// For so long after CC.EN was cleared, registers read as all ones and writes are lost.
    pub blind: u64,
    /// For so long after a function level reset, registers read as zero and writes are lost.
    pub zero_after_flr: u64,
    /// For so long after a function level reset, registers read as all ones and writes are lost.
    pub blind_after_flr: u64,
    /// A register access sooner than so long after CC.EN was cleared hangs the controller: it answers
    /// with CSTS.RDY unchanged until a function level reset.
    pub hands_off: u64,
    /// CC.EN set sooner than so long after CSTS.RDY was cleared isn't noticed: CSTS.RDY is never set.
    pub rest: u64,
    /// A command fetched from an I/O queue sooner than so long after the queue's creation is lost.
    pub settle: u64,
    /// I/O commands end in Namespace Not Ready, to be retried, for so long after CSTS.RDY was set.
    pub media: u64,
    /// A flush completes so long after it was fetched.
    pub flush: u64,
    /// CSTS.SHST says that a shutdown is complete so long after it was notified.
    pub shutdown: u64,
}

impl Timing {
    /// Everything at once; CAP.TO is 1 s.
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
