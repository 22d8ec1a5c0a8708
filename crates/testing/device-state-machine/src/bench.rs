//! The emulated devices. They are made once for the process, as real devices are, and plugged in anew for each case.

use std::sync::OnceLock;

use samara_device_io::DeviceSlot;
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};
use samara_ixgbe_emulator::{Faults, Loop};
use samara_testkit::ixgbe_bus::IxgbeBus;
use samara_testkit::nvme_emulator::{self, NvmeEmulator};
use samara_testkit::virtio_emulator::{self, Violation, VirtioEmulator};

use crate::area::fill;
use crate::ledger::{DEVICES, Watch};
use crate::step::Numbers;
use crate::{ledger, misbehaviour, shapes};

/// An emulated device and the slot in which it is claimed.
pub(crate) struct Place<M: 'static, D> {
    /// Its number among all devices, also in the ledger.
    pub(crate) number: usize,
    pub(crate) model: &'static M,
    pub(crate) slot: DeviceSlot<D>,
}

/// All devices, two of each kind.
pub(crate) struct Bench {
    pub(crate) nvme: [Place<NvmeEmulator, Nvme>; 2],
    pub(crate) ixgbe: [Place<IxgbeBus, Ixgbe>; 2],
    pub(crate) block: [Place<VirtioEmulator, VirtioBlock>; 2],
    pub(crate) net: [Place<VirtioEmulator, VirtioNet>; 2],
}

/// An emulated device of any kind.
#[derive(Clone, Copy)]
pub(crate) enum Any {
    Nvme(&'static NvmeEmulator),
    Ixgbe(&'static IxgbeBus),
    Virtio(&'static VirtioEmulator),
}

/// Virtual nanoseconds of one pause of the driver. A time-out of a second takes some hundred pauses.
const PAUSE: u64 = 4_000_000;
/// The number of polling intervals that pass on an 82599's clock during one pause of the driver.
const INTERVALS: u64 = 16;

/// Returns the bench of the process.
pub(crate) fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(Bench::new)
}

impl Bench {
    fn new() -> Self {
        let watch = |number| &*Box::leak(Box::new(Watch(number)));
        let nvme = |number| {
            let model = NvmeEmulator::leak(nvme_emulator::Shape {
                blocks: 8,
                ..nvme_emulator::Shape::PLAIN
            });
            model.watch(watch(number));
            model.set_pause(PAUSE);
            let slot = model.slot();
            Place {
                number,
                model,
                slot,
            }
        };
        let ixgbe = |number| {
            let model = IxgbeBus::leak(Loop::closed());
            model.watch(watch(number));
            model.set_pause(INTERVALS);
            let slot = model.slot();
            Place {
                number,
                model,
                slot,
            }
        };
        let virtio = |number, shape| {
            let model = VirtioEmulator::leak(shape);
            model.watch(watch(number));
            model.set_pause(PAUSE);
            model
        };
        let block = |number| {
            let model = virtio(number, virtio_emulator::Shape::BLOCK);
            let slot = model.slot();
            Place {
                number,
                model,
                slot,
            }
        };
        let net = |number| {
            let model = virtio(number, virtio_emulator::Shape::NET);
            let slot = model.slot();
            Place {
                number,
                model,
                slot,
            }
        };
        Self {
            nvme: [nvme(0), nvme(1)],
            ixgbe: [ixgbe(2), ixgbe(3)],
            block: [block(4), block(5)],
            net: [net(6), net(7)],
        }
    }

    /// Returns all devices, by their numbers.
    pub(crate) fn all(&self) -> [Any; DEVICES] {
        let Self {
            nvme,
            ixgbe,
            block,
            net,
        } = self;
        [
            Any::Nvme(nvme[0].model),
            Any::Nvme(nvme[1].model),
            Any::Ixgbe(ixgbe[0].model),
            Any::Ixgbe(ixgbe[1].model),
            Any::Virtio(block[0].model),
            Any::Virtio(block[1].model),
            Any::Virtio(net[0].model),
            Any::Virtio(net[1].model),
        ]
    }

    /// Whether device `number` may access memory.
    pub(crate) fn is_bus_master(&self, number: usize) -> bool {
        !misbehaviour::is_removed(number) && self.all()[number].is_bus_master()
    }

    /// Unplugs device `number`, and plugs another one in.
    pub(crate) fn replug_one(&self, number: usize, numbers: &mut Numbers) {
        misbehaviour::plugged(number);
        match self.all()[number] {
            Any::Nvme(model) => {
                model.replug_as(shapes::nvme(numbers));
                model.switch(|switches| switches.keeps_its_word = true);
                for namespace in 1..=3 {
                    let _ = model.medium_of(namespace, |medium| fill(medium, namespace << 24));
                }
            }
            Any::Ixgbe(model) => {
                model.inject(Faults::default());
                model.replug();
                model.offer_function_reset(numbers.one_in(2));
            }
            Any::Virtio(model) => {
                let mut shape = match number {
                    4 | 5 => shapes::block(numbers),
                    _ => shapes::net(numbers),
                };
                // A driver that has claimed the old device keeps its mapped windows. So the new device gets the
                // layout of the old one.
                if ledger::is_claimed(number) {
                    shape.layout = model.layout();
                }
                model.replug(shape);
                model.medium(|medium| fill(medium, 5 << 24));
                model.switch(|switches| {
                    switches.keeps_its_word = true;
                    switches.enables_early = numbers.one_in(2);
                    switches.polls = numbers.one_in(2);
                });
            }
        }
    }
}

impl Any {
    fn is_bus_master(self) -> bool {
        match self {
            Self::Nvme(model) => model.is_bus_master(),
            Self::Ixgbe(model) => model.is_bus_master(),
            Self::Virtio(model) => model.is_bus_master(),
        }
    }

    /// Returns the device's clock, in nanoseconds.
    pub(crate) fn elapsed(self) -> u64 {
        match self {
            Self::Nvme(model) => model.now(),
            Self::Ixgbe(model) => model.now(),
            Self::Virtio(model) => model.elapsed(),
        }
    }

    /// Lets the device work for a while.
    pub(crate) fn work(self, pauses: u64) {
        match self {
            Self::Nvme(model) => model.tick(pauses),
            Self::Ixgbe(model) => model.steps(8 * pauses as u32),
            Self::Virtio(model) => model.tick(pauses),
        }
    }

    /// If the engine gave this device an instruction that no device can follow, describes the instruction. An NVMe
    /// controller counts overruns of its completion queues since it was plugged in. A dishonest controller may cause
    /// overruns itself by completing commands twice. So they are reported only for an honest controller. A virtio
    /// device records violations, and this call reports those since the last call.
    pub(crate) fn nonsense(self, is_honest: bool) -> Option<String> {
        match self {
            Self::Nvme(model) => {
                let overruns = model.counts().overruns;
                (overruns > 0 && is_honest)
                    .then(|| format!("{overruns} completions found no room in their queue"))
            }
            Self::Ixgbe(_) => None,
            // These violations show a mistake of the engine. All other violations may come from the driver, because
            // it writes the status as it likes.
            Self::Virtio(model) => {
                let is_engines = |violation: &Violation| {
                    matches!(
                        violation,
                        Violation::AvailIndex
                            | Violation::HeadOutOfRange
                            | Violation::HeadInFlight
                            | Violation::ChainTooLong
                            | Violation::NextOutOfRange
                            | Violation::Indirect
                            | Violation::EmptyElement
                            | Violation::QueueInUse
                            | Violation::QueueAlignment
                            | Violation::Width
                            | Violation::ReadOnly
                            | Violation::Outside
                    )
                };
                let found = model.take_violations().into_iter().find(is_engines);
                found.map(|violation| format!("the engine told the device nonsense: {violation:?}"))
            }
        }
    }
}
