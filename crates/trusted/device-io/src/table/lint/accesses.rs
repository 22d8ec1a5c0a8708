//! Lists the engine's accesses to registers: each step, check and doorbell of a table.

use crate::table::Table;
use crate::table::queue::{Doorbell, Format, Queue, Rung, Stride};
use crate::table::register::{Rule, Width};
use crate::table::step::{At, Check, Limit, Step, Value};

/// The size of the list of accesses. No device needs as many.
const MOST: usize = 256;

/// When the engine makes an access.
#[derive(Clone, Copy)]
pub(super) enum When {
    Reset,
    Idle,
    Start,
    Ready,
    Stop,
    Running,
}

/// What the engine does with bits of a register.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// Writes them.
    Write {
        /// The bits that the access sets to 1, whatever the queue.
        set: u64,
        /// The bits that carry information for the device which no other register carries. If the value is an
        /// address, a size, a queue's number or a ring's head, these are all its bits. Otherwise they are the bits
        /// that the driver chooses.
        told: u64,
    },
    /// Reads the bits. They must have this value; with `None`, the engine uses any value that it reads.
    Look(Option<u64>),
    /// Rings a doorbell.
    Ring(&'static Doorbell),
}

/// A step, a check or a doorbell.
#[derive(Clone, Copy)]
pub(super) struct Access {
    pub(super) when: When,
    pub(super) act: Act,
    /// The kind of queue, and the kind's index in the table.
    pub(super) queue: Option<(&'static Queue, usize)>,
    /// The registers: one for each queue of this kind, or the array that a check reads.
    pub(super) registers: Rule,
    /// The bits of each register that the access concerns.
    pub(super) bits: u64,
    /// The place and the value of the step that writes the index by which a queue's register is selected. It may be
    /// this same step.
    pub(super) index: Option<(&'static At, &'static Value)>,
    pub(super) is_address: bool,
    pub(super) is_shared: bool,
    /// Whether the access is the last step of a start.
    pub(super) is_last: bool,
}

/// The template of an access.
const NONE: Access = Access {
    when: When::Reset,
    act: Act::Look(None),
    queue: None,
    registers: Rule::new(0, 0, Width::W8),
    bits: 0,
    index: None,
    is_address: false,
    is_shared: false,
    is_last: false,
};

impl Access {
    /// Whether this is a doorbell whose place the device states at run time. Such a doorbell may be anywhere at or
    /// after its offset.
    pub(super) const fn is_somewhere(&self) -> bool {
        matches!(self.act, Act::Ring(doorbell) if !matches!(doorbell.stride, Stride::Bytes(_)))
    }

    /// Whether this is a doorbell that takes a queue's number.
    pub(super) const fn tells_number(&self) -> bool {
        matches!(self.act, Act::Ring(doorbell) if matches!(doorbell.value, Rung::Number))
    }

    /// Whether `index` is the index register that selects the access's register.
    pub(super) const fn is_behind(&self, index: &Rule) -> bool {
        match self.index {
            Some((at, _)) => {
                let width = at.width.bytes() == index.width.bytes();
                width && at.window == index.window && at.offset == index.offset
            }
            None => false,
        }
    }

    /// The same access, at the registers that `at` describes.
    const fn at(self, at: &At, bits: u64, act: Act) -> Self {
        let registers = match self.queue {
            Some((queue, _)) => queue.registers(at),
            None => Rule::new(at.window, at.offset, at.width),
        };
        Self {
            act,
            registers,
            bits,
            index: if at.stride == 0 { self.index } else { None },
            is_shared: at.is_shared,
            ..self
        }
    }

    /// Whether the device keeps its position in a ring in this register.
    const fn is_head(&self, at: &At) -> bool {
        matches!(self.queue, Some((Queue { format: Format::Ring(ring), .. }, _)) if ring.head.is_same(at))
    }
}

/// All of a table's accesses.
pub(super) struct Accesses {
    pub(super) list: [Access; MOST],
    pub(super) count: usize,
}

impl Accesses {
    pub(super) const fn of<D: Table>() -> Self {
        let mut all = Self {
            list: [NONE; MOST],
            count: 0,
        };
        all.steps(D::RESET, NONE);
        all.steps(D::SILENT_RESET, NONE);
        let idle = Access {
            when: When::Idle,
            ..NONE
        };
        all.checks(D::IDLE, idle);
        let mut kind = 0;
        while kind < D::QUEUES.len() {
            all.queue(&D::QUEUES[kind], kind);
            kind += 1;
        }
        all
    }

    const fn queue(&mut self, queue: &'static Queue, kind: usize) {
        let mut of = Access {
            when: When::Start,
            queue: Some((queue, kind)),
            ..NONE
        };
        of.index = self.steps(queue.start, of);
        of.when = When::Ready;
        self.steps(queue.ready, of);
        of.when = When::Stop;
        self.steps(queue.stop, of);
        of.when = When::Running;
        self.doorbell(&queue.doorbell, queue, of);
        if let Format::Pair(pair) = &queue.format {
            self.doorbell(&pair.head_doorbell, queue, of);
        }
    }

    const fn push(&mut self, access: Access) {
        assert!(
            self.count < MOST,
            "a table with more than 256 steps and checks"
        );
        // Another queue may be selected between two of these steps.
        assert!(
            !matches!(access.when, When::Ready | When::Stop) || access.index.is_none(),
            "a step after a start accesses a register that an index selects"
        );
        self.list[self.count] = access;
        self.count += 1;
    }

    /// Adds the accesses of `steps` in turn. If one of the steps writes an index that selects a register, returns
    /// that step's register and value.
    const fn steps(
        &mut self,
        steps: &'static [Step],
        mut of: Access,
    ) -> Option<(&'static At, &'static Value)> {
        let mut step = 0;
        while step < steps.len() {
            of.is_last = matches!(of.when, When::Start) && step + 1 == steps.len();
            match &steps[step] {
                Step::Write(at, value) => {
                    if matches!(of.when, When::Start) && at.stride == 0 && value.names_queue() {
                        assert!(of.index.is_none(), "a start that selects two queues");
                        assert!(
                            value.chosen == 0,
                            "a driver chooses which queue is selected"
                        );
                        of.index = Some((at, value));
                    }
                    let all = at.width.all_ones();
                    let told = match value {
                        _ if of.is_head(at) => all,
                        value if value.is_constant() => 0,
                        value if value.is_choice() => value.chosen,
                        _ => all,
                    };
                    let set = value.constant();
                    let write = of.at(at, all, Act::Write { set, told });
                    self.push(Access {
                        is_address: value.address.is_some(),
                        ..write
                    });
                }
                Step::Update(at, clear, set) => {
                    let act = Act::Write { set: *set, told: 0 };
                    self.push(of.at(at, *clear | *set, act));
                }
                Step::Require(check) => self.check(check, of),
                Step::AtLeast(at, _) => {
                    self.push(of.at(at, at.width.all_ones(), Act::Look(None)));
                }
                Step::Await(awaited, limit) | Step::Settle(awaited, limit) => {
                    self.checks(awaited, of);
                    if let Limit::Field(at, shift, bits, _) = limit {
                        let mask = ((1u64 << *bits) - 1) << *shift;
                        self.push(of.at(at, mask, Act::Look(None)));
                    }
                }
                Step::Sleep(_) => {}
            }
            step += 1;
        }
        of.index
    }

    const fn checks(&mut self, checks: &'static [Check], of: Access) {
        let mut check = 0;
        while check < checks.len() {
            self.check(&checks[check], of);
            check += 1;
        }
    }

    const fn check(&mut self, check: &Check, of: Access) {
        let equals = if check.wanted {
            Some(check.equals)
        } else {
            None
        };
        let act = Act::Look(equals);
        let mut access = of.at(&check.at, check.mask, act);
        if check.at.stride == 0 {
            access.registers = access.registers.times(check.count, check.stride);
            self.push(access);
            return;
        }
        // Each queue has several registers to check.
        let mut index = 0;
        while index < check.count {
            self.push(access);
            access.registers.offset += check.stride;
            index += 1;
        }
    }

    /// Adds a doorbell, and the register that gives its distance from the next one.
    const fn doorbell(&mut self, doorbell: &'static Doorbell, queue: &Queue, of: Access) {
        self.push(Access {
            act: Act::Ring(doorbell),
            registers: queue.doorbells(doorbell),
            bits: doorbell.width.all_ones(),
            index: None,
            ..of
        });
        match &doorbell.stride {
            Stride::Bytes(_) => {}
            Stride::Shifted(at, shift, _) => self.push(of.at(at, 0xF << *shift, Act::Look(None))),
            Stride::Listed(at) => self.push(of.at(at, 0xFFFF, Act::Look(None))),
        }
    }
}
