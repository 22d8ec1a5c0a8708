//! A scene: the states of the disk and the file service, the asker's request, and its limits. It is chosen at random
//! from a step's numbers.

use super::cast::{Needs, Request};
use crate::step::Numbers;
use samara_testkit::hosted::Rng;
use std::time::Duration;

/// Bytes of a stack that is long enough for every call.
pub(super) const ROOMY: usize = 8 << 20;

/// Bytes of a stack that the asker may nearly use up.
const SMALL: usize = 512 << 10;
/// The part of that stack, in bytes, that may be in use before the request.
const USUAL: usize = SMALL - (128 << 10);

/// The state of a service when the asker makes its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    Dead,
    /// Dead, while a call is still inside.
    Draining,
    /// Dead, and it cannot be started because its recipe fails.
    Gone,
    /// Dead, and it cannot be started for a while because its restarts are used up.
    Over,
}

/// The setting of the step: the states of both services, the asker's request, and its limits.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) needs: Needs,
    /// The stack that the disk's spec demands, in bytes.
    pub(super) disk_stack: usize,
    pub(super) disk: Fate,
    pub(super) files: Fate,
    /// The drain timeout of the file service.
    pub(super) drain: Duration,
    /// The budget of the file service.
    pub(super) budget: Option<Duration>,
    /// The call that the victim has recorded before the first turn.
    pub(super) record: Option<Request>,
    pub(super) request: Request,
    pub(super) times: u32,
    /// The asker's budget.
    pub(super) hasty: Option<Duration>,
    pub(super) stack: usize,
    /// For each turn, the number of bytes of the stack that are in use before the request.
    pub(super) depths: Vec<usize>,
}

/// The number of turns of a scene in which no call waits. Other scenes have one turn.
const TURNS: usize = 12;

impl Scene {
    pub(super) fn of(n: Numbers) -> Self {
        let mut rng = Rng::new((n.which << 8 | n.how) as u64);
        let mut one = |of: &[usize]| of[rng.below(of.len())];
        let fates = [
            Fate::Lives,
            Fate::Dead,
            Fate::Draining,
            Fate::Gone,
            Fate::Over,
        ];
        // Chooses mostly states in which no call waits.
        let disk = fates[one(&[0, 0, 0, 0, 1, 1, 1, 2, 3, 4])];
        let files = fates[one(&[0, 1, 1, 1, 1, 1, 1, 2, 3])];
        let slow = |fate| !matches!(fate, Fate::Lives | Fate::Dead);
        let waits = slow(disk) || slow(files);
        let needs = [Needs::Nothing, Needs::Read, Needs::Claim][one(&[0, 0, 1, 2])];
        let disk_stack = one(&[0, 1 << 20]);
        let records = [
            None,
            Some(Request::Mount),
            Some(Request::Note),
            Some(Request::Open),
        ];
        let record = records[one(&[0, 1, 1, 2, 3])];
        let requests = [Request::Recorded, Request::At, Request::Take, Request::Give];
        let request = requests[one(&[0, 0, 1, 2, 3])];
        let hasty = one(&[0, 0, 20]) as u64;
        let drain = if hasty > 0 && files == Fate::Draining {
            Duration::from_secs(2)
        } else {
            Duration::from_millis(20)
        };
        let budget = (disk == Fate::Draining && one(&[0, 1]) == 1).then_some(100);
        let times = if waits {
            one(&[1, 1, 100])
        } else {
            one(&[1, 3, 30])
        };
        let small = !waits || one(&[0, 1]) == 1;
        let turns = if waits { 1 } else { TURNS };
        let deepest = if small { USUAL } else { 1 };
        let depths = (0..turns).map(|_| rng.below(deepest));
        Self {
            needs,
            disk_stack,
            disk,
            files,
            drain,
            budget: budget.map(Duration::from_millis),
            record,
            request,
            times: times as u32,
            hasty: (hasty > 0).then(|| Duration::from_millis(hasty)),
            depths: depths.collect(),
            stack: if small { SMALL } else { ROOMY },
        }
    }

    /// Whether the asker's budget is too short to wait until the file service has drained.
    pub(super) fn is_short_of_time(&self) -> bool {
        self.hasty.is_some() && self.files == Fate::Draining
    }

    /// Whether neither a start of the file service nor the request calls another domain. Then only the start itself
    /// can lack stack.
    pub(super) fn needs_no_other(&self) -> bool {
        self.needs == Needs::Nothing
            && self.record != Some(Request::Mount)
            && self.request == Request::Recorded
    }

    /// Whether nothing but stack may be lacking, because both services are alive or can be restarted at once.
    pub(super) fn lacks_only_stack(&self) -> bool {
        let is_there = |fate| matches!(fate, Fate::Lives | Fate::Dead);
        is_there(self.disk) && is_there(self.files)
    }
}
