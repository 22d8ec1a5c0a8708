//! The forms that an interface may have: parameters, supertraits, lent slices; and interfaces as data.

#![allow(dead_code, reason = "some interfaces are compared, not called")]

use samara_domain_runtime::{Domain, DomainSpec, Interface, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::{Exchangeable, RRef};
use samara_shared_heap::{Owner, thread};
use samara_testkit::hosted::{deaths, host};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Queue<T: Exchangeable + Sync, const N: usize> {
    fn push(&self, value: T) -> Result<(), RpcError>;
    fn pop(&self) -> Result<Option<T>, RpcError>;
    fn batch(&self) -> Result<[Option<T>; N], RpcError>;
    fn count(&self, like: &[T]) -> Result<usize, RpcError>;
    fn is_empty(&self) -> Result<bool, RpcError> {
        Ok(false)
    }
}

struct Values<T>(Mutex<VecDeque<T>>);

impl<T: Exchangeable + Sync + PartialEq, const N: usize> Queue<T, N> for Values<T> {
    fn push(&self, value: T) -> Result<(), RpcError> {
        self.0.lock().unwrap().push_back(value);
        Ok(())
    }
    fn pop(&self) -> Result<Option<T>, RpcError> {
        Ok(self.0.lock().unwrap().pop_front())
    }
    fn batch(&self) -> Result<[Option<T>; N], RpcError> {
        Ok(std::array::from_fn(|_| self.0.lock().unwrap().pop_front()))
    }
    fn count(&self, like: &[T]) -> Result<usize, RpcError> {
        let values = self.0.lock().unwrap();
        Ok(values.iter().filter(|value| like.contains(value)).count())
    }
}

#[test]
fn an_interface_may_have_parameters() {
    let init = |(): ()| Ok::<_, RpcError>(Values(Mutex::new(VecDeque::new())));
    let domain: Domain<dyn Queue<u32, 2>> = host()
        .spawn(DomainSpec::new("queue"), init, Mint::nothing())
        .unwrap();
    let queue = domain.proxy().unwrap();
    for value in [7, 8, 7] {
        queue.push(value).unwrap();
    }
    assert_eq!(queue.count(&[7, 9]), Ok(2));
    assert_eq!(queue.batch(), Ok([Some(7), Some(8)]));
    assert_eq!(queue.pop(), Ok(Some(7)));
    assert_eq!(queue.is_empty(), Ok(false), "the callee's default");

    let init = |(): ()| Ok::<_, RpcError>(Values(Mutex::new(VecDeque::new())));
    let domain: Domain<dyn Queue<(bool, u8), 1>> = host()
        .spawn(DomainSpec::new("queue-2"), init, Mint::nothing())
        .unwrap();
    let queue = domain.shadow().unwrap();
    queue.push((true, 1)).unwrap();
    assert_eq!(queue.pop(), Ok(Some((true, 1))));
}

#[interface]
trait Named {
    fn name(&self) -> Result<u32, RpcError>;
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
}

#[interface]
trait Extent: Named + Send {
    fn len(&self) -> Result<u64, RpcError>;
}

#[interface]
trait File: Extent {
    #[idempotent]
    fn sum(&self, text: &str, bytes: &[u8]) -> Result<u64, RpcError>;
}

struct Disk;

impl Named for Disk {
    fn name(&self) -> Result<u32, RpcError> {
        // The method runs as the callee, whichever interface it is called through.
        assert_ne!(thread::current().owner(), Owner::HOST);
        Ok(42)
    }
}
impl Extent for Disk {
    fn len(&self) -> Result<u64, RpcError> {
        Ok(512)
    }
}
impl File for Disk {
    fn sum(&self, text: &str, bytes: &[u8]) -> Result<u64, RpcError> {
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        Ok(1000 * sum(text.as_bytes()) + sum(bytes))
    }
}

fn named(of: &impl Named) -> Result<u32, RpcError> {
    of.name()
}

#[test]
fn supertraits_are_called_through_the_same_proxy() {
    let spec = DomainSpec::new("file").restart(Restart::limited(4, Duration::from_secs(3600)));
    let domain: Domain<dyn File> = host()
        .spawn(spec, |(): ()| Ok::<_, RpcError>(Disk), Mint::nothing())
        .unwrap();
    let (proxy, shadow) = (domain.proxy().unwrap(), domain.shadow().unwrap());
    assert_eq!((named(&proxy), named(&shadow)), (Ok(42), Ok(42)));
    assert_eq!((proxy.len(), shadow.len()), (Ok(512), Ok(512)));
    assert_eq!(proxy.sum("\u{1}\u{2}", &[3, 4]), Ok(3007));
    assert_eq!(proxy.crash(), Err(RpcError::Crashed));
    assert_eq!(named(&proxy), Err(RpcError::Dead));
    assert_eq!(named(&shadow), Ok(42));
    assert_eq!(deaths("file").len(), 1);
}

/// Lends memory of its own heap and of its own stack.
#[interface]
trait Lender {
    fn lend(&self) -> Result<u64, RpcError>;
}

struct Lending(Proxy<dyn File>);

impl Lender for Lending {
    fn lend(&self) -> Result<u64, RpcError> {
        let (heap, stack) = (String::from("\u{1}"), [2u8; 3]);
        self.0.sum(&heap, &stack)
    }
}

#[test]
fn a_domain_lends_from_its_private_memory() {
    let file: Domain<dyn File> = host()
        .spawn(
            DomainSpec::new("lent"),
            |(): ()| Ok::<_, RpcError>(Disk),
            Mint::nothing(),
        )
        .unwrap();
    let mint = Mint::fallible(move || file.proxy());
    let init = |file| Ok::<_, RpcError>(Lending(file));
    let domain: Domain<dyn Lender> = host().spawn(DomainSpec::new("lender"), init, mint).unwrap();
    assert_eq!(domain.proxy().unwrap().lend(), Ok(1006));
}

mod first {
    use super::*;
    #[interface]
    pub(super) trait Node {
        fn next(&self) -> Result<Proxy<dyn Node>, RpcError>;
        fn other(&self) -> Result<Shadow<dyn Leaf>, RpcError>;
    }
    #[interface]
    pub(super) trait Leaf {
        fn up(&self, node: Proxy<dyn Node>) -> Result<u32, RpcError>;
    }
}

mod again {
    use super::*;
    #[interface]
    pub(super) trait Node {
        fn next(&self) -> Result<Proxy<dyn Node>, RpcError>;
        fn other(&self) -> Result<Shadow<dyn Leaf>, RpcError>;
    }
    #[interface]
    pub(super) trait Leaf {
        fn up(&self, node: Proxy<dyn Node>) -> Result<u32, RpcError>;
    }
}

mod other {
    use super::*;
    #[interface]
    pub(super) trait Node {
        fn next(&self) -> Result<Proxy<dyn Node>, RpcError>;
        fn other(&self) -> Result<Shadow<dyn Leaf>, RpcError>;
    }
    #[interface]
    pub(super) trait Leaf {
        /// The difference lies two interfaces away from `Node`.
        fn up(&self, node: Proxy<dyn Node>) -> Result<i32, RpcError>;
    }
}

fn bytes<I: ?Sized + Interface>() -> Vec<u8> {
    let mut bytes = Vec::new();
    I::DESCRIPTOR
        .encode(&mut |piece| bytes.extend_from_slice(piece))
        .unwrap();
    bytes
}

fn compare<A: ?Sized + Interface, B: ?Sized + Interface>(equal: bool) {
    assert_eq!(A::DESCRIPTOR == B::DESCRIPTOR, equal);
    assert_eq!(bytes::<A>() == bytes::<B>(), equal);
    let (a, b) = (A::DESCRIPTOR.fingerprint(), B::DESCRIPTOR.fingerprint());
    assert_eq!(a == b, equal);
}

#[test]
fn mutually_recursive_interfaces_are_compared_deeply() {
    compare::<dyn first::Node, dyn first::Node>(true);
    compare::<dyn first::Node, dyn again::Node>(true);
    compare::<dyn first::Leaf, dyn again::Leaf>(true);
    compare::<dyn first::Node, dyn other::Node>(false);
    compare::<dyn first::Leaf, dyn other::Leaf>(false);
    compare::<dyn first::Node, dyn first::Leaf>(false);
    compare::<dyn Queue<u32, 2>, dyn Queue<u32, 2>>(true);
    compare::<dyn Queue<u32, 2>, dyn Queue<f32, 2>>(false);
    compare::<dyn Queue<u32, 2>, dyn Queue<u32, 3>>(false);
    compare::<dyn Queue<RRef<u32>, 2>, dyn Queue<RRef<i32>, 2>>(false);
}

macro_rules! variations {
    ($($module:ident: $method:item)*) => {
        $(mod $module {
            use super::*;
            #[interface]
            pub(super) trait Same { $method }
        })*
        /// Returns the descriptors of all variations with their names. No two are equal.
        fn variations() -> Vec<(&'static str, samara_domain_runtime::InterfaceDescriptor)> {
            vec![$((stringify!($module), <dyn $module::Same as Interface>::DESCRIPTOR)),*]
        }
    };
}

#[derive(Exchangeable, Clone, Copy)]
struct Pair {
    a: u32,
    b: u32,
}

variations! {
    plain: fn m(&self, a: u32) -> Result<u32, RpcError>;
    named: fn n(&self, a: u32) -> Result<u32, RpcError>;
    signed: fn m(&self, a: i32) -> Result<u32, RpcError>;
    two: fn m(&self, a: u32, b: u32) -> Result<u32, RpcError>;
    pair: fn m(&self, a: Pair) -> Result<u32, RpcError>;
    tuple: fn m(&self, a: (u32, u32)) -> Result<u32, RpcError>;
    array: fn m(&self, a: [u32; 2]) -> Result<u32, RpcError>;
    moved: fn m(&self, a: RRef<[u32]>) -> Result<u32, RpcError>;
    lent: fn m(&self, a: &RRef<[u32]>) -> Result<u32, RpcError>;
    slice: fn m(&self, a: &[u32]) -> Result<u32, RpcError>;
    text: fn m(&self, a: &str) -> Result<u32, RpcError>;
    bytes_: fn m(&self, a: &[u8]) -> Result<u32, RpcError>;
    result: fn m(&self, a: u32) -> Result<(), RpcError>;
    option: fn m(&self, a: Option<u32>) -> Result<u32, RpcError>;
    proxy: fn m(&self, a: Proxy<dyn Named>) -> Result<u32, RpcError>;
    shadow: fn m(&self, a: Shadow<dyn Named>) -> Result<u32, RpcError>;
    proxy_2: fn m(&self, a: Proxy<dyn File>) -> Result<u32, RpcError>;
    repeated: #[idempotent] fn m(&self, a: u32) -> Result<u32, RpcError>;
    replayed: #[replay] fn m(&self, a: u32) -> Result<u32, RpcError>;
}

#[test]
fn interfaces_that_differ_anywhere_are_not_equal() {
    assert_eq!(Pair { a: 1, b: 2 }.a + 1, 2);
    assert_eq!(Pair { a: 1, b: 2 }.b, 2);
    let all = variations();
    for (name, a) in &all {
        for (other, b) in &all {
            assert_eq!(a == b, name == other, "{name} and {other}");
            assert_eq!(a.fingerprint() == b.fingerprint(), name == other);
        }
    }
}
