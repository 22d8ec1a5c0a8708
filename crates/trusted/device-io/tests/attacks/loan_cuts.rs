//! A driver is cut while the device works on a lent buffer.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_fault::cpu::{self, Trap};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};
use std::sync::Mutex;
use std::time::Duration;

use fixture::{Disk, Function};

#[path = "../fixtures/nvme.rs"]
mod fixture;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Driver {
    /// Puts a command with `data` in flight, and then traps, hangs or panics.
    fn write(&self, data: &RRef<[u8]>, how: u32) -> Result<(), RpcError>;
}

struct Board {
    function: Function,
    disk: Mutex<Disk>,
}

impl Driver for Board {
    fn write(&self, data: &RRef<[u8]>, how: u32) -> Result<(), RpcError> {
        let lent = self.function.lend(data, |transfer| {
            let mut disk = self.disk.lock().unwrap();
            disk.write(&self.function, 0, (transfer, 0, 512)).unwrap();
            match how {
                0 => cpu::strike(Trap::Undefined),
                1 => loop {
                    std::hint::spin_loop();
                },
                _ => panic!("with a command in flight"),
            }
        });
        lent.map_err(|_| RpcError::Dead)
    }
}

fn init(function: Function) -> Result<Board, RpcError> {
    let disk = Mutex::new(Disk::up(&function));
    Ok(Board { function, disk })
}

/// A cut runs no destructors. Nevertheless the lender has its buffer back when its call returns.
///
/// Invariant: DEV-36
#[test]
fn a_cut_loan_silences_the_device_first() {
    let _alone = alone();
    let _contained = contained(true);
    for how in 0..3 {
        let emulator = NvmeEmulator::leak(Shape {
            flr: true,
            ..Shape::default()
        });
        let slot = emulator.slot();
        let spec = DomainSpec::new("driver").budget(Duration::from_millis(20));
        let mint = Mint::fallible(move || slot.claim());
        let domain: Domain<dyn Driver> = host().spawn(spec, init, mint).unwrap();
        let data = RRef::from_slice(&[7_u8; 4096]);
        let proxy = domain.proxy().unwrap();
        assert!(emulator.is_bus_master());
        assert_eq!(proxy.write(&data, how), Err(RpcError::Crashed), "{how}");
        assert!(
            !emulator.is_bus_master(),
            "{how}: the device still reads the lent buffer"
        );
        drop(data);
    }
}
