//! Brings devices up as real drivers do. Without this, random steps would rarely reach the states in which much can
//! go wrong. Each part of the sequence is left out now and then.

use samara_device_io::mmio::{ReadWrite, Register, WriteOnly};
use samara_device_io::table::Table;
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};

use super::{Hand, chains, packets, pairs, pci, rings, transfers};
use crate::driver::Kind;
use crate::ledger;
use crate::step::Numbers;

const RXCTRL: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x3000);
const DMATXCTL: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x4A80);
const FCTRL: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x5080);
/// The registers `device_status`, and below it `driver_feature`, the features that the driver accepts (Virtio 1.2
/// §4.1.4.3).
const fn status<D: Table>() -> Register<D, u8, ReadWrite> {
    Register::at(0, 0x14)
}
const fn accepted<D: Table>() -> Register<D, u32, WriteOnly> {
    Register::at(0, 0x0C)
}

/// Runs `step`, except one time in 24.
fn mostly(hand: &Hand<'_>, numbers: &mut Numbers, step: fn(&Hand<'_>, &mut Numbers)) {
    if !numbers.one_in(24) {
        step(hand, numbers);
    }
}

/// Resets the device and makes it bus master.
fn begin<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    mostly(hand, numbers, pci::claim::<D>);
    // Now and then the reset is left out, although the device may be in any state.
    if !numbers.one_in(6) {
        hand.with::<D, _>(numbers, None, |function, holder, _| {
            ledger::resets(holder);
            function.reset().is_ok()
        });
    }
    mostly(hand, numbers, |hand, numbers| {
        hand.with::<D, _>(numbers, None, |function, holder, _| {
            let is_master = function.enable_bus_master().is_ok();
            hand.only_reset(holder, is_master);
        });
    });
}

pub(super) fn nvme(hand: &Hand<'_>, numbers: &mut Numbers) {
    begin::<Nvme>(hand, numbers);
    mostly(hand, numbers, pairs::make_admin);
    mostly(hand, numbers, pairs::make_io);
    mostly(hand, numbers, pairs::start);
    for _ in 0..2 {
        mostly(hand, numbers, pairs::identify);
        mostly(hand, numbers, drain_admin);
    }
    mostly(hand, numbers, pairs::make);
    mostly(hand, numbers, drain_admin);
    mostly(hand, numbers, drain_admin);
    mostly(hand, numbers, transfers::begin::<Nvme>);
}

fn drain_admin(hand: &Hand<'_>, numbers: &mut Numbers) {
    pairs::with_admin(hand, numbers, pairs::ring_and_take);
}

pub(super) fn ixgbe(hand: &Hand<'_>, numbers: &mut Numbers) {
    begin::<Ixgbe>(hand, numbers);
    mostly(hand, numbers, |hand, numbers| {
        hand.with::<Ixgbe, _>(numbers, None, |function, _, _| {
            let _ = function.write(FCTRL, 1 << 10);
            let _ = function.update(DMATXCTL, 1, 1);
            let _ = function.update(RXCTRL, 1, 1);
        });
    });
    mostly(hand, numbers, rings::make_rx);
    mostly(hand, numbers, rings::make_tx);
    let driver = hand.driver;
    rings::with(&driver.rx, hand, numbers, rings::start);
    rings::with(&driver.tx, hand, numbers, rings::start);
    rings::with(&driver.rx, hand, numbers, rings::fill);
    rings::with(&driver.tx, hand, numbers, rings::fill);
}

/// Writes the status and the features, up to the point where queues are started.
fn agree<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    mostly(hand, numbers, |hand, numbers| {
        hand.with::<D, _>(numbers, None, |function, _, _| {
            let _ = function.write(const { status::<D>() }, 1);
            let _ = function.write(const { status::<D>() }, 3);
            let _ = function.write_selected(const { accepted::<D>() }, 1, 1);
            let _ = function.write(const { status::<D>() }, 0xB);
        });
    });
}

/// Sets the device to work.
fn live<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    mostly(hand, numbers, |hand, numbers| {
        hand.with::<D, _>(numbers, None, |function, _, _| {
            let _ = function.write(const { status::<D>() }, 0xF);
        });
    });
}

/// Sets the device up. Mostly starts the queues after the driver has accepted features. Sometimes starts them before,
/// as a careless driver would, and may then stop there.
fn set_up<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers, queues: fn(&Hand<'_>, &mut Numbers)) {
    if numbers.one_in(6) {
        queues(hand, numbers);
        if numbers.one_in(2) {
            return;
        }
        agree::<D>(hand, numbers);
    } else {
        agree::<D>(hand, numbers);
        queues(hand, numbers);
    }
    live::<D>(hand, numbers);
}

pub(super) fn block(hand: &Hand<'_>, numbers: &mut Numbers) {
    begin::<VirtioBlock>(hand, numbers);
    mostly(hand, numbers, chains::make);
    set_up::<VirtioBlock>(hand, numbers, |hand, numbers| {
        chains::with(hand, numbers, chains::start);
    });
    mostly(hand, numbers, transfers::begin::<VirtioBlock>);
}

pub(super) fn net(hand: &Hand<'_>, numbers: &mut Numbers) {
    begin::<VirtioNet>(hand, numbers);
    let driver = hand.driver;
    packets::make(&driver.net_rx, hand, numbers);
    packets::make(&driver.net_tx, hand, numbers);
    set_up::<VirtioNet>(hand, numbers, |hand, numbers| {
        let driver = hand.driver;
        packets::with(&driver.net_rx, hand, numbers, packets::start);
        packets::with(&driver.net_tx, hand, numbers, packets::start);
        packets::with(&driver.net_rx, hand, numbers, packets::put);
        packets::with(&driver.net_rx, hand, numbers, packets::ring_and_take);
    });
    packets::with(&driver.net_tx, hand, numbers, packets::put);
    packets::with(&driver.net_tx, hand, numbers, packets::ring_and_take);
}
