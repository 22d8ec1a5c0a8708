//! Hostile drivers. Whatever a driver writes to registers and to memory, the model neither panics nor hangs, and it
//! writes only memory that was translated for it.

use proptest::prelude::*;
use samara_device_io::host::Clock;
use samara_testkit::virtio_emulator::{Block, Device, Layout, Misbehaviour, Net, Shape};

use super::support::{Dma, Driver, NEXT, WRITE, at, status};

/// Bytes of the driver's memory. It holds descriptors and rings, and buffers that may overlap them.
const SHOWN: usize = 0x4000;

#[derive(Clone, Debug)]
enum Step {
    Config(u16, u32),
    Register(u8, usize, u32, u32),
    Look(u8, usize, u32),
    Memory(usize, Vec<u8>),
    /// Writes a descriptor to each queue: index, address, length, flags, next.
    Descriptor(u16, u64, u32, u16, u16),
    /// Makes a request that is well-formed, except that the device may not be able to reach its header, data or
    /// status. The fields are the three addresses of these, the type of the request, and the length of its data.
    Request([u64; 3], u32, u32),
    /// Advances the available index of each queue by this number.
    Offer(u16),
    Notify(u16),
    Up,
    Wrong(usize, Misbehaviour),
    Switch(u8),
    Receive(usize),
    Link(bool),
    Capacity(u64),
    Pause,
}

fn addresses() -> impl Strategy<Value = u64> {
    // An address is relative to the start of the driver's memory. The sum wraps, so a random address of this kind can
    // be any bus address.
    prop_oneof![
        6 => 0..SHOWN as u64,
        1 => SHOWN as u64 - 16..SHOWN as u64 + 16,
        1 => any::<u64>(),
    ]
}

fn words() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        0u32..70,
        (0u32..32).prop_map(|bit| 1 << bit),
        Just(u32::MAX),
    ]
}

fn misbehaviours() -> impl Strategy<Value = Misbehaviour> {
    prop_oneof![
        words().prop_map(Misbehaviour::Id),
        Just(Misbehaviour::Twice),
        words().prop_map(Misbehaviour::Length),
        words().prop_map(Misbehaviour::Overlong),
        any::<u16>().prop_map(Misbehaviour::Jump),
        Just(Misbehaviour::Silent),
        (0u32..4).prop_map(Misbehaviour::Late),
        Just(Misbehaviour::NeedsReset),
        any::<u8>().prop_map(Misbehaviour::Status),
        Just(Misbehaviour::NoStatus),
        any::<[u8; 12]>().prop_map(Misbehaviour::Header),
    ]
}

fn offsets() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0usize..0x40,
        2 => 0x2000usize..0x2020,
        2 => 0x3000usize..0x3010,
        1 => 0usize..0x4010,
        1 => any::<usize>(),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let width = prop_oneof![8 => prop::sample::select(vec![1, 2, 4]), 1 => any::<u32>()];
    let bar = prop_oneof![8 => Just(4), 2 => Just(1), 1 => any::<u8>()];
    let look = (bar.clone(), offsets(), width.clone());
    let descriptor = (
        0u16..16,
        addresses(),
        prop_oneof![4 => 1u32..1100, 1 => words()],
        prop_oneof![8 => 0u16..4, 1 => any::<u16>()],
        prop_oneof![8 => 0u16..16, 1 => any::<u16>()],
    );
    // This is nearly always an address in the driver's memory above the rings.
    let inside = || prop_oneof![40 => 0x2000..SHOWN as u64 - 1024, 1 => addresses()];
    let request = (
        [inside(), inside(), inside()],
        prop::sample::select(vec![0u32, 0, 1, 4, 8, 9]),
        prop::sample::select(vec![512u32, 512, 20, 1]),
    );
    prop_oneof![
        1 => (0u16..0x140, words()).prop_map(|(at, word)| Step::Config(at, word)),
        4 => (bar, offsets(), width, words())
            .prop_map(|(bar, at, bytes, word)| Step::Register(bar, at, bytes, word)),
        2 => look.prop_map(|(bar, at, bytes)| Step::Look(bar, at, bytes)),
        2 => (0..SHOWN - 64, prop::collection::vec(any::<u8>(), 1..64))
            .prop_map(|(at, bytes)| Step::Memory(at, bytes)),
        8 => descriptor.prop_map(|(index, address, length, flags, next)| {
            Step::Descriptor(index, address, length, flags, next)
        }),
        8 => request.prop_map(|(spans, kind, length)| Step::Request(spans, kind, length)),
        2 => prop_oneof![8 => 1u16..4, 1 => any::<u16>()].prop_map(Step::Offer),
        8 => (0u16..3).prop_map(Step::Notify),
        3 => Just(Step::Up),
        2 => (0usize..2, misbehaviours()).prop_map(|(queue, how)| Step::Wrong(queue, how)),
        1 => any::<u8>().prop_map(Step::Switch),
        2 => (0usize..3000).prop_map(Step::Receive),
        1 => any::<bool>().prop_map(Step::Link),
        1 => any::<u64>().prop_map(Step::Capacity),
        3 => Just(Step::Pause),
    ]
}

fn shapes() -> impl Strategy<Value = Shape> {
    let device = prop_oneof![
        prop_oneof![Just(64), Just(u64::MAX), Just(0)].prop_map(|sectors| {
            Device::Block(Block {
                sectors,
                size_max: Some(600),
                ..Block::PLAIN
            })
        }),
        any::<bool>().prop_map(|loops| {
            Device::Net(Net {
                loops,
                ..Net::PLAIN
            })
        }),
    ];
    let layout = prop_oneof![3 => Just(Layout::PAGES), 1 => Just(Layout::TIGHT)];
    let rest = (
        prop::sample::select(vec![0, 2, 4, 1 << 31]),
        prop::sample::select(vec![0, 3, 64, u16::MAX]),
        prop::sample::select(vec![0, 1, 7, 16, 0x8000, 0xFFFF]),
        0u32..3,
        any::<bool>(),
    );
    (device, layout, rest).prop_map(|(device, layout, rest)| {
        let (notify_multiplier, vectors, queue_size, latency, reorder) = rest;
        Shape {
            device,
            layout,
            notify_multiplier,
            vectors,
            queue_size,
            latency,
            reorder,
            ..Shape::BLOCK
        }
    })
}

/// A driver whose buffers and 16-entry rings share the memory `shown`. The memory `hidden` was never translated, so
/// the device must not write it.
struct Hostile {
    driver: Driver,
    shown: Dma,
    hidden: Dma,
    offered: [u16; 2],
    is_net: bool,
}

impl Hostile {
    fn new(shape: Shape) -> Self {
        let driver = Driver::new(shape);
        let hidden = Dma::unreachable(0x1000);
        hidden.write(0, &[0xC3; 0x1000]);
        Self {
            shown: driver.buffer(SHOWN),
            driver,
            hidden,
            offered: [0; 2],
            is_net: matches!(shape.device, Device::Net(_)),
        }
    }

    fn rings(&self, queue: usize) -> [u64; 3] {
        [0, 0x400, 0x800].map(|at| self.shown.bus(0x1000 * queue + at))
    }

    fn up(&mut self) {
        self.driver.config.command(true, true);
        let wanted = 1 << 32 | 1 << 9 | 1 << 1;
        let _ = self.driver.negotiate(self.driver.offered() & wanted);
        for queue in 0..2 {
            self.driver.set(at::QUEUE_SELECT, 2, queue);
            self.driver.set(at::QUEUE_SIZE, 2, 16);
            self.driver.set_addresses(self.rings(queue as usize));
            self.driver.set(at::QUEUE_ENABLE, 2, 1);
            self.offered[queue as usize] = 0;
            self.shown.write(0x1000 * queue as usize + 0x402, &[0; 2]);
        }
        self.driver.add_status(status::DRIVER_OK);
    }

    fn offer(&mut self, by: u16) {
        for (queue, offered) in self.offered.iter_mut().enumerate() {
            *offered = offered.wrapping_add(by);
            let at = 0x1000 * queue + 0x402;
            self.shown.write(at, &offered.to_le_bytes());
        }
    }

    /// Writes a descriptor of `length` bytes at `address`, which is relative to the start of `shown`.
    fn descriptor(
        &self,
        queue: usize,
        index: u16,
        (address, length): (u64, u32),
        flags: u16,
        next: u16,
    ) {
        let address = self.shown.bus(0).wrapping_add(address);
        let mut bytes = address.to_le_bytes().to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        bytes.extend(next.to_le_bytes());
        let at = 0x1000 * queue + 16 * usize::from(index);
        self.shown.write(at, &bytes);
    }

    /// Writes a chain of three descriptors to each queue, makes it available and notifies the queue.
    fn request(&mut self, [header, data, status]: [u64; 3], kind: u32, length: u32) {
        if header < SHOWN as u64 - 16 {
            let mut bytes = u64::from(kind).to_le_bytes().to_vec();
            bytes.extend(u64::from(length % 3).to_le_bytes());
            self.shown.write(header as usize, &bytes);
        }
        for (queue, offered) in self.offered.into_iter().enumerate() {
            // A block device reads the first element and writes the last. A network device only writes the elements of
            // queue 0 and only reads those of queue 1.
            let flags = match (self.is_net, queue, kind) {
                (true, 0, _) => [WRITE; 3],
                (true, _, _) => [0; 3],
                (false, _, 1) => [0, 0, WRITE],
                (false, _, _) => [0, WRITE, WRITE],
            };
            let first = offered % 5 * 3;
            let spans = [(header, 16), (data, length), (status, 1)];
            for (i, (span, flags)) in (0..).zip(spans.into_iter().zip(flags)) {
                let more = if i < 2 { NEXT } else { 0 };
                self.descriptor(queue, first + i, span, flags | more, first + i + 1);
            }
            let at = 0x1000 * queue + 0x404 + 2 * usize::from(offered % 16);
            self.shown.write(at, &first.to_le_bytes());
        }
        self.offer(1);
        (0..2).for_each(|queue| self.driver.notify(queue));
    }

    fn switch(&self, number: u8) {
        self.driver.model.switch(|switches| match number % 12 {
            0 => switches.hang ^= true,
            1 => switches.refuse_features ^= true,
            2 => switches.refuse_vectors ^= true,
            3 => switches.reset_takes = u32::from(number / 12) % 3,
            4 => switches.blind_after_reset = u32::from(number / 12) % 3,
            5 => switches.features_after_reset = Some(u64::from(number) << 28),
            6 => switches.capacity_after_reset = Some(u64::MAX - u64::from(number)),
            7 => switches.queue_size_after_reset = Some(u16::from(number)),
            8 => switches.capacity_turns = Some((u32::from(number) % 3, u64::MAX)),
            9 => switches.unstable ^= true,
            10 => switches.flapping ^= true,
            _ => switches.removed ^= true,
        });
    }

    fn step(&mut self, step: Step) {
        let model = self.driver.model;
        match step {
            Step::Config(at, word) => self.driver.config.write(at, word),
            Step::Register(bar, at, bytes, word) => model.write(bar, at, bytes, word),
            Step::Look(bar, at, bytes) => {
                let _ = model.read(bar, at, bytes);
            }
            Step::Memory(at, bytes) => self.shown.write(at, &bytes),
            Step::Request(spans, kind, length) => self.request(spans, kind, length),
            Step::Descriptor(index, address, length, flags, next) => {
                for queue in 0..2 {
                    self.descriptor(queue, index, (address, length), flags, next);
                }
            }
            Step::Offer(by) => self.offer(by),
            Step::Notify(queue) => self.driver.notify(queue),
            Step::Up => self.up(),
            Step::Wrong(queue, how) => model.go_wrong(queue, how),
            Step::Switch(number) => self.switch(number),
            Step::Receive(length) => {
                let _ = model.receive(&vec![0x3C; length]);
            }
            Step::Link(is_up) => model.set_link(is_up),
            Step::Capacity(sectors) => model.set_capacity(sectors),
            Step::Pause => model.relax(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_driver_breaks_the_model(shape in shapes(), steps in prop::collection::vec(steps(), 0..120)) {
        let mut hostile = Hostile::new(shape);
        hostile.up();
        for step in steps {
            hostile.step(step);
        }
        prop_assert_eq!(hostile.hidden.read(0, 0x1000), vec![0xC3; 0x1000]);
        let counts = hostile.driver.model.counts();
        prop_assert!(hostile.driver.model.violations().len() as u64 <= counts.violations);
    }
}

/// Checks that the device takes chains from random drivers. If it took none, `no_driver_breaks_the_model` would prove
/// little.
#[test]
fn some_hostile_chains_are_taken() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut executed = 0;
    for shape in [Shape::BLOCK, Shape::NET] {
        for _ in 0..32 {
            let mut hostile = Hostile::new(shape);
            hostile.up();
            let steps = prop::collection::vec(steps(), 120);
            for step in steps.new_tree(&mut runner).unwrap().current() {
                hostile.step(step);
            }
            executed += hostile.driver.model.counts().chains;
        }
    }
    assert!(
        executed > 100,
        "the device took only {executed} chains, and the test wants more than 100"
    );
}

#[test]
fn rings_that_feed_themselves_do_not_hang() {
    // The used ring lies over the available ring, so the used index is the available index. After the jump, each chain
    // that the device gives back makes another available.
    let mut hostile = Hostile::new(Shape {
        queue_size: 16,
        ..Shape::NET
    });
    hostile.step(Step::Descriptor(0, 0x2000, 64, 0, 0));
    hostile.shown.write(0x402, &1u16.to_le_bytes());
    let driver = &hostile.driver;
    assert!(driver.negotiate(1 << 32));
    driver.set(at::QUEUE_SELECT, 2, 1);
    driver.set(at::QUEUE_SIZE, 2, 16);
    let ring = hostile.shown.bus(0x400);
    driver.set_addresses([hostile.shown.bus(0), ring, ring]);
    driver.set(at::QUEUE_ENABLE, 2, 1);
    driver.add_status(status::DRIVER_OK);
    driver.model.go_wrong(1, Misbehaviour::Jump(1));
    driver.notify(1);
    driver.model.tick(3);
    assert_eq!(driver.model.counts().chains, 1);
    // After another notification the device goes on, by one chain.
    driver.notify(1);
    assert_eq!(driver.model.counts().chains, 2);
}
