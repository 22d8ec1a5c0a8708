//! Everything that a driver can do with values of `samara-device-io` and of its device's table: format, copy and
//! compare them. Also calls, at run time, the functions that make the constants of tables.

use std::hash::Hash;

use samara_device_io::host::{
    Backing, Host, MapBarError, Message, Messages, NoMessage, NoMessages, PciAddress,
};
use samara_device_io::mmio::WindowError;
use samara_device_io::pci::StepError;
use samara_device_io::queue::{QueueError, QueueFault, SubmitError};
use samara_device_io::table::lint::lint;
use samara_device_io::table::step::{
    address, at, chosen, entries, high, last_entry, low, number, only,
};
use samara_device_io::table::{
    At, Bits, Check, Command, Data, Direction, Doorbell, Format, Id, Learn, Limit, PairFormat,
    Piece, Queue, RingFormat, Rule, Rung, SplitFormat, Step, Stride, Value, Width, Window, Write,
};

use super::Hand;
use crate::bench::bench;
use crate::driver::Kind;
use crate::step::Numbers;
use crate::surface::{call, traits};

pub(super) fn step<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    match numbers.below(4) {
        0 => table::<D>(),
        1 => made(hand),
        2 => errors(),
        _ => hosts(),
    }
}

/// Uses the table's constants.
fn table<D: Kind>() {
    call!(lint::<D>);
    D::IDS.iter().for_each(|it| traits!(it, Id: Debug, Clone));
    D::WINDOWS
        .iter()
        .for_each(|it| traits!(it, Window: Debug, Clone));
    for rule in D::REGISTERS.iter().flat_map(|group| *group).take(4) {
        traits!(rule, Rule: Debug, Clone);
    }
    D::IDLE
        .iter()
        .for_each(|it| traits!(it, Check: Debug, Clone));
    D::RESET
        .iter()
        .for_each(|it| traits!(it, Step: Debug, Clone));
    for command in D::COMMANDS {
        traits!(command, Command: Debug, Clone);
        traits!(&command.data, Data: Debug, Clone);
        traits!(&command.words[0], Value: Debug, Clone);
        if let Data::Page(Some(learn)) = command.data {
            traits!(learn, Learn: Debug, Clone);
        }
    }
    for queue in D::QUEUES {
        traits!(queue, Queue: Debug, Clone);
        traits!(&queue.format, Format: Debug, Clone);
        traits!(&queue.doorbell, Doorbell: Debug, Clone);
        traits!(&queue.doorbell.stride, Stride: Debug, Clone);
        traits!(&queue.doorbell.value, Rung: Debug, Clone, Eq);
        match &queue.format {
            Format::Ring(format) => traits!(format, RingFormat: Debug, Clone),
            Format::Split(format) => {
                traits!(format, SplitFormat: Debug, Clone);
                traits!(&format.head, Piece: Debug, Clone);
            }
            Format::Pair(format) => {
                traits!(format, PairFormat: Debug, Clone);
                traits!(&format.tag, Bits: Debug, Clone);
            }
        }
    }
}

/// Calls the functions that make constants.
fn made(hand: &Hand<'_>) {
    let place: At = call!(at, 0, 8, Width::W32);
    let place = call!(At::each, place, 4);
    let place = call!(At::shared, place);
    traits!(&place, At: Debug, Clone);
    traits!(&Width::W64, Width: Debug, Clone, Eq);
    traits!(&Direction::ToHost, Direction: Debug, Clone, Eq);
    hand.law(
        call!(Width::all_ones, Width::W8) == 0xFF && call!(Width::bytes, Width::W16) == 2,
        "a width has another size",
    );
    let check = call!(Check::new, place, 1, 1);
    let check = call!(Check::times, check, 2, 4);
    let _ = call!(Check::not, check);
    traits!(&Limit::Millis(1), Limit: Debug, Clone);
    traits!(&Write::Any, Write: Debug, Clone);
    let _ = call!(Bits::new, 0, 0, 1);
    let rule = call!(Rule::new, 0, 0, Width::W32);
    let rule = call!(Rule::read, rule);
    let rule = call!(Rule::write, rule, Write::Any);
    let rule = call!(Rule::times, rule, 2, 4);
    let _ = call!(Rule::each, rule, [0, 4]);
    let _ = call!(Rule::behind, rule, 8, Width::W32, 2);
    let window = call!(Window::bar, 0, 16);
    let window = call!(Window::aligned_to, window, 4);
    let _ = call!(Window::up_to, window, 32);
    let _ = call!(Window::capability, 1, 16);
    let value = call!(Value::plus, call!(only, 1), 2);
    let value = call!(Value::number, value, 3);
    let value = call!(Value::buffer, value, 4);
    let _ = call!(Value::chosen, value, 5);
    let _ = (call!(chosen, 1), call!(entries, 1), call!(last_entry, 1));
    let _ = (call!(number, 1), call!(address, 0), call!(low, 0));
    let _ = call!(high, 0);
    queues(value, place);
}

/// Calls the functions that make the constants of queues and their commands.
fn queues(value: Value, place: At) {
    let doorbell = call!(Doorbell::position, 0, 0, Stride::Bytes(8));
    let _ = call!(Doorbell::index, doorbell, 2, 1);
    let _ = call!(RingFormat::to_host, place, (64, 128), 1, 0);
    let _ = call!(RingFormat::to_device, place, (1, 128), 0, &[0], (1, 2));
    let _ = call!(Piece::new, 16, Direction::ToDevice);
    let _ = call!(Command::new, 0, 0, [value; _], Data::None);
}

/// Formats errors that no device causes here, and converts errors into others.
fn errors() {
    traits!(&MapBarError::NoSpace, MapBarError: Debug, Display, Clone, Eq);
    traits!(&NoMessage::Full, NoMessage: Debug, Display, Clone, Eq);
    traits!(&WindowError::OverlapsMsix, WindowError: Debug, Display, Clone, Eq);
    let error = call!(<QueueError as From<StepError>>::from, StepError::State);
    let _ = call!(<QueueFault as From<QueueError>>::from, error);
    let _ = call!(<SubmitError as From<QueueError>>::from, error);
}

/// Uses the values that a host hands to a claim.
fn hosts() {
    let host = bench().block[0].model.host();
    let host: Host = call!(<Host as Clone>::clone, &host);
    let address = bench().block[0].slot.place().address();
    let mut hasher = std::hash::DefaultHasher::new();
    call!(
        <PciAddress as Hash>::hash::<std::hash::DefaultHasher>,
        &address,
        &mut hasher
    );
    if let Ok(backing) = host.bars.map(address, 4, 64) {
        let _: Backing = call!(<Backing as Clone>::clone, &backing);
    }
    if let Ok(message) = host.messages.allocate(address) {
        let _: Message = call!(<Message as Clone>::clone, &message);
        host.messages.release(message);
    }
    let none = call!(<NoMessages as Messages>::allocate, &NoMessages, address);
    assert!(none.is_err(), "`NoMessages` allocated a message");
}
