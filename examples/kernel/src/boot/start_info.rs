//! Copies the information that the PVH loader passes. The original lies in memory that the loader's memory map calls
//! usable, so the kernel may overwrite it later.

use arrayvec::ArrayVec;

use crate::boot::command_line::CommandLine;
use crate::mm::layout::DIRECT_MAP;
use crate::mm::memory_map::{MemoryMap, Region, RegionKind};

/// `XEN_HVM_START_MAGIC_VALUE`.
const MAGIC: u32 = 0x336e_c578;

/// Bytes of physical memory, from address zero on, that the entry code maps.
const REACHABLE: u64 = 1 << 32;

/// `struct hvm_start_info`, version 1 (the first with a memory map).
#[repr(C)]
#[derive(Clone, Copy)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    modules: u64,
    command_line: u64,
    rsdp: u64,
    memory_map: u64,
    memory_map_entries: u32,
    reserved: u32,
}

/// `struct hvm_memmap_table_entry`; the kinds are those of the BIOS call E820.
#[repr(C)]
#[derive(Clone, Copy)]
struct MemoryMapEntry {
    address: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}

/// `struct hvm_modlist_entry`.
#[repr(C)]
#[derive(Clone, Copy)]
struct ModuleEntry {
    address: u64,
    size: u64,
    command_line: u64,
    reserved: u64,
}

/// The loader's information, in our own memory.
pub(crate) struct BootInfo {
    module: Option<(u64, u64)>,
    pub(crate) memory: MemoryMap,
    pub(crate) command_line: CommandLine,
    /// Physical address of ACPI's root pointer; zero if there is none.
    pub(crate) rsdp: u64,
}

impl BootInfo {
    /// Copies the loader's information from the address `start_info`. Returns `None` if there is no PVH start info at
    /// the address, or if its memory map has more entries than a [`MemoryMap`] keeps.
    ///
    /// # Safety
    ///
    /// `start_info` is the address that the loader passed, nothing has written to the loader's memory since, and the
    /// entry code's page tables are in force.
    pub(crate) unsafe fn copy(start_info: u32) -> Option<Self> {
        let address = u64::from(start_info);
        // SAFETY: the caller guarantees that the loader left its start info there.
        let info = unsafe { read::<StartInfo>(address) }?;
        if info.magic != MAGIC || info.version < 1 {
            return None;
        }
        let mut memory = ArrayVec::new();
        for index in 0..u64::from(info.memory_map_entries) {
            let offset = index * size_of::<MemoryMapEntry>() as u64;
            // SAFETY: the index is below the number of entries that the start info gives for its memory map.
            let entry = unsafe { read::<MemoryMapEntry>(info.memory_map.checked_add(offset)?) }?;
            let kind = match entry.kind {
                1 => RegionKind::Usable,
                3 | 4 => RegionKind::Firmware,
                _ => RegionKind::Reserved,
            };
            let end = entry.address.checked_add(entry.size)?;
            let region = Region {
                start: entry.address,
                end,
                kind,
            };
            // The whole map is needed, because the kernel may map device registers wherever the map reports no RAM.
            memory.try_push(region).ok()?;
        }
        let mut module = None;
        if info.module_count > 0 {
            // SAFETY: the start info says that there is at least one module.
            let entry = unsafe { read::<ModuleEntry>(info.modules) }?;
            module = Some((entry.address, entry.address.checked_add(entry.size)?));
        }
        let mut command_line = CommandLine::empty();
        if info.command_line != 0 {
            let mut address = info.command_line;
            loop {
                // SAFETY: the loader left a C string there, and the loop stops at its end.
                match unsafe { read::<u8>(address) }? {
                    0 => break,
                    byte => command_line.push(byte),
                }
                address += 1;
            }
        }
        Some(Self {
            module,
            memory: MemoryMap::new(memory),
            command_line,
            rsdp: info.rsdp,
        })
    }
}

impl BootInfo {
    /// Returns start and end of the symbol table in physical memory. It is the part of the loader's first module that
    /// lies in usable memory: QEMU can place a module so that it reaches into the firmware's tables.
    pub(crate) fn symbols(&self) -> Option<(u64, u64)> {
        let (start, end) = self.module?;
        let mut usable = self.memory.usable();
        let region = usable.find(|region| (region.start..region.end).contains(&start))?;
        Some((start, end.min(region.end)))
    }
}

/// Reads a value at a physical address. Returns `None` outside the memory that the entry code has mapped.
///
/// # Safety
///
/// The loader left a `T` at `address`, every bit pattern is a valid `T`, and the entry code's page tables are in force.
unsafe fn read<T: Copy>(address: u64) -> Option<T> {
    if address == 0 || address.checked_add(size_of::<T>() as u64)? > REACHABLE {
        return None;
    }
    let pointer = core::ptr::with_exposed_provenance::<T>((DIRECT_MAP + address) as usize);
    // SAFETY: the address is mapped, as was just checked, and the caller guarantees that a `T` lies there.
    Some(unsafe { pointer.read_unaligned() })
}
