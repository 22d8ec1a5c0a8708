//! After a move every owner word names the new owner, however deep the object is nested in the value that
//! moved.

use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::{Exchangeable, RRef};
use samara_shared_heap::heap;
use samara_testkit::hosted::{await_reclaims, host, owner_of};
use std::sync::Mutex;

use samara_domain_runtime::{Domain, DomainSpec, Mint};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[derive(Exchangeable)]
struct Packet {
    length: u16,
    data: RRef<[u8]>,
    next: Option<RRef<u64>>,
}

#[derive(Exchangeable)]
enum Message {
    Empty,
    One(RRef<u64>),
    Both {
        left: RRef<u64>,
        right: RRef<RRef<u64>>,
    },
}

#[derive(Exchangeable)]
struct Generic<T: Exchangeable, const N: usize> {
    parts: [T; N],
}

/// An error that carries an object back.
#[derive(Debug, Exchangeable)]
enum Refusal {
    Rpc(RpcError),
    Back(RRef<RRef<u64>>),
}

impl From<RpcError> for Refusal {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

/// The owners that a callee saw, in order.
type Seen = Result<[usize; 4], RpcError>;

type Tuple = (RRef<u64>, u8, RRef<[u8]>, [RRef<u64>; 2]);

#[interface]
trait Holder {
    fn plain(&self, object: RRef<u64>) -> Seen;
    fn nested(&self, object: RRef<RRef<RRef<u64>>>) -> Seen;
    fn option(&self, object: Option<RRef<u64>>) -> Seen;
    fn result(&self, object: Result<RRef<u64>, RRef<[u8]>>) -> Seen;
    fn tuple(&self, object: Tuple) -> Seen;
    fn structure(&self, object: Packet) -> Seen;
    fn enumeration(&self, object: Message) -> Seen;
    fn generic(&self, object: Generic<RRef<u64>, 3>) -> Seen;
    fn slice(&self, object: RRef<[Packet]>) -> Seen;
    fn several(&self, first: RRef<u64>, number: u32, second: RRef<u64>) -> Seen;
    fn proxied(&self, object: Proxy<dyn Holder>) -> Seen;

    fn make(&self) -> Result<Generic<Option<RRef<RRef<u64>>>, 2>, RpcError>;
    fn refuse(&self, object: RRef<RRef<u64>>) -> Result<(), Refusal>;
    fn forget(&self) -> Result<usize, RpcError>;
}

/// The objects that a holder keeps, so that a census finds them after the call.
#[derive(Default)]
struct Holding(Mutex<Vec<Box<dyn std::any::Any + Send>>>);

impl Holding {
    fn keep<T: Send + 'static, const N: usize>(&self, object: T, owners: [usize; N]) -> Seen {
        self.0.lock().unwrap().push(Box::new(object));
        let mut seen = [usize::MAX; 4];
        seen[..N].copy_from_slice(&owners);
        Ok(seen)
    }
}

fn of<T: ?Sized + samara_rref::Target>(object: &RRef<T>) -> usize {
    RRef::owner(object).index()
}

impl Holder for Holding {
    fn plain(&self, object: RRef<u64>) -> Seen {
        let owners = [of(&object)];
        self.keep(object, owners)
    }
    fn nested(&self, object: RRef<RRef<RRef<u64>>>) -> Seen {
        let owners = [of(&object), of(&*object), of(&**object)];
        self.keep(object, owners)
    }
    fn option(&self, object: Option<RRef<u64>>) -> Seen {
        let owners = [object.as_ref().map_or(0, of)];
        self.keep(object, owners)
    }
    fn result(&self, object: Result<RRef<u64>, RRef<[u8]>>) -> Seen {
        let owners = [object.as_ref().map_or_else(of, of)];
        self.keep(object, owners)
    }
    fn tuple(&self, object: Tuple) -> Seen {
        let owners = [
            of(&object.0),
            of(&object.2),
            of(&object.3[0]),
            of(&object.3[1]),
        ];
        self.keep(object, owners)
    }
    fn structure(&self, object: Packet) -> Seen {
        let owners = [of(&object.data), object.next.as_ref().map_or(0, of)];
        assert_eq!(usize::from(object.length), object.data.len());
        self.keep(object, owners)
    }
    fn enumeration(&self, object: Message) -> Seen {
        let owners = match &object {
            Message::Empty => [0, 0, 0],
            Message::One(one) => [of(one), 0, 0],
            Message::Both { left, right } => [of(left), of(right), of(&**right)],
        };
        self.keep(object, owners)
    }
    fn generic(&self, object: Generic<RRef<u64>, 3>) -> Seen {
        let owners = [0, 1, 2].map(|at| of(&object.parts[at]));
        self.keep(object, owners)
    }
    fn slice(&self, object: RRef<[Packet]>) -> Seen {
        let last = object.last().unwrap();
        let owners = [
            of(&object),
            of(&object[0].data),
            of(&last.data),
            last.next.as_ref().map_or(0, of),
        ];
        self.keep(object, owners)
    }
    fn several(&self, first: RRef<u64>, number: u32, second: RRef<u64>) -> Seen {
        let owners = [of(&first), of(&second)];
        assert_eq!(number, 7);
        self.keep((first, second), owners)
    }
    fn proxied(&self, object: Proxy<dyn Holder>) -> Seen {
        self.keep::<_, 0>(object, [])
    }
    fn make(&self) -> Result<Generic<Option<RRef<RRef<u64>>>, 2>, RpcError> {
        Ok(Generic {
            parts: [Some(RRef::new(RRef::new(5))), None],
        })
    }
    fn refuse(&self, object: RRef<RRef<u64>>) -> Result<(), Refusal> {
        Err(Refusal::Back(object))
    }
    fn forget(&self) -> Result<usize, RpcError> {
        let mut objects = self.0.lock().unwrap();
        let count = objects.len();
        objects.clear();
        Ok(count)
    }
}

fn init((): ()) -> Result<Holding, RpcError> {
    Ok(Holding::default())
}

fn spawn(name: &str) -> Domain<dyn Holder> {
    host()
        .spawn(DomainSpec::new(name), init, Mint::nothing())
        .unwrap()
}

fn packet(next: bool) -> Packet {
    Packet {
        length: 5,
        data: RRef::from_slice(b"hello"),
        next: next.then(|| RRef::new(1)),
    }
}

/// Calls `give` with a proxy of a new holder. Asserts that the holder then owns `objects` objects more than before,
/// and that it saw itself as the owner of all of them.
fn check(
    name: &str,
    seen: usize,
    objects: usize,
    give: impl FnOnce(&Proxy<dyn Holder>) -> Result<[usize; 4], RpcError>,
) {
    let domain = spawn(name);
    let owner = owner_of(&domain);
    let before = heap::census(owner).objects;
    let owners = give(&domain.proxy().unwrap()).unwrap();
    assert_eq!(owners[..seen], [owner.index(); 4][..seen]);
    assert_eq!(heap::census(owner).objects, before + objects);
    assert_eq!(domain.proxy().unwrap().forget(), Ok(1));
    assert_eq!(heap::census(owner).objects, before);
    domain.kill();
    // Only the value that `init` returned was left.
    assert_eq!(await_reclaims(name, 1)[0].objects, 1);
}

/// Invariant: OWN-1
#[test]
fn a_plain_argument() {
    check("plain", 1, 1, |to| to.plain(RRef::new(1)));
}

/// Invariant: OWN-1
#[test]
fn a_nested_argument() {
    check("nested", 3, 3, |to| {
        to.nested(RRef::new(RRef::new(RRef::new(1))))
    });
}

/// Invariant: OWN-1
#[test]
fn an_option_and_a_result() {
    check("option", 1, 1, |to| to.option(Some(RRef::new(1))));
    check("none", 0, 0, |to| to.option(None));
    check("result-ok", 1, 1, |to| to.result(Ok(RRef::new(1))));
    check("result-err", 1, 1, |to| {
        to.result(Err(RRef::from_slice(b"no")))
    });
}

/// Invariant: OWN-1
#[test]
fn a_tuple_with_an_array() {
    check("tuple", 4, 4, |to| {
        to.tuple((
            RRef::new(1),
            2,
            RRef::from_slice(b"3"),
            [RRef::new(4), RRef::new(5)],
        ))
    });
}

/// Invariant: OWN-1
#[test]
fn a_struct_and_every_variant_of_an_enum() {
    check("struct", 2, 2, |to| to.structure(packet(true)));
    check("empty", 0, 0, |to| to.enumeration(Message::Empty));
    check("one", 1, 1, |to| to.enumeration(Message::One(RRef::new(1))));
    check("both", 3, 3, |to| {
        to.enumeration(Message::Both {
            left: RRef::new(1),
            right: RRef::new(RRef::new(2)),
        })
    });
}

/// Invariant: OWN-1
#[test]
fn a_generic_struct_of_an_array() {
    check("generic", 3, 3, |to| {
        to.generic(Generic {
            parts: [RRef::new(1), RRef::new(2), RRef::new(3)],
        })
    });
}

/// Invariant: OWN-1
#[test]
fn a_slice_of_structs_with_objects_in_them() {
    check("slice", 4, 1 + 100 + 100, |to| {
        to.slice(RRef::try_from_fn(100, |_| packet(true)).unwrap())
    });
}

#[test]
fn several_arguments_with_a_plain_one_between() {
    check("several", 2, 2, |to| {
        to.several(RRef::new(1), 7, RRef::new(2))
    });
}

#[test]
fn a_proxy_moves_as_a_capability() {
    let (domain, other) = (spawn("proxied"), spawn("proxied-other"));
    let owner = owner_of(&domain);
    domain
        .proxy()
        .unwrap()
        .proxied(other.proxy().unwrap())
        .unwrap();
    assert_eq!(heap::census(owner).capabilities, 1);
    domain.kill();
    assert_eq!(await_reclaims("proxied", 1)[0].capabilities, 1);
    // The death has not affected the domain to which the proxy leads.
    assert_eq!(
        other.proxy().unwrap().plain(RRef::new(1)).map(|_| ()),
        Ok(())
    );
    other.kill();
}

/// Invariant: OWN-1
#[test]
fn results_become_the_callers_on_the_error_path_too() {
    let domain = spawn("results");
    let (owner, proxy) = (owner_of(&domain), domain.proxy().unwrap());
    let made = proxy.make().unwrap();
    let outer = made.parts[0].as_ref().unwrap();
    assert_eq!((of(outer), of(&**outer), ***outer), (0, 0, 5));

    let Err(Refusal::Back(back)) = proxy.refuse(RRef::new(RRef::new(6))) else {
        panic!("the callee refuses");
    };
    assert_eq!((of(&back), of(&*back), **back), (0, 0, 6));
    // The callee has nothing but its own object, and its death does not take the results along.
    assert_eq!(heap::census(owner).objects, 1);
    domain.kill();
    assert_eq!(await_reclaims("results", 1)[0].objects, 1);
    assert_eq!((***outer, **back), (5, 6));
}
