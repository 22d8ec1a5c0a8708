//! Private heaps: found by owner and by address, limited by a quota, and freed with the domain.

use samara_domain_runtime::{Domain, DomainSpec, Mint, arena};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_shared_heap::thread;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Rng, await_reclaims, host, owner_of};
use std::alloc::{GlobalAlloc, Layout, alloc_zeroed, dealloc};
use std::sync::Mutex;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

#[interface]
trait Private {
    /// Allocates until the allocator refuses. Returns how many bytes it got.
    fn fill(&self, piece: u64) -> Result<u64, RpcError>;
    fn clear(&self) -> Result<(), RpcError>;
    /// Appends to a buffer of the host. The buffer grows while the thread acts for this domain.
    fn append_to_the_hosts(&self, test: u64) -> Result<(), RpcError>;
    /// Leaves private memory with the host, which frees it.
    fn leave_with_the_host(&self) -> Result<(), RpcError>;
    /// Grows and shrinks many vectors at random and compares them with the expected contents.
    fn churn(&self, seed: u64, steps: u64) -> Result<u64, RpcError>;
    /// Returns the largest misalignment of allocations with the alignment `align`.
    fn misalignment(&self, align: u64) -> Result<u64, RpcError>;
    /// Returns whether a block can grow until it ends `beyond` bytes behind the end of the address space.
    fn grow_to_the_end(&self, beyond: u64) -> Result<bool, RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}

#[derive(Default)]
struct Pieces(Mutex<Vec<Vec<u8>>>);

/// The host's buffers, one for each test. By these statics, the test domains use memory of the host. A real domain
/// must have no writable statics.
static HOSTS: [Mutex<Vec<u64>>; 2] = [const { Mutex::new(Vec::new()) }; 2];
static LEFT: Mutex<Option<Box<[u8; 100 * KIB]>>> = Mutex::new(None);

impl Private for Pieces {
    fn fill(&self, piece: u64) -> Result<u64, RpcError> {
        let mut pieces = self.0.lock().unwrap();
        let mut total = 0;
        // The list itself must not grow beyond the quota.
        pieces
            .try_reserve(1000)
            .map_err(|_| RpcError::OutOfMemory)?;
        while pieces.len() < pieces.capacity() {
            let mut bytes = Vec::new();
            if bytes.try_reserve_exact(piece as usize).is_err() {
                break;
            }
            bytes.resize(piece as usize, pieces.len() as u8);
            total += piece;
            pieces.push(bytes);
        }
        let intact = |(at, bytes): (usize, &Vec<u8>)| bytes.iter().all(|byte| *byte == at as u8);
        assert!(pieces.iter().enumerate().all(intact));
        Ok(total)
    }
    fn clear(&self) -> Result<(), RpcError> {
        *self.0.lock().unwrap() = Vec::new();
        Ok(())
    }
    fn append_to_the_hosts(&self, test: u64) -> Result<(), RpcError> {
        HOSTS[test as usize].lock().unwrap().extend(0..100_000);
        Ok(())
    }
    fn leave_with_the_host(&self) -> Result<(), RpcError> {
        *LEFT.lock().unwrap() = Some(Box::new([9; 100 * KIB]));
        Ok(())
    }
    fn churn(&self, seed: u64, steps: u64) -> Result<u64, RpcError> {
        let mut rng = Rng::new(seed);
        let mut vectors: Vec<Vec<usize>> = (0..32).map(|_| Vec::new()).collect();
        for _ in 0..steps {
            let which = rng.below(32);
            let vector = &mut vectors[which];
            match rng.below(4) {
                0 | 1 => {
                    let until = vector.len() + rng.below(500);
                    vector.extend(vector.len()..until);
                }
                2 => vector.truncate(vector.len() / 2),
                _ => vector.shrink_to_fit(),
            }
            if !vector.iter().copied().eq(0..vector.len()) {
                return Err(RpcError::Crashed);
            }
        }
        Ok(vectors.iter().map(|vector| vector.len() as u64).sum())
    }
    fn misalignment(&self, align: u64) -> Result<u64, RpcError> {
        let mut layouts = Vec::new();
        let mut worst = 0;
        for size in [1, 24, 5000] {
            let bytes = Aligned::new(size, align as usize);
            worst = worst.max(bytes.0.addr() as u64 % align);
            layouts.push(bytes);
        }
        Ok(worst)
    }
    fn grow_to_the_end(&self, beyond: u64) -> Result<bool, RpcError> {
        let block = Aligned::new(100, 8);
        let end = block.0.addr().wrapping_neg().wrapping_add(beyond as usize);
        Ok(!block.grown(end).is_null())
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to");
    }
}

/// A block with an alignment of its own.
struct Aligned(*mut u8, Layout);

impl Aligned {
    #[expect(unsafe_code, reason = "the allocator's interface is unsafe")]
    fn new(size: usize, align: usize) -> Self {
        let layout = Layout::from_size_align(size, align).unwrap();
        // SAFETY: the size is not zero.
        let at = unsafe { alloc_zeroed(layout) };
        assert!(!at.is_null());
        Self(at, layout)
    }

    /// Returns the allocator's answer to a growth to `size`, which may be wild.
    #[expect(unsafe_code, reason = "the allocator's interface is unsafe")]
    fn grown(&self, size: usize) -> *mut u8 {
        // SAFETY: allocated with this layout by `new`; a size that no layout has is refused.
        unsafe { ALLOC.realloc(self.0, self.1, size) }
    }
}

impl Drop for Aligned {
    #[expect(unsafe_code, reason = "the allocator's interface is unsafe")]
    fn drop(&mut self) {
        // SAFETY: allocated with this layout by `new`.
        unsafe { dealloc(self.0, self.1) };
    }
}

fn init((): ()) -> Result<Pieces, RpcError> {
    assert!(!thread::current().owner().is_host());
    Ok(Pieces::default())
}

fn spawn(spec: DomainSpec) -> (Domain<dyn Private>, Proxy<dyn Private>) {
    let domain: Domain<dyn Private> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// Invariant: HEAP-2
#[test]
fn a_crash_returns_all_private_memory() {
    let (domain, proxy) = spawn(DomainSpec::new("return"));
    let got = proxy.fill(64 * KIB as u64).unwrap();
    assert_eq!(got, 1000 * 64 * KIB as u64);
    let held = arena::committed(owner_of(&domain));
    assert!(held as u64 >= got);
    assert_eq!(domain.info().private_bytes, held);
    assert_eq!(proxy.crash(), Err(RpcError::Crashed));
    // A panic allocates its message, so a little more may be returned than was held before.
    let released = await_reclaims("return", 1)[0].private_bytes;
    assert!(released >= held && released <= held + MIB);
    assert_eq!(domain.info().private_bytes, 0);
}

/// Invariant: HEAP-9
/// Failure: F-7
#[test]
fn fallible_allocation_stops_at_the_quota() {
    let _contained = contained(false);
    let (domain, proxy) = spawn(DomainSpec::new("quota").heap_quota(MIB));
    for piece in [16, 700, 4096, 65_536 / 2, 200_000] {
        let got = proxy.fill(piece).unwrap();
        assert!(
            got > 0 && got <= MIB as u64,
            "{got} bytes in pieces of {piece}"
        );
        assert!(arena::committed(owner_of(&domain)) <= MIB);
        assert_eq!(proxy.clear(), Ok(()));
    }
    // More than half of the quota is usable, even after all this.
    assert!(proxy.fill(10_000).unwrap() > MIB as u64 / 2);
    assert_eq!(proxy.clear(), Ok(()));
    assert_eq!(
        proxy.fill(2 * MIB as u64).unwrap(),
        0,
        "one piece is larger than the quota"
    );
    domain.kill();
}

#[test]
fn quotas_are_each_generations_own() {
    let _contained = contained(false);
    let (small, proxy) = spawn(DomainSpec::new("small").heap_quota(128 * KIB));
    assert!(proxy.fill(KIB as u64).unwrap() <= 128 * KIB as u64);
    small.kill();
    assert_eq!(await_reclaims("small", 1).len(), 1);
    // The next domain in the slot has no quota, and none of the old domain's memory.
    let (large, proxy) = spawn(DomainSpec::new("large"));
    assert!(proxy.fill(KIB as u64).unwrap() > 128 * KIB as u64);
    large.kill();
}

/// Invariant: HEAP-1
#[test]
fn a_buffer_of_the_hosts_grows_on_the_hosts_heap() {
    HOSTS[0].lock().unwrap().push(42);
    let (_, proxy) = spawn(DomainSpec::new("grow"));
    assert_eq!(proxy.append_to_the_hosts(0), Ok(()));
    assert_eq!(proxy.crash(), Err(RpcError::Crashed));
    assert_eq!(await_reclaims("grow", 1).len(), 1);
    let mut buffer = HOSTS[0].lock().unwrap();
    assert_eq!(buffer[0], 42);
    assert!(buffer[1..].iter().copied().eq(0..100_000));
    buffer.shrink_to_fit();
}

/// Invariant: HEAP-1
#[test]
fn memory_freed_by_others_goes_back_to_its_arena() {
    let _contained = contained(false);
    let (domain, proxy) = spawn(DomainSpec::new("left").heap_quota(MIB));
    // If a block were not returned to its arena, the quota would end this loop.
    for _ in 0..100 {
        assert_eq!(proxy.leave_with_the_host(), Ok(()));
        let left = LEFT.lock().unwrap().take().unwrap();
        assert!(left.iter().all(|byte| *byte == 9));
    }
    domain.kill();
}

/// Invariant: HEAP-1
#[test]
fn contents_survive_growing_and_shrinking() {
    let (domain, proxy) = spawn(DomainSpec::new("churn"));
    for seed in 0..4 {
        assert!(proxy.churn(seed, 3000).unwrap() > 0);
    }
    domain.kill();
}

/// A block once could grow past the end of the address space. The address of its end wrapped around, and the
/// allocator wrote the block's tag near address zero.
///
/// Invariant: HEAP-3
#[test]
fn a_block_does_not_grow_past_the_end_of_addresses() {
    let (domain, proxy) = spawn(DomainSpec::new("wraps"));
    for beyond in [0, 1, 8, 16, 4096, 1 << 20, 1 << 40] {
        assert_eq!(proxy.grow_to_the_end(beyond), Ok(false), "{beyond}");
        assert_eq!(proxy.grow_to_the_end(beyond.wrapping_neg()), Ok(false));
    }
    domain.kill();
}

/// Invariant: HEAP-1
#[test]
fn any_alignment_is_met() {
    let (domain, proxy) = spawn(DomainSpec::new("align"));
    for shift in 0..=16 {
        assert_eq!(proxy.misalignment(1 << shift), Ok(0));
    }
    domain.kill();
}

/// If the heap could not reserve its large range of addresses, domains once had no private heap, and their
/// allocations outlived them.
#[test]
fn little_address_space_means_small_stripes_not_none() {
    // The process gets 38 GiB of addresses. The test starts a process of its own, because a process reserves the
    // addresses only once.
    let test = "ulimit -v 40000000 && exec \"$0\" --exact a_crash_returns_all_private_memory";
    let this = std::env::current_exe().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", test])
        .arg(this)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}
