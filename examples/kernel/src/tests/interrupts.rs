//! A driver dies before, during or after an interrupt of its device. The PCI function and its interrupt table are
//! real, but the CPU sends the interrupts to itself.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use alloc::sync::Arc;

use samara::prelude::*;
use samara::runtime::ExitKind;
use samara::runtime::threads::api as domain_thread;
use samara_device_io::{Interrupt, PciFunction};
use samara_device_tables::Nvme;

use super::crashing_domain::{Way, inside::die};
use super::kernel_tests;
use super::pci::nvme;
use super::totals::leaves_nothing;
use super::totals::settle;
use crate::arch::lapic;
use crate::host::{messages, runtime, slot};
use crate::thread::request;
use crate::time;

/// The timeout of waits in these tests. A wait that works takes less than a tenth of it.
const LONG: Duration = Duration::from_secs(10);

/// A driver with a thread that waits for an interrupt.
#[interface]
trait Waiter {
    /// Starts a thread that handles interrupts. If `dies` is given, the thread makes the domain die in that way at
    /// the first interrupt.
    fn serve(&self, dies: Option<Way>) -> Result<(), RpcError>;
}

struct Device {
    line: Interrupt,
    _function: PciFunction<Nvme>,
}

fn init(function: PciFunction<Nvme>) -> Result<Arc<Device>, RpcError> {
    let line = function.interrupt(0).map_err(|_| RpcError::OutOfMemory)?;
    Ok(Arc::new(Device {
        line,
        _function: function,
    }))
}

/// Count the waits that have begun, and the interrupts that were handled.
static WAITING: AtomicU32 = AtomicU32::new(0);
static HANDLED: AtomicU32 = AtomicU32::new(0);

impl Waiter for Arc<Device> {
    fn serve(&self, dies: Option<Way>) -> Result<(), RpcError> {
        let device = Self::clone(self);
        let body = move || {
            let mut seen = device.line.count();
            loop {
                WAITING.fetch_add(1, SeqCst);
                let count = device.line.wait(seen, LONG);
                if let Some(way) = dies.filter(|_| count != seen) {
                    die(way);
                }
                HANDLED.fetch_add(count.wrapping_sub(seen), SeqCst);
                seen = count;
            }
        };
        domain_thread::spawn(body).expect("room for it");
        Ok(())
    }
}

fn until(event: &str, has_happened: impl Fn() -> bool) {
    let began = time::since_boot();
    while !has_happened() {
        core::hint::spin_loop();
        if has_happened() {
            return;
        }
        assert!(time::since_boot() - began < LONG, "timed out: {event}");
        request::sleep(Duration::from_micros(100));
    }
}

/// Sends one message and waits until it has arrived, since the CPU would count two pending messages as one.
fn interrupt(vector: u8) {
    let before = messages::count(vector);
    lapic::interrupt_self(vector);
    until("delivered", || messages::count(vector) != before);
}

/// Starts the driver, and returns it with its vector. Returns `None` if the machine has no NVMe controller.
fn spawn() -> Option<(Domain<dyn Waiter>, u8)> {
    let slot = slot(nvme()?).expect("a slot for each function");
    let policy = Restart::limited(u32::MAX, Duration::from_secs(3600));
    let spec = DomainSpec::new("waiter")
        .heap_quota(1 << 20)
        .restart(policy);
    let mint = Mint::fallible(move || slot.claim());
    let domain = runtime().spawn(spec, init, mint).expect("a driver");
    assert_eq!(messages::taken().count(), 1);
    Some((domain, messages::taken().next().expect("one")))
}

/// Makes the driver start its thread, and waits until that thread waits for an interrupt.
fn serve(domain: &Domain<dyn Waiter>, dies: Option<Way>) {
    let before = WAITING.load(SeqCst);
    assert_eq!(domain.proxy().expect("alive").serve(dies), Ok(()));
    until("it waits", || WAITING.load(SeqCst) != before);
    request::sleep(Duration::from_millis(2));
}

fn is_dead(domain: &Domain<dyn Waiter>) -> bool {
    domain.exit_reason().is_some()
}

fn end(domain: &Domain<dyn Waiter>) {
    domain.kill();
    settle();
    assert_eq!(messages::taken().count(), 0);
}

kernel_tests! {
    /// Failure: F-39
    fn interrupt_wakes_its_waiter_and_a_storm_is_counted() {
        leaves_nothing(|| {
            let Some((domain, vector)) = spawn() else { return };
            HANDLED.store(0, SeqCst);
            serve(&domain, None);
            for turn in 1..=20 {
                interrupt(vector);
                until("handled", || HANDLED.load(SeqCst) == turn);
            }
            for _ in 0..2_000 {
                interrupt(vector);
            }
            until("all handled", || HANDLED.load(SeqCst) == 2_020);
            end(&domain);
        });
    }

    /// Failure: F-37
    fn crash_before_interrupt_handling_kills_only_driver() {
        leaves_nothing(|| {
            let Some((domain, vector)) = spawn() else { return };
            for way in Way::ALL {
                serve(&domain, Some(way));
                interrupt(vector);
                until("it dies", || is_dead(&domain));
                let (kind, words) = way.reason();
                let reason = domain.exit_reason().expect("it died");
                assert_eq!(reason.kind, kind, "{way:?}: {reason}");
                assert!(reason.message.as_str().contains(words), "{way:?}: {reason}");
                domain.restart().expect("it drained");
                // The next generation has the same vector and gets its interrupts.
                assert_eq!(messages::taken().collect::<alloc::vec::Vec<_>>(), [vector]);
                HANDLED.store(0, SeqCst);
                serve(&domain, None);
                interrupt(vector);
                until("handled", || HANDLED.load(SeqCst) == 1);
                domain.kill();
                domain.restart().expect("it drained");
            }
            end(&domain);
        });
    }

    /// Failure: F-37
    fn kill_before_interrupt_handling_leaves_it_unhandled() {
        leaves_nothing(|| {
            let Some((domain, vector)) = spawn() else { return };
            for _ in 0..20 {
                HANDLED.store(0, SeqCst);
                serve(&domain, None);
                // The kill comes before the driver's thread can handle the interrupt: no other thread runs while
                // interrupts are disabled.
                x86_64::instructions::interrupts::without_interrupts(|| {
                    lapic::interrupt_self(vector);
                    assert!(domain.kill());
                });
                domain.restart().expect("it drained");
                assert_eq!(HANDLED.load(SeqCst), 0);
            }
            end(&domain);
        });
    }

    /// Failure: F-38
    fn a_kill_while_a_thread_waits_ends_the_wait_at_once() {
        leaves_nothing(|| {
            let Some((domain, _)) = spawn() else { return };
            for _ in 0..20 {
                serve(&domain, None);
                let began = time::since_boot();
                assert!(domain.kill());
                domain.restart().expect("it drained");
                assert!(time::since_boot() - began < Duration::from_secs(1));
                assert_eq!(domain.restarts() > 0, domain.exit_reason().is_none());
            }
            end(&domain);
        });
    }

    /// Invariant: DEV-24
    /// Failure: F-39
    fn interrupt_after_its_drivers_death_is_a_stray() {
        leaves_nothing(|| {
            let Some((domain, vector)) = spawn() else { return };
            HANDLED.store(0, SeqCst);
            serve(&domain, None);
            end(&domain);
            assert_eq!(domain.exit_reason().expect("it died").kind, ExitKind::Killed);
            let strays = messages::strays();
            for _ in 0..10 {
                interrupt(vector);
            }
            assert_eq!(messages::strays(), strays + 10);
            assert_eq!(HANDLED.load(SeqCst), 0);
        });
    }
}
