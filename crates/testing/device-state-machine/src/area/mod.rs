//! The driver's calls: one area for each part of `samara-device-io`.

mod chains;
mod data;
mod interrupts;
mod packets;
mod pairs;
mod pci;
mod registers;
mod rings;
mod shown;
mod transfers;
mod up;

use samara_device_io::table::Direction;
use samara_device_io::{DmaTransfer, PciFunction};
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};

pub(crate) use data::{Read, fill};

use crate::driver::{Driver, Kind};
use crate::expected_panics;
use crate::ledger::{self, Holder};
use crate::step::Numbers;

/// The function that the host lends to the driver for the current call, with its claim; or no function.
#[derive(Clone, Copy)]
pub(crate) enum Lent<'a> {
    Nothing,
    Nvme(&'a PciFunction<Nvme>, Holder),
    Ixgbe(&'a PciFunction<Ixgbe>, Holder),
    Block(&'a PciFunction<VirtioBlock>, Holder),
    Net(&'a PciFunction<VirtioNet>, Holder),
}

/// The transfer of a buffer that the driver lends to a device. It exists inside the scope of the loan.
#[derive(Clone, Copy)]
pub(crate) struct Pinned<'a> {
    pub(crate) transfer: &'a DmaTransfer,
    pub(crate) holder: Holder,
}

/// Everything that a step can use.
#[derive(Clone, Copy)]
pub(crate) struct Hand<'a> {
    pub(crate) driver: &'a Driver,
    pub(crate) lent: Lent<'a>,
    pub(crate) pinned: Option<Pinned<'a>>,
    /// The nesting depth: the number of steps that this step runs inside of.
    pub(crate) depth: usize,
    pub(crate) plan: Plan,
    /// Which of the two devices of a kind the step prefers. `None` means either.
    pub(crate) focus: Option<usize>,
    /// Kills the domain that takes the step.
    pub(crate) kill: &'a dyn Fn(),
}

/// The properties of a case. Each step of the case gets them as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Kinds of devices, a bit for each.
    pub(crate) kinds: u8,
    /// Devices of each kind.
    pub(crate) devices: usize,
    /// Whether devices report only the truth.
    pub(crate) is_honest: bool,
    /// Whether several threads take steps at once.
    pub(crate) is_shared: bool,
    /// Whether the step is to bring a device up.
    pub(crate) brings_up: bool,
    /// Whether the data of reads is compared. If so, no step writes to a disk.
    pub(crate) is_read: bool,
    /// Whether steps refrain from panics and from killing their domain. Set in cases with cuts, where only a cut is
    /// to end the domain.
    pub(crate) is_calm: bool,
}

impl Plan {
    pub(crate) fn of(word: u32) -> Self {
        Self {
            kinds: word as u8,
            devices: 1 + (word >> 8 & 1) as usize,
            is_honest: word >> 9 & 1 != 0,
            is_shared: word >> 10 & 1 != 0,
            brings_up: word >> 11 & 1 != 0,
            is_read: word >> 12 & 1 != 0,
            is_calm: word >> 13 & 1 != 0,
        }
    }

    pub(crate) fn word(self) -> u32 {
        u32::from(self.kinds)
            | (self.devices as u32 - 1) << 8
            | u32::from(self.is_honest) << 9
            | u32::from(self.is_shared) << 10
            | u32::from(self.brings_up) << 11
            | u32::from(self.is_read) << 12
            | u32::from(self.is_calm) << 13
    }
}

/// The most operations on queues in one step.
const BURST: usize = 6;

/// The deepest nesting of steps.
const DEEPEST: usize = 2;

impl<'a> Hand<'a> {
    /// Runs `f` with a PCI function of kind `D`: the lent function, the function of the device of claim `wanted`, or
    /// sometimes any other. Returns `None` if the driver has no function of this kind that it can use now.
    pub(crate) fn with<D: Kind, R>(
        &self,
        numbers: &mut Numbers,
        wanted: Option<Holder>,
        f: impl FnOnce(&PciFunction<D>, Holder, &mut Numbers) -> R,
    ) -> Option<R> {
        let lent = D::borrowed(&self.lent).filter(|_| !numbers.one_in(3));
        if let Some((function, holder)) = lent {
            return Some(f(function, holder, numbers));
        }
        let boards = D::boards(self.driver);
        let is_wanted = |wanted: &Holder| boards.iter().position(|it| it.number == wanted.device);
        let right = wanted.as_ref().and_then(is_wanted);
        let right = right.filter(|_| !numbers.one_in(8));
        let first = right.unwrap_or_else(|| self.which(numbers));
        for distance in 0..self.plan.devices {
            if let Some(look) = boards[(first + distance) % 2].look()
                && let Some(claimed) = &*look
            {
                return Some(f(&claimed.function, claimed.holder, numbers));
            }
        }
        None
    }

    /// Returns the claim of the lent function. If no function is lent, returns one of the driver's own claims,
    /// preferably that of the device in focus.
    pub(crate) fn current<D: Kind>(&self, numbers: &mut Numbers) -> Option<Holder> {
        if let Some((_, holder)) = D::borrowed(&self.lent) {
            return Some(holder);
        }
        let boards = D::boards(self.driver);
        let first = self.which(numbers);
        (0..self.plan.devices).find_map(|distance| {
            let look = boards[(first + distance) % 2].look()?;
            look.as_ref().map(|claimed| claimed.holder)
        })
    }

    /// Checks that objects change owner through a queue only in the domain that owns the function. A domain that only
    /// borrows the function must be refused.
    pub(crate) fn own<D: Kind>(&self, holder: Holder, is_done: bool) {
        let is_lent = D::borrowed(&self.lent).is_some_and(|(_, lent)| lent == holder);
        let is_allowed = !is_lent || !self.driver.is_domain;
        self.law(
            is_allowed || !is_done,
            "objects change owner through a function that is lent",
        );
    }

    /// Checks that a device is put to work only if it was reset since it was claimed.
    pub(crate) fn only_reset(&self, holder: Holder, is_done: bool) {
        self.law(
            !is_done || ledger::was_reset(holder),
            "a device was set to work without a reset in its claim",
        );
    }

    /// Chooses the direction of a transfer. If a buffer is lent, the direction is mostly towards the device, because
    /// the device may only read the buffer.
    fn direction(&self, numbers: &mut Numbers) -> Direction {
        let is_lent = self.pinned.is_some() && !numbers.one_in(4);
        match numbers.below(3) {
            _ if self.plan.is_read => Direction::ToHost,
            _ if is_lent => Direction::ToDevice,
            0 => Direction::ToDevice,
            _ => Direction::ToHost,
        }
    }

    /// Chooses one of the devices of a kind.
    pub(crate) fn which(&self, numbers: &mut Numbers) -> usize {
        self.focus
            .unwrap_or_else(|| numbers.below(self.plan.devices))
    }

    /// Runs `f`, which may panic because the test asked it to. In a domain such a panic ends the domain.
    pub(crate) fn caught<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        let result = expected_panics::caught(f);
        self.go_on(result.is_some());
        result
    }

    /// Ends the domain if `is_well` is false, because a panic in the domain was [caught](expected_panics::caught).
    pub(crate) fn go_on(&self, is_well: bool) {
        if !is_well && self.driver.is_domain {
            expected_panics::panic_as_asked();
        }
    }

    /// Now and then, makes something go wrong in the middle of a call of the driver's code.
    pub(crate) fn stumble(&self, numbers: &mut Numbers) {
        match numbers.below(160) {
            0 | 1 if self.plan.is_calm => {}
            0 => expected_panics::panic_as_asked(),
            1 => (self.kill)(),
            2..16 => self.inside(numbers),
            _ => {}
        }
    }

    /// Takes a step inside another one.
    pub(crate) fn inside(&self, numbers: &mut Numbers) {
        if self.depth < DEEPEST {
            let inner = Hand {
                depth: self.depth + 1,
                ..*self
            };
            inner.step(&mut numbers.fork());
        }
    }

    /// Records a violation if `holds` is false. Used for laws that hold whatever other threads do.
    pub(crate) fn law(&self, holds: bool, what: &str) {
        if !holds {
            ledger::violate(|| what.to_string());
        }
    }

    /// Does the same for laws that hold only if no other thread uses the same device. Skips the check if threads
    /// share the driver.
    pub(crate) fn law_alone(&self, holds: bool, what: &str) {
        self.law(holds || self.plan.is_shared, what);
    }

    /// Takes a step.
    pub(crate) fn step(&self, numbers: &mut Numbers) {
        let kinds: Vec<u8> = (0..4)
            .filter(|kind| self.plan.kinds >> kind & 1 != 0)
            .collect();
        match numbers.of_these(&kinds) {
            0 => self.step_of::<Nvme>(numbers, pairs::step, up::nvme),
            1 => self.step_of::<Ixgbe>(numbers, rings::step, up::ixgbe),
            2 => self.step_of::<VirtioBlock>(numbers, chains::step, up::block),
            _ => self.step_of::<VirtioNet>(numbers, packets::step, up::net),
        }
    }

    /// Brings up the device `which`.
    fn up<D: Kind>(&self, which: usize, numbers: &mut Numbers, up: fn(&Hand<'_>, &mut Numbers)) {
        let focused = Hand {
            focus: Some(which),
            ..*self
        };
        up(&focused, numbers);
        D::boards(self.driver)[which].is_up();
    }

    fn step_of<D: Kind>(
        &self,
        numbers: &mut Numbers,
        queues: fn(&Hand<'_>, &mut Numbers),
        up: fn(&Hand<'_>, &mut Numbers),
    ) {
        let has_none = D::boards(self.driver)
            .iter()
            .all(|board| board.look().is_some_and(|held| held.is_none()));
        let which = self.which(numbers);
        let board = &D::boards(self.driver)[which];
        let is_due = match (has_none, board.is_down()) {
            (true, _) => numbers.one_in(2),
            (_, true) => numbers.one_in(3),
            _ => self.plan.brings_up,
        };
        match numbers.below(100) {
            0 => self.up::<D>(which, numbers, up),
            _ if is_due && self.depth == 0 => self.up::<D>(which, numbers, up),
            1..14 => pci::step::<D>(self, numbers),
            14..18 => registers::step::<D>(self, numbers),
            18..30 => transfers::step::<D>(self, numbers),
            30..32 => interrupts::step::<D>(self, numbers),
            32 => shown::step::<D>(self, numbers),
            _ => {
                for _ in 0..=numbers.below(BURST) {
                    queues(self, numbers);
                }
            }
        }
    }
}
