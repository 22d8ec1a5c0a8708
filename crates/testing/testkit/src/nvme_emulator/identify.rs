//! Identify (Base 2.0 §5.17, NVM 1.0 §4.1.5, ZNS 1.1 §4.1.5).

use super::Machine;
use super::namespace::{NVM, NamespaceShape, ZONED};
use super::queue::Fetched;
use super::zones::ZONE_BLOCKS;

const INVALID_FIELD: u16 = 0x0002;
const DATA_TRANSFER_ERROR: u16 = 0x0004;
const INVALID_NAMESPACE: u16 = 0x000B;
const DO_NOT_RETRY: u16 = 0x4000;
const REFUSED: u16 = INVALID_FIELD | DO_NOT_RETRY;

/// Extended blocks: each block's metadata follows its data (FLBAS bit 4).
const EXTENDED: u8 = 1 << 4;
/// The version that introduced namespace descriptors.
const VERSION_1_3: u32 = 0x0001_0300;

type Page = [u8; 4096];

/// The arguments of an Identify command.
struct Query {
    id: u32,
    /// CSI: the command set (dword 11, bits 31:24).
    command_set: u8,
}

pub(super) fn execute(machine: &mut Machine, command: &Fetched) -> u16 {
    let mut page = [0u8; 4096];
    if let Err(status) = fill(machine, command, &mut page) {
        return status;
    }
    let is_mute =
        command.dword(0) as u8 == 0 && machine.switches.mute_namespace == Some(command.namespace());
    let is_mute = is_mute || command.dword(0) as u8 == 1 && machine.switches.mute_controller;
    if is_mute && !is_identified(machine) {
        return 0;
    }
    match machine.memory.write(command.prp1(), &page) {
        Ok(()) => 0,
        Err(_) => {
            machine.counts.stray_accesses += 1;
            DATA_TRANSFER_ERROR
        }
    }
}

/// Whether the switches that falsify Identify have expired.
fn is_identified(machine: &Machine) -> bool {
    let until = machine.switches.identify_until;
    until != 0 && machine.now >= until
}

fn fill(machine: &Machine, command: &Fetched, page: &mut Page) -> Result<(), u16> {
    let shape = machine.controller.shape;
    let query = Query {
        id: command.namespace(),
        command_set: (command.dword(1) >> 24) as u8,
    };
    let with_command_sets = shape.has_command_sets();
    match command.dword(0) as u8 {
        0x00 => namespace(machine, &query, page),
        // Real controllers refuse a command if a field is set that the command doesn't use.
        0x01 if query.id == 0 && command.dword(0) >> 16 == 0 => {
            controller(machine, page);
            Ok(())
        }
        0x02 if shape.namespace_lists => list(machine, &query, None, page),
        0x03 if shape.namespace_descriptors && shape.version >= VERSION_1_3 => {
            descriptors(machine, &query, page)
        }
        0x05 if with_command_sets => namespace_of_command_set(machine, &query, page),
        // The structure stays zero, which means that there are no limits.
        0x06 if with_command_sets && [NVM, ZONED].contains(&query.command_set) => Ok(()),
        0x07 if with_command_sets && [NVM, ZONED].contains(&query.command_set) => {
            list(machine, &query, Some(query.command_set), page)
        }
        0x08 if with_command_sets => independent(machine, &query, page),
        0x1C if with_command_sets => {
            // There is only one combination, which has all command sets.
            page[0] = 1 << NVM | 1 << ZONED;
            Ok(())
        }
        _ => Err(REFUSED),
    }
}

/// Returns the shape that Identify reports for the namespace with this ID, or `None` if it is inactive.
fn shape_of(machine: &Machine, id: u32) -> Result<Option<NamespaceShape>, u16> {
    let index = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
    let index = index.filter(|_| id <= reported(machine));
    let index = index.ok_or(INVALID_NAMESPACE)?;
    let namespace = machine.controller.namespaces.get(index);
    let shape = namespace.map(|namespace| namespace.shape);
    let shape = match machine.switches.identify_as {
        Some(shape) if index == 0 && !is_identified(machine) => Some(shape),
        _ => shape,
    };
    Ok(shape.filter(|shape| shape.active))
}

/// Returns NN, the number of namespaces that Identify Controller reports.
fn reported(machine: &Machine) -> u32 {
    match machine.controller.shape.namespaces_reported {
        0 => machine.controller.namespaces.len() as u32,
        reported => reported,
    }
}

/// CNS 00h: Identify Namespace.
fn namespace(machine: &Machine, query: &Query, page: &mut Page) -> Result<(), u16> {
    if let Some((id, status)) = machine.switches.namespace_status
        && id == query.id
    {
        return Err(status);
    }
    let Some(shape) = shape_of(machine, query.id)? else {
        // Identify returns zeroes for an inactive namespace ID (NVM §4.1.5.1).
        return match machine.controller.shape.refuses_inactive {
            true => Err(INVALID_NAMESPACE),
            false => Ok(()),
        };
    };
    page[0..8].copy_from_slice(&shape.blocks.to_le_bytes());
    page[8..16].copy_from_slice(&shape.blocks.to_le_bytes());
    page[25] = shape.last_format;
    let extended = if shape.metadata == 0 { 0 } else { EXTENDED };
    page[26] = shape.format & 0xF | (shape.format >> 4 & 0b11) << 5 | extended;
    page[99] = u8::from(shape.read_only);
    if query.id == 1 {
        page[120..128].copy_from_slice(&machine.switches.eui64.to_be_bytes());
    }
    let format = |index: u8| 128 + 4 * usize::from(index);
    // The formats that aren't in use have another block size, so that the tests notice a driver that uses a wrong
    // format.
    for index in 0..=shape.last_format.min(63) {
        page[format(index) + 2] = 13;
    }
    let used = format(shape.format & 63);
    page[used..used + 2].copy_from_slice(&shape.metadata.to_le_bytes());
    page[used + 2] = shape.block_shift;
    Ok(())
}

/// CNS 01h: Identify Controller.
fn controller(machine: &Machine, page: &mut Page) {
    let shape = machine.controller.shape;
    page[4..24].fill(match machine.switches.serial {
        0 => b'1',
        serial => serial,
    });
    page[77] = machine.switches.mdts.unwrap_or(shape.mdts);
    page[80..84].copy_from_slice(&shape.version.to_le_bytes());
    page[88..92].copy_from_slice(&shape.shutdown_micros.to_le_bytes());
    page[516..520].copy_from_slice(&reported(machine).to_le_bytes());
    page[525] = u8::from(shape.write_cache);
}

/// CNS 02h and 07h: the active namespace IDs above the one in the command, of all command sets or of one.
fn list(
    machine: &Machine,
    query: &Query,
    command_set: Option<u8>,
    page: &mut Page,
) -> Result<(), u16> {
    if query.id >= 0xFFFF_FFFE {
        return Err(INVALID_NAMESPACE);
    }
    let namespaces = (1..).zip(&machine.controller.namespaces);
    let active = namespaces.filter(|(id, namespace)| {
        let is_of_set = command_set.is_none_or(|set| set == namespace.shape.command_set);
        *id > query.id && namespace.shape.active && is_of_set
    });
    for (entry, (id, _)) in page.chunks_exact_mut(4).zip(active) {
        entry.copy_from_slice(&u32::to_le_bytes(id));
    }
    Ok(())
}

/// CNS 03h: the namespace's descriptors, which are an EUI-64 and the command set.
fn descriptors(machine: &Machine, query: &Query, page: &mut Page) -> Result<(), u16> {
    let shape = shape_of(machine, query.id)?.ok_or(INVALID_NAMESPACE)?;
    page[0..4].copy_from_slice(&[1, 8, 0, 0]);
    page[4..8].copy_from_slice(&query.id.to_be_bytes());
    page[8..12].copy_from_slice(b"mdl\0");
    if machine.controller.shape.has_command_sets() {
        page[12..17].copy_from_slice(&[4, 1, 0, 0, shape.command_set]);
    }
    Ok(())
}

/// CNS 05h: the part of Identify Namespace that depends on the command set.
fn namespace_of_command_set(machine: &Machine, query: &Query, page: &mut Page) -> Result<(), u16> {
    let Some(shape) = shape_of(machine, query.id)? else {
        return Ok(());
    };
    if shape.command_set != query.command_set {
        return Err(REFUSED);
    }
    if shape.command_set == ZONED {
        // MAR and MOR: the numbers of active and open zones have no limit.
        page[4..12].fill(0xFF);
        let format = 2816 + 16 * usize::from(shape.format & 63);
        page[format..format + 8].copy_from_slice(&ZONE_BLOCKS.to_le_bytes());
    }
    Ok(())
}

/// CNS 08h: the part of Identify Namespace that is independent of the command set.
fn independent(machine: &Machine, query: &Query, page: &mut Page) -> Result<(), u16> {
    if let Some(shape) = shape_of(machine, query.id)? {
        page[8] = u8::from(shape.read_only);
        // NSTAT.NRDY.
        page[14] = 1;
    }
    Ok(())
}
