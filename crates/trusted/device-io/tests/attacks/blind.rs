//! A function that reads as all ones for one read of its configuration space.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use samara_device_io::PciFunction;
use samara_device_io::pci::Silenced;
use samara_device_io::queue::Pair;
use samara_device_io::table::Width;
use samara_device_tables::Nvme;
use samara_host_std as _;

use liar::Liar;

#[path = "../fixtures/liar.rs"]
mod liar;

const MSI: u16 = 0x50;
const EXPRESS: u16 = 0x60;

/// A controller without Function Level Reset, whose MSI an earlier owner left on.
fn nvme() -> &'static Liar {
    let liar = Liar::leak(0x5678_1234, 0x0108_0200);
    liar.set(0, 0, Width::W64, 1 << 37 | 1 << 24);
    liar.set_config(4, 1 << 20);
    liar.set_config(0x34, MSI.into());
    liar.set_config(MSI, 0x05 | u32::from(EXPRESS) << 8 | 1 << 16);
    liar.set_config(MSI + 4, 0x1234_5678);
    liar.set_config(EXPRESS, 0x10 | 2 << 16);
    liar
}

/// Makes read number `blind` of the configuration space, counted from now on, return all ones. Returns the running
/// count of reads.
fn blind(liar: &Liar, blind: u32) -> Arc<AtomicU32> {
    let looks = Arc::new(AtomicU32::new(0));
    let seen = looks.clone();
    liar.say(move |_, value| match seen.fetch_add(1, SeqCst) {
        look if look == blind => u32::MAX,
        _ => value,
    });
    looks
}

#[test]
fn inherited_msi_is_off_after_any_blind_read() {
    let mut on = Vec::new();
    for look in 0.. {
        let liar = nvme();
        let looks = blind(liar, look);
        let claimed: Result<PciFunction<Nvme>, _> = liar.slot().claim();
        let looks = looks.load(SeqCst);
        if let Ok(function) = claimed {
            let _ = function.reset();
            let is_master = function.enable_bus_master().is_ok() && liar.is_bus_master();
            if is_master && liar.config(MSI) >> 16 & 1 == 1 {
                on.push(look);
            }
        }
        if look > looks {
            break;
        }
    }
    assert_eq!(
        on,
        [],
        "blind reads after which MSI is on and the function is bus master"
    );
}

/// A function that was never reset must start no queue and must not become bus master.
#[test]
fn no_blind_read_makes_a_function_count_as_reset() {
    let mut begun = Vec::new();
    for look in 0.. {
        let liar = nvme();
        let function: PciFunction<Nvme> = liar.slot().claim().unwrap();
        let mut admin = Pair::<Nvme, { Nvme::ADMIN }>::new(&function, 0, 8).unwrap();
        // Nothing in the registers has changed, and there was no reset in this claim.
        assert!(admin.start(&function, 0).is_err() && function.enable_bus_master().is_err());
        let looks = blind(liar, look);
        let silenced = function.silence();
        let looks = looks.load(SeqCst);
        let is_master = function.enable_bus_master().is_ok() && liar.is_bus_master();
        liar.writes();
        let _ = admin.start(&function, 0);
        let is_told = !liar.writes().is_empty();
        if is_master || is_told || silenced == Silenced::Reset {
            begun.push((look, silenced, is_master, is_told));
        }
        if look > looks + 1 {
            break;
        }
    }
    assert_eq!(
        begun,
        [],
        "blind reads after which a device that was never reset is bus master, or is told of a queue"
    );
}
