//! Attacks by NVMe controllers that give false information.
#![expect(unsafe_code, reason = "stands for the device")]

use samara_device_io::PciFunction;
use samara_device_io::queue::{Completion, Pair, QueueError, SubmitError};
use samara_device_io::table::Width;
use samara_device_tables::Nvme;
use samara_host_std as _;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use liar::Liar;

#[path = "../fixtures/liar.rs"]
mod liar;

type Function = PciFunction<Nvme>;
type Admin = Pair<Nvme, { Nvme::ADMIN }>;
type Io = Pair<Nvme, { Nvme::IO }>;

const CC: usize = 0x14;
const CSTS: usize = 0x1C;
const ASQ: usize = 0x28;
const ACQ: usize = 0x30;

fn store(bus: u64, bytes: &[u8]) {
    let at = std::ptr::with_exposed_provenance_mut::<u8>((bus - liar::OFFSET) as usize);
    // SAFETY: memory of a queue that the device was told of.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
}

/// A controller that executes each admin command by `work` when its doorbell is rung, and completes it with success.
fn nvme(work: impl Fn(&Liar, [u32; 16]) + Send + Sync + 'static) -> &'static Liar {
    let liar = Liar::leak(0x5678_1234, 0x0108_0200);
    liar.set(0, 0, Width::W64, 1 << 37 | 1 << 24);
    let head = AtomicU32::new(0);
    liar.react(move |liar, _, offset, value| match (offset, value) {
        (CC, Some(value)) => {
            liar.set(0, CSTS, Width::W32, (value & 1).into());
            head.store(0, SeqCst);
        }
        (0x1000, Some(tail)) => {
            let (asq, acq) = (liar.get(0, ASQ, Width::W64), liar.get(0, ACQ, Width::W64));
            while head.load(SeqCst) % 8 != tail {
                let at = head.fetch_add(1, SeqCst);
                let bytes: [u8; 64] = liar.memory(asq + 64 * u64::from(at % 8));
                let mut entry = [0; 16];
                for (word, bytes) in entry.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *word = u32::from_le_bytes(*bytes);
                }
                work(liar, entry);
                let phase = u32::from((at / 8).is_multiple_of(2));
                let done = [0, 0, (at + 1) % 8, entry[0] >> 16 | phase << 16];
                let done = done.map(u32::to_le_bytes);
                store(acq + 16 * u64::from(at % 8), done.as_flattened());
            }
        }
        _ => {}
    });
    liar
}

fn up(function: &Function) -> Admin {
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut admin = Admin::new(function, 0, 8).unwrap();
    admin.start(function, 0).unwrap();
    admin
}

fn identify(function: &Function, admin: &mut Admin, namespace: u32) -> Completion {
    let words = [namespace, 0, 0, 0, 0, 0, 0];
    admin
        .submit::<{ Nvme::IDENTIFY_NAMESPACE }>(function, words)
        .unwrap();
    admin.ring(function).unwrap();
    admin.next(function).unwrap().unwrap()
}

/// Namespace 1 has blocks of 512 bytes. For namespace 2, which has blocks of 4 KiB, the controller reports success
/// but writes nothing.
///
/// Invariant: DEV-26
#[test]
fn nothing_is_learned_from_an_unwritten_page() {
    let liar = nvme(|_, entry| {
        if (entry[0] as u8, entry[1]) == (0x06, 1) {
            let page = u64::from(entry[6]) | u64::from(entry[7]) << 32;
            store(page + 128, &[0, 0, 9, 0]);
        }
    });
    let function: Function = liar.slot().claim().unwrap();
    let mut admin = up(&function);
    assert_eq!(identify(&function, &mut admin, 2).unit, None);
    let one = identify(&function, &mut admin, 1).unit.unwrap();
    assert_eq!((one.key(), one.shift()), (1, 9));
    let two = identify(&function, &mut admin, 2).unit;
    assert_eq!(two, None, "the answer for namespace 1");
}

/// The same across a reset.
///
/// Invariant: DEV-26
#[test]
fn a_page_from_before_a_reset_teaches_nothing() {
    static SAYS: AtomicU32 = AtomicU32::new(1);
    let liar = nvme(|_, entry| {
        if entry[0] as u8 == 0x06 && SAYS.load(SeqCst) == 1 {
            let page = u64::from(entry[6]) | u64::from(entry[7]) << 32;
            store(page + 128, &[0, 0, 9, 0]);
        }
    });
    let function: Function = liar.slot().claim().unwrap();
    let mut admin = up(&function);
    identify(&function, &mut admin, 1).unit.unwrap();
    SAYS.store(0, SeqCst);
    function.reset().unwrap();
    admin.start(&function, 0).unwrap();
    assert_eq!(
        identify(&function, &mut admin, 1).unit,
        None,
        "the answer from before the reset"
    );
}

/// The engine's page still holds the controller's answer to an earlier command, which the driver chose. The engine
/// must not learn a block size from this page.
///
/// Invariant: DEV-26
#[test]
fn another_commands_page_teaches_nothing() {
    let liar = nvme(|_, entry| {
        // A list of namespaces that holds the bytes of such an answer.
        if (entry[0] as u8, entry[10] & 0xFF) == (0x06, 0x02) {
            let page = u64::from(entry[6]) | u64::from(entry[7]) << 32;
            store(page + 128, &[0, 0, 9, 0]);
        }
    });
    let function: Function = liar.slot().claim().unwrap();
    let mut admin = up(&function);
    admin
        .submit::<{ Nvme::IDENTIFY }>(&function, [0, 2, 0, 0, 0, 0, 0])
        .unwrap();
    admin.ring(&function).unwrap();
    admin.next(&function).unwrap().unwrap();
    assert_eq!(identify(&function, &mut admin, 1).unit, None);
}

/// While a queue is created, the controller states a different distance between doorbells. With that distance, the
/// queue's tail would be written to another queue's doorbell, and the device would read old entries of the other
/// queue.
///
/// Invariant: DEV-18
#[test]
fn a_tail_is_written_to_its_own_doorbell() {
    let liar = nvme(|_, _| {});
    let function: Function = liar.slot().claim().unwrap();
    let mut admin = up(&function);
    let mut made = |io: &mut Io| {
        admin
            .create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(&function, [0; 7], io)
            .unwrap();
        let made = admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(&function, [0; 7], io);
        admin.ring(&function).unwrap();
        while admin.next(&function).unwrap().is_some() {}
        made
    };
    let (mut one, mut two) = (
        Io::new(&function, 1, 8).unwrap(),
        Io::new(&function, 2, 8).unwrap(),
    );
    made(&mut two).unwrap();
    // CAP.DSTRD is 1 for a while.
    liar.set(0, 0, Width::W64, 1 << 37 | 1 << 32 | 1 << 24);
    let made = made(&mut one);
    assert_eq!(made, Err(SubmitError::Queue(QueueError::NoDoorbell)));
    liar.set(0, 0, Width::W64, 1 << 37 | 1 << 24);
    liar.writes();
    let put = |io: &mut Io| io.submit::<{ Nvme::FLUSH }>(&function, [0; 7]);
    assert_eq!(
        put(&mut one),
        Err(SubmitError::Queue(QueueError::NotStarted))
    );
    // The controller states the original distance again.
    let create =
        admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(&function, [0; 7], &mut one);
    create.unwrap();
    put(&mut one).unwrap();
    one.ring(&function).unwrap();
    assert_eq!(liar.writes(), [(0, 0x1008, 1)], "queue 2's is at 1010h");
}

/// A doorbell is rung in the middle of a reset.
///
/// Invariant: DEV-13
#[test]
fn nothing_is_rung_in_the_midst_of_a_reset() {
    let liar = nvme(|_, _| {});
    let function: Function = liar.slot().claim().unwrap();
    let mut admin = up(&function);
    // The reset's write to CC waits, and RDY stays 1, until the doorbell was rung or the test goes on.
    let is_rung = std::sync::Arc::new(AtomicU32::new(0));
    let seen = is_rung.clone();
    liar.react(move |liar, _, offset, value| match (offset, value) {
        (CC, Some(_)) => {
            seen.store(1, SeqCst);
            while seen.load(SeqCst) == 1 {
                std::thread::yield_now();
            }
        }
        (0x1000, Some(_)) => seen.store(3, SeqCst),
        (CSTS, None) if seen.load(SeqCst) >= 2 => liar.set(0, CSTS, Width::W32, 0),
        _ => {}
    });
    let rung = std::thread::scope(|scope| {
        let reset = scope.spawn(|| function.reset());
        while is_rung.load(SeqCst) != 1 {
            std::thread::yield_now();
        }
        let _ = admin.submit::<{ Nvme::SET_QUEUES }>(&function, [0; 7]);
        // The test accepts any result of this call. It only checks that the device is not told.
        let rung = admin.ring(&function);
        let told = is_rung.load(SeqCst) == 3;
        is_rung.store(2, SeqCst);
        reset.join().unwrap().unwrap();
        (rung, told)
    });
    assert!(!rung.1, "{rung:?}: a doorbell between the steps of a reset");
}
