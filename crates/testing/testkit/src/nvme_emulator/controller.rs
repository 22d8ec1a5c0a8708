//! The state of the controller, and its resets.

use std::collections::VecDeque;
use std::iter;
use std::vec::Vec;

use super::life::Life;
use super::namespace::Namespace;
use super::queue::{Completion, Fetched, Submission};
use super::shape::Shape;

pub(super) const QUEUES: usize = 4;

pub(super) struct Controller {
    pub(super) shape: Shape,
    /// All namespaces. The first has NSID 1.
    pub(super) namespaces: Vec<Namespace>,
    pub(super) life: Life,
    pub(super) cc: u32,
    pub(super) aqa: u32,
    pub(super) asq: u64,
    pub(super) acq: u64,
    pub(super) submissions: [Option<Submission>; QUEUES],
    pub(super) completions: [Option<Completion>; QUEUES],
    /// The admin queues as they were before a reset, if they go on with their old heads and tails.
    pub(super) kept: Option<(Submission, Completion)>,
    /// Commands that were fetched and are not due yet.
    pub(super) fetched: VecDeque<Fetched>,
    /// Commands that are due and are executed now.
    pub(super) due: VecDeque<Fetched>,
    /// Commands that were reported as completed before they were fetched, each with its queue and CID.
    pub(super) disowned: Vec<(u16, u16)>,
}

impl Controller {
    pub(super) fn new(shape: Shape) -> Self {
        let namespaces = iter::once(shape.first()).chain(shape.further.iter().copied());
        Self {
            namespaces: namespaces.map(Namespace::new).collect(),
            life: Life::new(shape.timing),
            shape,
            cc: 0,
            aqa: 0,
            asq: 0,
            acq: 0,
            submissions: [None; QUEUES],
            completions: [None; QUEUES],
            kept: None,
            fetched: VecDeque::new(),
            due: VecDeque::new(),
            disowned: Vec::new(),
        }
    }

    /// Returns the namespace with this ID, if it's active.
    pub(super) fn namespace(&mut self, id: u32) -> Option<&mut Namespace> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        let namespace = self.namespaces.get_mut(index)?;
        namespace.shape.active.then_some(namespace)
    }

    /// Sets everything except the media to the power-on state.
    pub(super) fn power_on(&mut self) {
        self.clear();
        self.kept = None;
        self.life = Life::new(self.shape.timing);
    }

    /// Performs a function level reset.
    pub(super) fn reset_function(&mut self, now: u64) {
        self.clear();
        self.kept = None;
        self.life.reset_function(now);
    }

    /// Resets the controller because CC.EN was cleared. The admin queue registers stay.
    pub(super) fn disable(&mut self, now: u64) {
        if self.shape.keeps_admin_queues {
            self.kept = self.submissions[0].zip(self.completions[0]);
        }
        self.clear();
        self.life.disable(now);
    }

    fn clear(&mut self) {
        self.cc = 0;
        self.submissions = [None; QUEUES];
        self.completions = [None; QUEUES];
        self.fetched.clear();
        self.due.clear();
        self.disowned.clear();
    }

    /// Notes that a command was reported as completed although it was not executed. From now on the command must not
    /// be executed. It is discarded now, or later when it is fetched.
    pub(super) fn disown(&mut self, queue: u16, cid: u16) {
        let others = |command: &Fetched| (command.queue, command.cid()) != (queue, cid);
        let before = self.fetched.len() + self.due.len();
        self.fetched.retain(others);
        self.due.retain(others);
        if self.fetched.len() + self.due.len() == before {
            self.disowned.push((queue, cid));
        }
    }

    /// Whether the command was disowned before it was fetched. Forgets the note, so the next command with this CID is
    /// executed.
    pub(super) fn is_disowned(&mut self, command: &Fetched) -> bool {
        let is = |&(queue, cid): &(u16, u16)| (queue, cid) == (command.queue, command.cid());
        let at = self.disowned.iter().position(is);
        at.map(|at| self.disowned.swap_remove(at)).is_some()
    }

    /// Starts the controller because CC.EN was set. With `fatal` the start ends in CSTS.CFS, whatever the registers
    /// hold.
    pub(super) fn enable(&mut self, now: u64, fatal: bool) {
        let (asq, acq) = (self.asq, self.acq);
        let size = |bits: u32| (bits & 0xFFF) as u16 + 1;
        let sizes = [size(self.aqa), size(self.aqa >> 16)];
        let (submission, completion) = match self.kept.take() {
            Some((submission, completion)) => (
                Submission {
                    base: asq,
                    ..submission
                },
                Completion {
                    base: acq,
                    ..completion
                },
            ),
            None => (
                Submission::new(asq, sizes[0], 0, now),
                Completion::new(acq, sizes[1]),
            ),
        };
        self.submissions[0] = Some(submission);
        self.completions[0] = Some(completion);
        let fits = |size: u16| {
            (2..=self.shape.admin_entries).contains(&size)
                && size.is_multiple_of(self.shape.admin_multiple.max(1))
        };
        self.life.enable(now, fatal || !sizes.into_iter().all(fits));
    }
}
