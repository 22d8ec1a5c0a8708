//! The shapes of devices, which are chosen anew for each case.

use samara_testkit::nvme_emulator::{self, NamespaceShape, Timing};
use samara_testkit::virtio_emulator::{self, Block, Device, Layout, Net, Structure};

use crate::step::Numbers;

/// Bytes of a namespace. This is small, because each case fills its own media. But it is more than the pages of one
/// PRP list cover.
const BYTES: u64 = 320 << 10;
const BLOCKS: u64 = BYTES >> 9;

/// The choices for further namespaces: none; a second one with larger blocks; a second one with metadata and a third
/// one with larger blocks.
const FURTHER: [&[NamespaceShape]; 3] = [
    &[],
    &[NamespaceShape {
        block_shift: 12,
        blocks: BLOCKS / 8,
        ..NamespaceShape::PLAIN
    }],
    &[
        NamespaceShape {
            metadata: 8,
            blocks: BLOCKS,
            ..NamespaceShape::PLAIN
        },
        NamespaceShape {
            block_shift: 12,
            blocks: BLOCKS / 8,
            ..NamespaceShape::PLAIN
        },
    ],
];

pub(crate) fn nvme(numbers: &mut Numbers) -> nvme_emulator::Shape {
    let plain = nvme_emulator::Shape {
        blocks: BLOCKS,
        ..nvme_emulator::Shape::PLAIN
    };
    if numbers.one_in(4) {
        return plain;
    }
    let block_shift = numbers.of_these(&[9, 9, 9, 12]);
    nvme_emulator::Shape {
        block_shift,
        blocks: BYTES >> block_shift,
        mdts: numbers.of_these(&[5, 1, 0, 0]),
        queue_entries: numbers.of_these(&[64, 64, 8, 2]),
        doorbell_stride: numbers.of_these(&[0, 0, 1, 4]),
        metadata: numbers.of_these(&[0, 0, 0, 0, 8]),
        further: numbers.of_these(&FURTHER),
        flr: numbers.one_in(2),
        latency: numbers.of_these(&[0, 0, 1, 4]),
        reorder: numbers.one_in(3),
        keeps_admin_queues: numbers.one_in(8),
        write_cache: numbers.one_in(2),
        timing: Timing {
            timeout_units: numbers.of_these(&[1, 1, 2, 0]),
            ready: numbers.of_these(&[0, 0, 20_000_000]),
            idle: numbers.of_these(&[0, 0, 20_000_000]),
            blind: numbers.of_these(&[0, 0, 250_000]),
            flush: numbers.of_these(&[0, 30_000_000]),
            ..Timing::PROMPT
        },
        ..plain
    }
}

/// A layout whose doorbells overlap the registers that take a queue's addresses.
const OVERLAPPING: Layout = Layout {
    notify: Structure {
        offset: 0x20,
        length: 4,
    },
    ..Layout::PAGES
};

fn virtio(numbers: &mut Numbers, device: Device) -> virtio_emulator::Shape {
    virtio_emulator::Shape {
        device,
        queue_size: numbers.of_these(&[64, 64, 16, 8, 4]),
        layout: match numbers.below(32) {
            0 => OVERLAPPING,
            1..8 => Layout::TIGHT,
            _ => Layout::PAGES,
        },
        notify_multiplier: numbers.of_these(&[4, 4, 2, 0]),
        express: !numbers.one_in(4),
        flr: numbers.one_in(2),
        latency: numbers.of_these(&[0, 0, 1, 4]),
        reorder: numbers.one_in(3),
        ..virtio_emulator::Shape::BLOCK
    }
}

pub(crate) fn block(numbers: &mut Numbers) -> virtio_emulator::Shape {
    let block = Block {
        sectors: BLOCKS,
        ..Block::PLAIN
    };
    virtio(numbers, Device::Block(block))
}

pub(crate) fn net(numbers: &mut Numbers) -> virtio_emulator::Shape {
    let net = Net {
        loops: numbers.one_in(2),
        ..Net::PLAIN
    };
    virtio(numbers, Device::Net(net))
}
