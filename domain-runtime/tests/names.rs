//! Names: published once, imported as the right interface, and valid over restarts.

use samara_domain_runtime::{Domain, DomainSpec, Interface, Mint, NameError, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_testkit::hosted::{Totals, alone, host};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

mod first {
    use super::*;
    #[interface]
    pub(super) trait Clock {
        fn now(&self, offset: u64) -> Result<u64, RpcError>;
    }
}

/// A trait with the same source text, which is nevertheless a different trait.
#[allow(dead_code, reason = "compared, never called")]
mod copy {
    use super::*;
    #[interface]
    pub(super) trait Clock {
        fn now(&self, offset: u64) -> Result<u64, RpcError>;
    }
}

/// Another version of the interface.
#[allow(dead_code, reason = "compared, never called")]
mod next {
    use super::*;
    #[interface]
    pub(super) trait Clock {
        fn now(&self, offset: u32) -> Result<u64, RpcError>;
    }
}

use first::Clock as _;

struct Ticks;
impl first::Clock for Ticks {
    fn now(&self, offset: u64) -> Result<u64, RpcError> {
        assert_ne!(offset, 13, "asked to");
        Ok(offset + 1)
    }
}

fn spawn(name: &str) -> Domain<dyn first::Clock> {
    let spec = DomainSpec::new(name).restart(Restart::limited(5, Duration::from_secs(3600)));
    host()
        .spawn(spec, |()| Ok::<_, RpcError>(Ticks), Mint::nothing())
        .unwrap()
}

fn import<I: ?Sized + Interface>(name: &str) -> Result<(), NameError> {
    host().import::<I>(name).map(drop)
}

#[test]
fn an_import_is_of_the_name_and_outlives_generations() {
    let _alone = alone();
    let before = Totals::now();
    let domain = spawn("clock");
    host().publish(&domain).unwrap();
    let imported = host().import::<dyn first::Clock>("clock").unwrap();
    let (old, shadow) = (imported.proxy().unwrap(), imported.shadow().unwrap());
    assert_eq!((old.now(1), shadow.now(2)), (Ok(2), Ok(3)));
    assert_eq!(old.now(13), Err(RpcError::Crashed));
    domain.restart().unwrap();
    // The old proxy stays dead. The name and the shadow find the new generation.
    assert_eq!(old.now(1), Err(RpcError::Dead));
    assert_eq!(shadow.now(2), Ok(3));
    let second = host().import::<dyn first::Clock>("clock").unwrap();
    assert_eq!(second.proxy().unwrap().now(4), Ok(5));
    assert_eq!(imported.proxy().unwrap().now(4), Ok(5));
    assert!(host().withdraw("clock"));
    assert!(!host().withdraw("clock"));
    assert_eq!(import::<dyn first::Clock>("clock"), Err(NameError::Unknown));
    assert_eq!(
        second.proxy().unwrap().now(4),
        Ok(5),
        "a handle stays valid"
    );
    assert!(domain.kill());
    drop((old, shadow));
    assert_eq!(Totals::now(), before);
}

#[test]
fn a_name_is_given_once() {
    let _alone = alone();
    let (domain, other) = (spawn("twice"), spawn("twice"));
    host().publish(&domain).unwrap();
    assert_eq!(host().publish(&other), Err(NameError::Taken));
    assert!(host().withdraw("twice"));
    host().publish(&other).unwrap();
    let imported = host().import::<dyn first::Clock>("twice").unwrap();
    assert!(domain.kill());
    assert_eq!(imported.proxy().unwrap().now(0), Ok(1));
    assert!(host().withdraw("twice"));
    assert!(other.kill());
}

/// Invariant: THREAD-8
#[test]
fn an_import_as_another_interface_is_refused() {
    let _alone = alone();
    let domain = spawn("checked");
    host().publish(&domain).unwrap();
    assert_eq!(import::<dyn first::Clock>("checked"), Ok(()));
    let refused = Err(NameError::Interface {
        wanted: "Clock",
        exported: "Clock",
    });
    // The import is refused because the descriptors differ, although the names are the same.
    assert_eq!(import::<dyn next::Clock>("checked"), refused);
    // Within one binary, equal descriptors are not enough, because a call would go through the vtable of the other
    // trait.
    let copy = NameError::AnotherTrait { interface: "Clock" };
    assert_eq!(import::<dyn copy::Clock>("checked"), Err(copy));
    assert!(host().withdraw("checked"));
    assert!(domain.kill());
}
