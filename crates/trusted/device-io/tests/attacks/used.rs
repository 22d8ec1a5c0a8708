//! A virtio device counts used elements that it hasn't written, or that it wrote earlier. They must not be taken for
//! new ones.
#![expect(unsafe_code, reason = "stands for the device")]

use samara_device_io::PciFunction;
use samara_device_io::dma::DmaTransfer;
use samara_device_io::mmio::{ReadWrite, Register};
use samara_device_io::queue::{ChainQueue, PacketQueue, QueueError};
use samara_device_io::table::{Direction, Table, Width};
use samara_device_tables::virtio::COMMON;
use samara_device_tables::{VirtioBlock, VirtioNet};
use samara_host_std as _;
use samara_rref::RRef;

use liar::{COMMAND, Liar};

#[path = "../fixtures/liar.rs"]
mod liar;

const STATUS: usize = 0x14;
const SIZE: usize = 0x18;
const USED: usize = 0x30;

type Disk = PciFunction<VirtioBlock>;
type Requests = ChainQueue<VirtioBlock, { VirtioBlock::REQUESTS }>;

fn virtio(device: u32) -> &'static Liar {
    let liar = Liar::leak(device << 16 | 0x1AF4, 0);
    liar.set_config(COMMAND, 1 << 20);
    liar.set_config(0x34, 0x40);
    for (index, place) in (0u16..).zip([0, 0x1000, 0x2000, 0x3000]) {
        let at = 0x40 + 0x18 * index;
        let next = if index < 3 { at + 0x18 } else { 0 };
        let kind = u32::from(index) + 1;
        liar.set_config(at, kind << 24 | 20 << 16 | u32::from(next) << 8 | 0x09);
        liar.set_config(at + 4, 0);
        liar.set_config(at + 8, place);
        liar.set_config(at + 12, 0x1000);
        liar.set_config(at + 16, 4);
    }
    liar.set(0, SIZE, Width::W16, 256);
    liar
}

fn up<D: Table>(function: &PciFunction<D>) {
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let register: Register<D, u8, ReadWrite> = Register::at(COMMON, STATUS);
    function.write(register, 0xB).unwrap();
}

fn disk(entries: u32) -> (&'static Liar, Disk, Requests) {
    let liar = virtio(0x1042);
    let function: Disk = liar.slot().claim().unwrap();
    up(&function);
    let mut queue = Requests::new(&function, 0, entries).unwrap();
    liar.set(0, 0x1C, Width::W16, 0);
    queue.start(&function, 0xFFFF).unwrap();
    (liar, function, queue)
}

fn store(bus: u64, bytes: &[u8]) {
    let at = std::ptr::with_exposed_provenance_mut::<u8>((bus - liar::OFFSET) as usize);
    // SAFETY: memory that the device was told of.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
}

/// Sets the used ring's index.
fn set_index(liar: &Liar, index: u16) {
    store(liar.get(0, USED, Width::W64) + 2, &index.to_le_bytes());
}

/// Writes a used element, without the index.
fn set_element(liar: &Liar, slot: u64, id: u32, length: u32) {
    let at = liar.get(0, USED, Width::W64) + 4 + 8 * slot;
    store(at, [id.to_le_bytes(), length.to_le_bytes()].as_flattened());
}

fn read(queue: &mut Requests, function: &Disk, transfer: &DmaTransfer) -> u16 {
    let data = (transfer, 0, 512, Direction::ToHost);
    queue.put(function, &[0; 16], Some(data)).unwrap()
}

fn begin(function: &Disk) -> DmaTransfer {
    let buffer = RRef::<[u8]>::new_zeroed_slice(512).unwrap();
    function.begin(buffer).unwrap()
}

/// After a start the device counts a used element that it has not written. The zeroes in the element's memory would
/// be taken for the number of chain 0.
#[test]
fn an_unwritten_element_ends_no_chain() {
    let (liar, function, mut queue) = disk(16);
    let transfer = begin(&function);
    assert_eq!(read(&mut queue, &function, &transfer), 0);
    queue.ring(&function).unwrap();
    set_index(liar, 1);
    let said = queue.next(&function);
    let back = function.finish(transfer);
    assert!(
        back.is_err(),
        "{said:?}: the buffer came back, and the device has written neither an element nor a status"
    );
}

/// As above, but after the ring has wrapped: the place of the unwritten element holds the element of 16 chains ago.
#[test]
fn an_element_from_a_lap_ago_ends_no_chain() {
    let (liar, function, mut queue) = disk(16);
    let mut used = 0u16;
    let mut complete = |queue: &mut Requests, chain: u16| {
        set_element(liar, u64::from(used % 16), 3 * u32::from(chain), 1);
        used += 1;
        set_index(liar, used);
        assert_eq!(queue.next(&function).unwrap().unwrap().number, chain);
    };
    // The device completes two chains in reverse order.
    for _ in 0..2 {
        queue.put(&function, &[0; 16], None).unwrap();
    }
    queue.ring(&function).unwrap();
    complete(&mut queue, 1);
    complete(&mut queue, 0);
    for _ in 2..16 {
        let chain = queue.put(&function, &[0; 16], None).unwrap();
        queue.ring(&function).unwrap();
        complete(&mut queue, chain);
    }
    let transfer = begin(&function);
    let chain = read(&mut queue, &function, &transfer);
    queue.ring(&function).unwrap();
    set_index(liar, 17);
    let said = queue.next(&function);
    let back = function.finish(transfer);
    assert!(
        back.is_err(),
        "{said:?}: chain {chain}'s buffer came back by an element from 16 elements ago"
    );
}

/// In a queue of one chain, no chain stays free, so the next request takes the same chain. An element that the device
/// writes twice would end this request.
#[test]
fn a_queue_of_one_chain_is_refused() {
    let liar = virtio(0x1042);
    let function: Disk = liar.slot().claim().unwrap();
    up(&function);
    assert_eq!(
        Requests::new(&function, 0, 4).err(),
        Some(QueueError::BadLength)
    );
}

/// The device counts an element that it has not written. The zeroes in the element's memory would name chain 0, and
/// its frame would come back while it is still being sent.
#[test]
fn an_unwritten_element_returns_no_frame() {
    let liar = virtio(0x1041);
    let function: PciFunction<VirtioNet> = liar.slot().claim().unwrap();
    up(&function);
    let mut tx =
        PacketQueue::<VirtioNet, { VirtioNet::TX }, [u8; 64]>::new(&function, 1, 64).unwrap();
    liar.set(0, 0x1C, Width::W16, 0);
    tx.start(&function, 0xFFFF).unwrap();
    tx.put(
        &function,
        &[0; 16],
        Direction::ToDevice,
        RRef::new([7; 64]),
        |it| it,
    )
    .unwrap();
    tx.ring(&function).unwrap();
    set_index(liar, 1);
    let back = tx.next(&function);
    assert!(
        !matches!(back, Ok(Some(_))),
        "{back:?}: the device reads it still"
    );
}
