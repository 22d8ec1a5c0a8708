//! What the driver does: an area for each part of `samara-device-io`.

mod chains;
mod interrupts;
mod packets;
mod pairs;
mod pci;
mod registers;
mod rings;
mod shown;
mod transfers;
mod up;

use samara_device_io::{PciFunction, Transfer};
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};

use crate::driver::{Driver, Kind};
use crate::ledger::{self, Holder};
use crate::quiet;
use crate::step::Numbers;

/// A function that another domain has lent, for the length of a call, and which claim it is.
#[derive(Clone, Copy)]
pub(crate) enum Lent<'a> {
    Nothing,
    Nvme(&'a PciFunction<Nvme>, Holder),
    Ixgbe(&'a PciFunction<Ixgbe>, Holder),
    Block(&'a PciFunction<VirtioBlock>, Holder),
    Net(&'a PciFunction<VirtioNet>, Holder),
}

/// A transfer of a buffer that is lent to a device, in its scope.
#[derive(Clone, Copy)]
pub(crate) struct Pinned<'a> {
    pub(crate) transfer: &'a Transfer,
    pub(crate) holder: Holder,
}

/// What a step has at hand.
#[derive(Clone, Copy)]
pub(crate) struct Hand<'a> {
    pub(crate) driver: &'a Driver,
    pub(crate) lent: Lent<'a>,
    pub(crate) pinned: Option<Pinned<'a>>,
    /// Steps around this one.
    pub(crate) depth: usize,
    pub(crate) plan: Plan,
    /// Which of two devices of a kind is meant, unless that is said.
    pub(crate) focus: Option<usize>,
    /// Kills the domain that takes the step.
    pub(crate) kill: &'a dyn Fn(),
}

/// What a case is about: told to those who take its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Kinds of devices, a bit for each.
    pub(crate) kinds: u8,
    /// Devices of each kind.
    pub(crate) devices: usize,
    /// Devices say what is so.
    pub(crate) is_honest: bool,
    /// Several threads take steps at once.
    pub(crate) is_shared: bool,
}

impl Plan {
    pub(crate) fn of(word: u32) -> Self {
        Self {
            kinds: word as u8,
            devices: 1 + (word >> 8 & 1) as usize,
            is_honest: word >> 9 & 1 != 0,
            is_shared: word >> 10 & 1 != 0,
        }
    }

    pub(crate) fn word(self) -> u32 {
        u32::from(self.kinds)
            | (self.devices as u32 - 1) << 8
            | u32::from(self.is_honest) << 9
            | u32::from(self.is_shared) << 10
    }
}

/// Steps inside steps.
const DEEPEST: usize = 2;

impl<'a> Hand<'a> {
    /// Runs `f` with a function: mostly that of `wanted`, sometimes another one of its kind.
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

    /// Which of the devices of a kind.
    pub(crate) fn which(&self, numbers: &mut Numbers) -> usize {
        self.focus
            .unwrap_or_else(|| numbers.below(self.plan.devices))
    }

    /// Runs `f`, which may panic as it is asked to. In a domain that is its end.
    pub(crate) fn caught<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        if self.driver.is_domain {
            Some(f())
        } else {
            quiet::caught(f)
        }
    }

    /// What goes wrong in the middle of a call of the driver's code, now and then.
    pub(crate) fn stumble(&self, numbers: &mut Numbers) {
        match numbers.below(96) {
            0 => quiet::panic_as_asked(),
            1 => (self.kill)(),
            2..8 => self.inside(numbers),
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

    /// A law that holds whatever other threads do.
    pub(crate) fn law(&self, holds: bool, what: &str) {
        if !holds {
            ledger::violate(|| what.to_string());
        }
    }

    /// A law that holds if no other thread uses the same device.
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

    fn step_of<D: Kind>(
        &self,
        numbers: &mut Numbers,
        queues: fn(&Hand<'_>, &mut Numbers),
        up: fn(&Hand<'_>, &mut Numbers),
    ) {
        match numbers.below(100) {
            0..6 => {
                let focused = Hand {
                    focus: Some(self.which(numbers)),
                    ..*self
                };
                up(&focused, numbers);
            }
            6..16 => pci::step::<D>(self, numbers),
            16..20 => registers::step::<D>(self, numbers),
            20..36 => transfers::step::<D>(self, numbers),
            36..39 => interrupts::step::<D>(self, numbers),
            39 => shown::step::<D>(self, numbers),
            _ => queues(self, numbers),
        }
    }
}
