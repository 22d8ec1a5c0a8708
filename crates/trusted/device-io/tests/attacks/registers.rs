//! Attacks by registers that no rule lists. A release build, which does not check for overflow, must refuse them too.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::mmio::{Access, ReadOnly, ReadWrite, Register, Value, WriteError, WriteOnly};
use samara_device_io::table::Table;
use samara_device_tables::virtio::COMMON;
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};
use samara_host_std as _;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};
use samara_testkit::virtio_emulator::{self, VirtioEmulator};
use std::hint::black_box;
use std::panic::{catch_unwind, set_hook, take_hook};

#[path = "../fixtures/nvme.rs"]
mod nvme;

const NOT_LISTED: &str = "the table does not list this register";

/// Returns the name of the register at this offset, or the message of the panic if the table does not list the
/// register.
fn named<D: Table, T: Value, A: Access>(window: usize, offset: usize) -> Result<String, String> {
    let make = move || {
        let register = Register::<D, T, A>::at(black_box(window), black_box(offset));
        format!("{register:?}")
    };
    catch_unwind(make).map_err(|payload| {
        let message = payload.downcast_ref::<&str>().map(|text| (*text).into());
        message.unwrap_or_else(|| "no text".into())
    })
}

fn word(offset: usize) -> Result<String, String> {
    named::<Nvme, u32, ReadWrite>(0, offset)
}

fn double(offset: usize) -> Result<String, String> {
    named::<Nvme, u64, ReadOnly>(0, offset)
}

/// Invariant: DEV-21
#[test]
fn unlisted_registers_cannot_be_named() {
    let refused = |why: &str| Err(why.to_owned());
    let outside = refused(NOT_LISTED);
    assert_eq!(
        [word(usize::MAX - 3), double(usize::MAX - 7)],
        [outside.clone(), outside.clone()]
    );
    assert_eq!([word(0x1000), double(0x1000)], [outside.clone(), outside]);
    for elsewhere in [1, usize::MAX] {
        let there = named::<Nvme, u32, ReadWrite>(elsewhere, 0x14);
        assert_eq!(there, refused(NOT_LISTED));
    }
    assert_eq!(double(0xFFC), refused(NOT_LISTED));
    // ASQ and its upper half; the upper word of CAP.
    assert_eq!(word(0x28), refused(NOT_LISTED));
    assert_eq!(word(0x2C), refused(NOT_LISTED));
    assert_eq!(word(0x04), refused(NOT_LISTED));
    assert_eq!(
        double(0x14),
        refused("the table lists this register with another width")
    );
    assert_eq!(
        word(0x1C),
        refused("the table does not let drivers write this register")
    );
    assert_eq!(double(0x00), Ok("Register(0x0)".to_owned()));
}

/// A register after the end of an array does not belong to it, and an element can't be named by its own offset.
#[test]
fn an_array_ends_where_its_rule_does() {
    let rates = Register::<Ixgbe, u32, ReadWrite>::at(0, 0x820);
    assert!(rates.nth(23).is_some());
    for past in [24, usize::MAX, usize::MAX / 4 + 1] {
        assert!(rates.nth(past).is_none(), "{past}");
    }
    assert_eq!(
        named::<Ixgbe, u32, ReadWrite>(0, 0x824),
        Err(NOT_LISTED.to_owned())
    );
}

/// Returns the offsets of `window`, below `length`, that a driver may name as a register of this width in order to
/// write it.
fn written<D: Table, T: Value>(window: usize, length: usize) -> Vec<usize> {
    (0..length)
        .filter(|&offset| named::<D, T, WriteOnly>(window, offset).is_ok())
        .collect()
}

/// Drivers may write INTMS, INTMC and CC of NVMe. They may not write NSSR (20h), which resets more than the function,
/// nor BPRSEL and BPMBL (44h, 48h), which make the controller write to an address. Nor may they write NSSD (64h),
/// AQA, ASQ, ACQ, the registers of the controller memory buffer, or doorbells.
///
/// Invariant: DEV-21
#[test]
fn only_what_a_rule_lists_can_be_written() {
    let hook = take_hook();
    set_hook(Box::new(|_| ()));
    let nvme = [
        written::<Nvme, u8>(0, 0x1100),
        written::<Nvme, u16>(0, 0x1100),
        written::<Nvme, u32>(0, 0x1100),
        written::<Nvme, u64>(0, 0x1100),
    ];
    // The blocks of receive and transmit queues: addresses, lengths, heads, tails, enables.
    let ixgbe: Vec<_> = [(0x1000, 0x1000), (0xD000, 0x1000), (0x6000, 0x2000)]
        .into_iter()
        .flat_map(|(start, length)| start..start + length)
        .filter(|&offset| named::<Ixgbe, u32, WriteOnly>(0, offset).is_ok())
        .collect();
    let block = [
        written::<VirtioBlock, u8>(0, 0x40),
        written::<VirtioBlock, u16>(0, 0x40),
        written::<VirtioBlock, u32>(0, 0x40),
        written::<VirtioBlock, u64>(0, 0x40),
    ];
    let net = [
        written::<VirtioNet, u8>(0, 0x40),
        written::<VirtioNet, u16>(0, 0x40),
        written::<VirtioNet, u32>(0, 0x40),
        written::<VirtioNet, u64>(0, 0x40),
    ];
    let elsewhere: Vec<_> = (1..8)
        .flat_map(|window| {
            [
                written::<VirtioNet, u8>(window, 0x40),
                written::<VirtioNet, u16>(window, 0x40),
                written::<VirtioNet, u32>(window, 0x40),
            ]
        })
        .flatten()
        .collect();
    set_hook(hook);
    assert_eq!(nvme, [vec![], vec![], vec![0x0C, 0x10, 0x14], vec![]]);
    assert_eq!(ixgbe, []);
    // The device status, the vector for configuration changes, and features, which an index selects.
    let common = [vec![0x14], vec![0x10], vec![0x0C], vec![]];
    assert_eq!((&block, &net), (&common, &common));
    assert_eq!(elsewhere, []);
}

const CC: Register<Nvme, u32, ReadWrite> = Register::at(0, 0x14);

/// CC holds the sizes of entries and of pages, the command set and the enable bit. A driver may only announce a
/// shutdown. The engine decides about all other bits, whatever value the device states for CC.
///
/// Invariant: DEV-21
#[test]
fn a_driver_may_only_announce_a_shutdown() {
    let emulator = NvmeEmulator::leak(Shape::default());
    let function = emulator.slot().claim().unwrap();
    let before = function.read(CC);
    let not_enabled = Err(WriteError::Other);
    assert_eq!(function.write(CC, Nvme::SHUT_DOWN), not_enabled);
    function.reset().unwrap();
    assert_eq!(function.write(CC, Nvme::SHUT_DOWN), not_enabled);
    assert_eq!(function.read(CC), before);
    let _admin = nvme::enabled(&function);
    let enabled = function.read(CC);
    let forbidden = Err(WriteError::Forbidden);
    for bit in 0..32 {
        assert_eq!(function.update(CC, 1 << bit, 1 << bit), forbidden, "{bit}");
        let written = function.write(CC, Nvme::SHUT_DOWN ^ 1 << bit);
        assert_eq!(written, forbidden, "{bit}");
    }
    assert_eq!(function.read(CC), enabled);
    for _ in 0..2 {
        function.write(CC, Nvme::SHUT_DOWN).unwrap();
        assert_eq!(function.read(CC), enabled | 1 << 14);
    }
    let _ = function.silence();
    assert_eq!(function.write(CC, Nvme::SHUT_DOWN), not_enabled);
}

/// The engine would know nothing of a driver's own reset. If that reset takes time, the device would forget part of a
/// queue of which the engine tells it meanwhile, and the engine would then enable the queue.
///
/// Invariant: DEV-13
#[test]
fn a_driver_resets_no_virtio_device_by_itself() {
    let emulator = VirtioEmulator::leak(virtio_emulator::Shape::BLOCK);
    let function: PciFunction<VirtioBlock> = emulator.slot().claim().unwrap();
    let status: Register<VirtioBlock, u8, ReadWrite> = Register::at(COMMON, 0x14);
    for value in [1, 3] {
        function.write(status, value).unwrap();
    }
    assert_eq!(function.write(status, 0), Err(WriteError::Forbidden));
    assert_eq!(function.update(status, 0xFF, 0), Err(WriteError::Forbidden));
    assert_eq!((emulator.status(), emulator.counts().resets), (3, 0));
}
