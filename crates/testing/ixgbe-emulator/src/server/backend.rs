//! Serves the requests of a VMM.

use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use samara_ixgbe_emulator::pci::REGISTER_BAR;
use samara_ixgbe_emulator::registers;

use super::connection::{Connection, Message};
use super::device::Device;
use super::guest::Access;
use super::regions;
use super::wire::{
    CONFIG_REGION, DATA_BOOL, DATA_EVENT, DEVICE_IS_PCI, DEVICE_RESETS, DMA_MAP, DMA_UNMAP, Fields,
    GET_INFO, GET_IRQ_INFO, GET_REGION_INFO, IRQ_BY_EVENT, IRQ_FIXED_COUNT, IRQS, MAX_DATA,
    MAY_READ, MAY_WRITE, MSIX_IRQ, REGION_READ, REGION_READS, REGION_WRITE, REGION_WRITES, REGIONS,
    RESET, Refusal, SET_IRQS, VERSION, capabilities,
};

/// Serves one connection: turns the requests of its VMM into accesses to the device.
pub(super) struct Backend {
    device: Arc<Mutex<Device>>,
    verbose: bool,
}

impl Backend {
    pub(super) fn new(device: Arc<Mutex<Device>>, verbose: bool) -> Self {
        Backend { device, verbose }
    }

    fn device(&self) -> MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves the VMM until it leaves.
    ///
    /// # Errors
    /// When the connection breaks, or the VMM sends an invalid message.
    pub(super) fn serve(&self, stream: UnixStream) -> io::Result<()> {
        let mut connection = Connection::new(stream);
        while let Some(message) = connection.receive()? {
            let header = message.header;
            let result = self.handle(message);
            let result = result.as_deref().map_err(|&refusal| refusal);
            connection.answer(&header, result)?;
        }
        Ok(())
    }

    /// Cleans up after the VMM has left: drops its memory and events, and puts the device into the state after power-on.
    pub(super) fn leave(&self) {
        let mut device = self.device();
        device.tell_failures();
        device.memory.clear();
        device.vectors.clear();
        device.nic.power_cycle();
        device.step();
    }

    /// Handles one request. Returns the body of the answer.
    fn handle(&self, message: Message<'_>) -> Result<Vec<u8>, Refusal> {
        let mut fields = Fields(message.body);
        match message.header.command {
            VERSION => version(fields),
            DMA_MAP => self.map(fields, message.files),
            DMA_UNMAP => self.unmap(fields),
            GET_INFO => {
                // The request's fields are not needed: they are its own length, and room for the answer.
                let _ = (fields.long()?, fields.long()?);
                Ok(words(&[16, DEVICE_RESETS | DEVICE_IS_PCI, REGIONS, IRQS]))
            }
            GET_REGION_INFO => region_info(fields),
            GET_IRQ_INFO => irq_info(fields),
            SET_IRQS => self.set_irqs(fields, message.files),
            REGION_READ => self.read(fields),
            REGION_WRITE => self.write(fields),
            RESET => {
                tell!("the VMM resets the device");
                let mut device = self.device();
                device.nic.power_cycle();
                device.step();
                Ok(Vec::new())
            }
            _ => Err(Refusal::UNSUPPORTED),
        }
    }

    fn map(&self, mut fields: Fields<'_>, mut files: Vec<File>) -> Result<Vec<u8>, Refusal> {
        let (_, flags) = (fields.word()?, fields.word()?);
        let (offset, address, size) = (fields.long()?, fields.long()?, fields.long()?);
        let access = Access {
            read: flags & MAY_READ != 0,
            write: flags & MAY_WRITE != 0,
        };
        let memory = &mut self.device().memory;
        match files.pop() {
            Some(_) if !files.is_empty() => return Err(Refusal::INVALID),
            Some(file) => {
                let mapped = memory.map(access, address, size, file, offset);
                mapped.map_err(|error| {
                    tell!("{size} bytes at {address:#x} cannot be mapped: {error}");
                    error.refusal()
                })?;
            }
            // Without a file the VMM does not share this memory, for example a ROM, and the device cannot reach it.
            None => memory.unmap(address, size),
        }
        Ok(Vec::new())
    }

    fn unmap(&self, mut fields: Fields<'_>) -> Result<Vec<u8>, Refusal> {
        let (length, flags) = (fields.word()?, fields.word()?);
        let (address, size) = (fields.long()?, fields.long()?);
        let memory = &mut self.device().memory;
        match (flags, address, size) {
            (0, ..) => memory.unmap(address, size),
            // The flag that unmaps all ranges is bit 1 in vfio and in libvfio-user, and bit 2 in other servers. Both
            // are accepted.
            (2 | 4, 0, 0) => memory.clear(),
            // Dirty pages are not tracked.
            _ => return Err(Refusal::UNSUPPORTED),
        }
        let mut answer = words(&[length, flags]);
        answer.extend(address.to_ne_bytes());
        answer.extend(size.to_ne_bytes());
        Ok(answer)
    }

    fn set_irqs(&self, mut fields: Fields<'_>, files: Vec<File>) -> Result<Vec<u8>, Refusal> {
        let (_, flags, index) = (fields.word()?, fields.word()?, fields.word()?);
        let (start, count) = (fields.word()?, fields.word()?);
        let vectors = regions::vectors(index).ok_or(Refusal::INVALID)?;
        if flags & DATA_BOOL != 0 {
            return Err(Refusal::UNSUPPORTED);
        }
        if index != MSIX_IRQ {
            return Ok(Vec::new());
        }
        let end = start.checked_add(count).ok_or(Refusal::INVALID)?;
        if end > vectors {
            return Err(Refusal::INVALID);
        }
        let events = &mut self.device().vectors;
        if count == 0 {
            events.clear();
        } else if flags & DATA_EVENT != 0 {
            events.set(start as usize..end as usize, files);
        }
        Ok(Vec::new())
    }

    fn read(&self, fields: Fields<'_>) -> Result<Vec<u8>, Refusal> {
        let access = RegionAccess::take(fields)?;
        if !access.rest.is_empty() {
            return Err(Refusal::INVALID);
        }
        let mut data = [0xff; MAX_DATA];
        let data = &mut data[..access.count];
        let mut device = self.device();
        if access.region == CONFIG_REGION {
            let offset = usize::try_from(access.offset).unwrap_or(usize::MAX);
            device.nic.config_read(offset, data);
        } else {
            let bar = u8::try_from(access.region).unwrap_or(u8::MAX);
            let value = device.nic.read(bar, access.offset, data.len());
            for (to, from) in data.iter_mut().zip(value.to_le_bytes()) {
                *to = from;
            }
        }
        drop(device);
        self.trace("read", &access, data);
        Ok([access.echo(), data.to_vec()].concat())
    }

    fn write(&self, fields: Fields<'_>) -> Result<Vec<u8>, Refusal> {
        let access = RegionAccess::take(fields)?;
        let data = access.rest;
        if data.len() != access.count {
            return Err(Refusal::INVALID);
        }
        self.trace("write", &access, data);
        let mut device = self.device();
        if access.region == CONFIG_REGION {
            let offset = usize::try_from(access.offset).unwrap_or(usize::MAX);
            device.nic.config_write(offset, data);
        } else {
            let bar = u8::try_from(access.region).unwrap_or(u8::MAX);
            let mut value = [0; 8];
            for (to, from) in value.iter_mut().zip(data) {
                *to = *from;
            }
            let value = u64::from_le_bytes(value);
            device.nic.write(bar, access.offset, data.len(), value);
        }
        device.step();
        Ok(access.echo())
    }

    fn trace(&self, what: &str, access: &RegionAccess<'_>, data: &[u8]) {
        if !self.verbose {
            return;
        }
        let (region, offset) = (access.region, access.offset);
        let value = data
            .iter()
            .rev()
            .fold(0u64, |value, &b| value << 8 | u64::from(b));
        let register = u32::try_from(offset).ok().and_then(registers::lookup);
        match register.filter(|_| region == u32::from(REGISTER_BAR)) {
            Some((register, 0)) if register.count == 1 => {
                tell!("{what} {} {value:#010x}", register.name);
            }
            Some((register, index)) => {
                tell!("{what} {}[{index}] {value:#010x}", register.name);
            }
            None => tell!("{what} region {region} {offset:#07x} {value:#x}"),
        }
    }
}

/// The fields of a region read or write.
struct RegionAccess<'a> {
    offset: u64,
    region: u32,
    count: usize,
    rest: &'a [u8],
}

impl<'a> RegionAccess<'a> {
    fn take(mut fields: Fields<'a>) -> Result<Self, Refusal> {
        let (offset, region) = (fields.long()?, fields.word()?);
        let count = usize::try_from(fields.word()?).unwrap_or(usize::MAX);
        if regions::size(region).is_none() || count > MAX_DATA {
            return Err(Refusal::INVALID);
        }
        Ok(RegionAccess {
            offset,
            region,
            count,
            rest: fields.rest(),
        })
    }

    /// Returns the same fields for the answer.
    fn echo(&self) -> Vec<u8> {
        let mut echo = self.offset.to_ne_bytes().to_vec();
        echo.extend(words(&[self.region, self.count as u32]));
        echo
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().copied().flat_map(u32::to_ne_bytes).collect()
}

/// Accepts version 0, the only one. The VMM's capabilities do not matter, as the server sends no requests.
fn version(mut fields: Fields<'_>) -> Result<Vec<u8>, Refusal> {
    let (major, _minor) = (fields.half()?, fields.half()?);
    if major != 0 {
        return Err(Refusal::UNSUPPORTED);
    }
    Ok([words(&[0]), capabilities().into_bytes()].concat())
}

fn region_info(mut fields: Fields<'_>) -> Result<Vec<u8>, Refusal> {
    let (_, _, index) = (fields.word()?, fields.word()?, fields.word()?);
    let _room = (fields.word()?, fields.long()?, fields.long()?);
    let size = regions::size(index).ok_or(Refusal::INVALID)?;
    let flags = if size > 0 {
        REGION_READS | REGION_WRITES
    } else {
        0
    };
    // The fields: the length of this structure, flags, the region, and the offset of capabilities; after them the
    // region's size and offset.
    let mut answer = words(&[32, flags, index, 0]);
    answer.extend(size.to_ne_bytes());
    answer.extend(0u64.to_ne_bytes());
    Ok(answer)
}

fn irq_info(mut fields: Fields<'_>) -> Result<Vec<u8>, Refusal> {
    let (_, _, index) = (fields.word()?, fields.word()?, fields.word()?);
    let _room = fields.word()?;
    let count = regions::vectors(index).ok_or(Refusal::INVALID)?;
    let flags = if count > 0 {
        IRQ_BY_EVENT | IRQ_FIXED_COUNT
    } else {
        0
    };
    Ok(words(&[16, flags, index, count]))
}
