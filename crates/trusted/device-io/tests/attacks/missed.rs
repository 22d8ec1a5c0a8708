//! Configuration space: the effects of a read or a write that is lost.
#![expect(unsafe_code, reason = "stands for a PCI host")]

use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering::SeqCst};

use samara_device_io::DeviceSlot;
use samara_device_io::host::{ConfigSpace, PciAddress};
use samara_device_io::pci::{ClaimError, Silenced};
use samara_device_io::table::step::{at, only};
use samara_device_io::table::{Check, Id, Queue, Rule, Step, Table, Width, Window};
use samara_device_tables::{Nvme, VirtioBlock};
use samara_host_std as _;
use samara_testkit::hosted::alone;

use liar::{BAR0, COMMAND, EXPRESS, Liar};

#[path = "../fixtures/liar.rs"]
mod liar;

/// A device that is identified by its IDs, not by its class.
#[derive(Debug)]
enum Card {}

impl Table for Card {
    const NAME: &'static str = "card";
    const IDS: &'static [Id] = &[Id::Device(0x8086, &[0x10FB])];
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100)];
    const REGISTERS: &'static [&'static [Rule]] = &[];
    const IDLE: &'static [Check] = &[Check::new(at(0, 0, Width::W32), 1, 0)];
    const RESET: &'static [Step] = &[Step::Write(at(0, 0, Width::W32), only(0))];
    const QUEUES: &'static [Queue] = &[];
}

/// An earlier owner left virtual functions enabled, and one read of the claim returns all ones.
///
/// Invariant: DEV-15
#[test]
fn inherited_sriov_is_off_after_any_blind_read() {
    let _alone = alone();
    let mut on = Vec::new();
    for look in 0..64 {
        let liar = Liar::nvme(false);
        // Advanced error reporting, alternative routing IDs, SR-IOV.
        liar.set_config(0x100, 0x140 << 20 | 1 << 16 | 0x01);
        liar.set_config(0x140, 0x160 << 20 | 1 << 16 | 0x0E);
        liar.set_config(0x160, 1 << 16 | 0x10);
        liar.set_config(0x168, 1);
        let looks = AtomicU32::new(0);
        liar.say(move |_, value| match looks.fetch_add(1, SeqCst) {
            now if now == look => u32::MAX,
            _ => value,
        });
        let claimed = liar.slot::<Nvme>().claim();
        if claimed.is_ok() && liar.config(0x168) & 1 == 1 {
            on.push(look);
        }
        drop(claimed);
    }
    assert_eq!(
        on,
        [],
        "blind reads after which a claim succeeds and leaves virtual functions on"
    );
}

/// The class reads as all ones for an instant, before the claim begins to note such reads. If the claim believed that
/// class, it would never find its function again.
///
/// Invariant: DEV-17
#[test]
fn a_blind_class_read_does_not_lose_the_function() {
    let _alone = alone();
    let liar = Liar::nvme(true);
    liar.set_config(0, 0x10FB_8086);
    liar.set_config(8, 0x0200_0001);
    let is_blind = AtomicBool::new(true);
    liar.say(move |offset, value| {
        if offset == 8 && is_blind.swap(false, SeqCst) {
            return u32::MAX;
        }
        value
    });
    let claimed = liar.slot::<Card>().claim();
    let silenced = claimed.as_ref().map(|function| function.silence());
    let flrs = liar.lock().flrs;
    assert!(
        matches!(silenced, Err(ClaimError::Absent)) || flrs == 1,
        "the function answers and offers a reset, but was not reset: {silenced:?}"
    );
    drop(claimed);
}

/// As above, but an earlier claim lost the function in a reset. If the next claim believed a class of all ones, it
/// would not restore the base addresses, and the function would decode memory at address 0.
#[test]
fn base_addresses_are_put_back_after_any_blind_read() {
    let _alone = alone();
    let liar = Liar::nvme(true);
    liar.set_config(0, 0x10FB_8086);
    liar.set_config(8, 0x0200_0001);
    let slot = liar.slot::<Card>();
    let function = slot.claim().unwrap();
    // The reset clears the base address, and the function does not answer afterwards.
    liar.say(move |offset, value| match offset {
        0 if liar.lock().flrs == 1 => {
            liar.set_config(0x10, 4);
            u32::MAX
        }
        _ => value,
    });
    assert_eq!(function.silence(), Silenced::Lost);
    drop(function);
    // The function is back, but reads as all ones for an instant.
    let is_blind = AtomicBool::new(true);
    liar.say(move |offset, value| {
        if offset == 8 && is_blind.swap(false, SeqCst) {
            return u32::MAX;
        }
        value
    });
    let claimed = slot.claim();
    let (bar, command) = (liar.config(0x10), liar.config(COMMAND));
    drop(claimed);
    assert!(
        bar == BAR0 || command & 2 == 0,
        "the function decodes memory at {bar:#x}"
    );
}

/// A controller is lost in its reset and taken out. Another one of the same model is put in, and the host gives it
/// addresses.
#[test]
fn lost_addresses_do_not_go_to_the_same_model() {
    let _alone = alone();
    let liar = Liar::nvme(true);
    let slot = liar.slot::<Nvme>();
    let function = slot.claim().unwrap();
    liar.say(move |offset, value| match offset {
        0 if liar.lock().flrs == 1 => u32::MAX,
        _ => value,
    });
    assert_eq!(function.silence(), Silenced::Lost);
    drop(function);
    liar.say(|_, value| value);
    liar.set_config(0x10, 0xE000_0004);
    liar.set_config(COMMAND, 1 << 20 | 2);
    let claimed = slot.claim();
    let bar = liar.config(0x10);
    drop(claimed);
    assert_eq!(
        bar, 0xE000_0004,
        "the new controller got the lost one's base address"
    );
}

/// The configuration space of a function that misses the next write of one of its dwords.
struct Deaf {
    liar: &'static Liar,
    /// The dword's offset; 0 if none.
    to: AtomicU16,
    /// Whether the function also reads as all ones until it has missed the write.
    is_blind: bool,
}

// SAFETY: the device is emulated.
unsafe impl ConfigSpace for Deaf {
    fn read(&self, at: PciAddress, offset: u16) -> u32 {
        match self.is_blind && self.to.load(SeqCst) != 0 {
            true => u32::MAX,
            false => ConfigSpace::read(self.liar, at, offset),
        }
    }

    unsafe fn write(&self, at: PciAddress, offset: u16, value: u32) {
        if offset == self.to.load(SeqCst) {
            self.to.store(0, SeqCst);
            return;
        }
        // SAFETY: the caller's promise.
        unsafe { ConfigSpace::write(self.liar, at, offset, value) };
    }
}

fn deaf(liar: &'static Liar, to: u16, is_blind: bool) -> (&'static Deaf, DeviceSlot<Nvme>) {
    let deaf: &'static Deaf = Box::leak(Box::new(Deaf {
        liar,
        to: AtomicU16::new(to),
        is_blind,
    }));
    (deaf, liar.slot_through(deaf))
}

/// Silences a function that misses the write that turns bus mastering off. Returns the result, and whether a new
/// epoch has begun although the device is still bus master.
fn silenced(is_blind: bool) -> (Silenced, bool) {
    let liar = Liar::nvme(false);
    let (deaf, slot) = deaf(liar, 0, is_blind);
    let function = slot.claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let epoch = function.epoch();
    deaf.to.store(COMMAND, SeqCst);
    let silenced = function.silence();
    let is_reached = function.epoch() != epoch && liar.is_bus_master();
    drop(function);
    (silenced, is_reached)
}

/// Invariant: DEV-16
#[test]
fn a_bus_master_ends_no_transfer() {
    let _alone = alone();
    let (silenced, is_reached) = silenced(false);
    assert!(
        !is_reached,
        "buffers are given back, and the device is bus master: {silenced:?}"
    );
}

#[test]
fn a_blind_bus_master_ends_no_transfer() {
    let _alone = alone();
    let (silenced, is_reached) = silenced(true);
    assert!(
        !is_reached,
        "buffers are given back, and the device is bus master: {silenced:?}"
    );
}

/// At the end of the claim, the function misses the write that turns bus mastering off. The end of the claim then
/// releases the claim's memory, which the device must not reach any more.
///
/// Invariant: DEV-16
#[test]
fn a_claim_ends_when_the_device_is_no_bus_master() {
    let _alone = alone();
    let liar = Liar::nvme(false);
    let (deaf, slot) = deaf(liar, 0, false);
    let function = slot.claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    deaf.to.store(COMMAND, SeqCst);
    drop(function);
    assert!(
        !liar.is_bus_master(),
        "the device is bus master, and its queues are freed"
    );
}

/// The function misses the write that begins a Function Level Reset. So all its registers keep their values, also the
/// memory decoding bit, which a reset would clear.
///
/// Invariant: DEV-16
#[test]
fn a_missed_function_level_reset_does_not_count() {
    let _alone = alone();
    let liar = Liar::nvme(true);
    let (deaf, slot) = deaf(liar, 0, false);
    let function = slot.claim().unwrap();
    deaf.to.store(EXPRESS + 8, SeqCst);
    let silenced = function.silence();
    let flrs = liar.lock().flrs;
    let master = function.enable_bus_master();
    drop(function);
    assert!(
        flrs == 1 || silenced != Silenced::Reset && master.is_err(),
        "the function was never reset, and is bus master: {silenced:?} {master:?}"
    );
}

/// The function misses a write that turns off MSI or virtual functions. A claim that succeeds must have turned both
/// off.
///
/// Invariant: DEV-15
#[test]
fn a_claim_checks_what_it_turns_off() {
    let _alone = alone();
    const MSI: u16 = 0x80;
    let mut on = Vec::new();
    for to in [MSI, 0x108] {
        let liar = Liar::nvme(false);
        liar.set_config(EXPRESS, 0x10 | 2 << 16 | u32::from(MSI) << 8);
        liar.set_config(MSI, 0x05 | 1 << 16);
        liar.set_config(0x100, 1 << 16 | 0x10);
        liar.set_config(0x108, 1);
        let (_, slot) = deaf(liar, to, false);
        let claimed = slot.claim();
        if claimed.is_ok() && (liar.config(MSI) >> 16 & 1 == 1 || liar.config(0x108) & 1 == 1) {
            on.push(to);
        }
        drop(claimed);
    }
    assert_eq!(
        on,
        [],
        "missed writes after which a claim succeeds and leaves MSI or virtual functions on"
    );
}

/// A controller was reset and is then taken out. A network card is put in its place, and the host gives the card the
/// controller's addresses.
///
/// Invariant: DEV-17
#[test]
fn another_device_is_not_made_bus_master() {
    let _alone = alone();
    let liar = Liar::nvme(false);
    let function = liar.slot::<Nvme>().claim().unwrap();
    function.reset().unwrap();
    liar.set_config(0, 0x10FB_8086);
    liar.set_config(8, 0x0200_0001);
    liar.set_config(COMMAND, 1 << 20 | 2);
    let master = function.enable_bus_master();
    let is_master = liar.is_bus_master();
    drop(function);
    assert!(
        !is_master,
        "a network card is bus master by a controller's table: {master:?}"
    );
}

/// A virtio disk has its structures in BAR 0. One read of its configuration space during the claim returns all ones.
///
/// Invariant: DEV-15
#[test]
fn a_claim_with_a_blind_read_fails() {
    let _alone = alone();
    let mut claimed = Vec::new();
    for look in 0..64 {
        let liar = Liar::virtio(0x1042, 0x100);
        let looks = AtomicU32::new(0);
        let was_blind: &'static AtomicU16 = Box::leak(Box::new(AtomicU16::new(0)));
        liar.say(move |offset, value| {
            // A function need not have registers from 100h on, so all ones are a valid answer there.
            if offset < 0x100 && looks.fetch_add(1, SeqCst) == look {
                was_blind.store(offset + 1, SeqCst);
                return u32::MAX;
            }
            value
        });
        let function = liar.slot::<VirtioBlock>().claim();
        // Nor may the claim take the function for another device and fail with `WrongDevice`.
        if was_blind.load(SeqCst) != 0 && function.as_ref().err() != Some(&ClaimError::Absent) {
            claimed.push((
                look,
                format!("{:#x}", was_blind.load(SeqCst) - 1),
                function.err(),
            ));
        }
    }
    assert_eq!(
        claimed,
        [],
        "number and offset of the blind read, and the error of the claim"
    );
}

/// A Function Level Reset has cleared the base address, and the function misses the write that restores it.
///
/// Invariant: DEV-16
#[test]
fn base_addresses_are_back_before_memory_is_decoded() {
    let _alone = alone();
    let liar = Liar::nvme(true);
    let (deaf, slot) = deaf(liar, 0, false);
    let function = slot.claim().unwrap();
    let is_cleared = AtomicBool::new(false);
    liar.say(move |_, value| {
        if liar.lock().flrs == 1 && !is_cleared.swap(true, SeqCst) {
            liar.set_config(0x10, 4);
        }
        value
    });
    deaf.to.store(0x10, SeqCst);
    let silenced = function.silence();
    let (bar, command) = (liar.config(0x10), liar.config(COMMAND));
    drop(function);
    assert!(
        bar == BAR0 || command & 2 == 0 && silenced != Silenced::Reset,
        "the function decodes memory at {bar:#x}: {silenced:?}"
    );
}

/// A reset has cleared the base address, and the function has not answered since. The next claim restores the
/// address, but the function misses that write.
#[test]
fn a_claim_decodes_no_memory_without_its_addresses() {
    let _alone = alone();
    let liar = Liar::nvme(true);
    let (deaf, slot) = deaf(liar, 0, false);
    let function = slot.claim().unwrap();
    liar.say(move |offset, value| match offset {
        0 if liar.lock().flrs == 1 => {
            liar.set_config(0x10, 4);
            u32::MAX
        }
        _ => value,
    });
    assert_eq!(function.silence(), Silenced::Lost);
    drop(function);
    liar.say(|_, value| value);
    deaf.to.store(0x10, SeqCst);
    let claimed = slot.claim().err();
    let (bar, command) = (liar.config(0x10), liar.config(COMMAND));
    assert_eq!(claimed, Some(ClaimError::Absent));
    assert_eq!(
        (bar, command & 2),
        (4, 0),
        "the function decodes memory at a wrong address"
    );
    // The slot still knows the address, so the claim after that restores it.
    drop(slot.claim().unwrap());
    assert_eq!(liar.config(0x10), BAR0);
}
