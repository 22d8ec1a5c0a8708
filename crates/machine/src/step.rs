//! Steps, from any bytes.

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// The host makes an object.
    Make,
    /// The host drops one.
    Drop,
    /// The host moves one into a domain.
    Put,
    /// The host takes one out.
    Take,
    /// A domain makes one.
    MakeInside,
    /// A domain drops one.
    DropInside,
    /// A domain moves one to another domain.
    Pass,
    /// The host lends one; every fourth time the borrower panics.
    Lend,
    /// One travels along a chain of domains and back.
    Chain,
    /// As above; the last domain panics with it in hand.
    ChainPanic,
    /// As above; a domain is killed when it is at the end.
    ChainKill,
    /// A domain dies.
    Kill,
    /// A domain's next generation starts.
    Restart,
    /// A domain may have only a little more than it has, and makes objects until it may not.
    Limit,
    /// The host makes a proxy by name.
    Proxy,
    /// The host clones one, stale or not.
    CloneProxy,
    /// The host sends one to a domain, as its peer.
    SendProxy,
    /// The host uses one, stale or not.
    UseProxy,
    /// Empty slabs go back.
    Trim,
}

/// All kinds, the likely ones more than once.
const OPS: [Op; 32] = [
    Op::Make,
    Op::Make,
    Op::Make,
    Op::Make,
    Op::Drop,
    Op::Put,
    Op::Put,
    Op::Put,
    Op::Take,
    Op::Take,
    Op::MakeInside,
    Op::MakeInside,
    Op::DropInside,
    Op::Pass,
    Op::Pass,
    Op::Lend,
    Op::Chain,
    Op::Chain,
    Op::ChainPanic,
    Op::ChainKill,
    Op::Kill,
    Op::Restart,
    Op::Restart,
    Op::Limit,
    Op::Limit,
    Op::Proxy,
    Op::CloneProxy,
    Op::SendProxy,
    Op::SendProxy,
    Op::UseProxy,
    Op::UseProxy,
    Op::Trim,
];

/// Bytes that make a step.
pub const BYTES: usize = 4;

/// One step. The numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub op: Op,
    /// The domain it is about.
    pub domain: usize,
    /// The object, proxy or place it is about.
    pub which: usize,
    /// A kind, a size, a number of hops.
    pub how: usize,
}

impl Step {
    /// The step that `bytes` stand for.
    #[must_use]
    pub fn decode(bytes: [u8; BYTES]) -> Self {
        let [op, domain, which, how] = bytes.map(usize::from);
        Self {
            op: OPS[op % OPS.len()],
            domain,
            which,
            how,
        }
    }
}
