//! Attack: registers outside the block. Meant to run without overflow checks too (`--release`).
#![forbid(unsafe_code)]

use samara_device_io::layout::nvme::Nvme;
use samara_device_io::mmio::{ReadWrite, Register};
use samara_host_std as _;
use std::hint::black_box;
use std::panic::catch_unwind;

#[test]
fn a_register_right_before_the_block_cannot_be_described() {
    let made = [
        catch_unwind(|| Register::<Nvme, u32, ReadWrite>::at(black_box(usize::MAX - 3)).offset()),
        catch_unwind(|| Register::<Nvme, u64, ReadWrite>::at(black_box(usize::MAX - 7)).offset()),
        catch_unwind(|| Register::<Nvme, u32, ReadWrite>::at(black_box(0x1000)).offset()),
        catch_unwind(|| Register::<Nvme, u64, ReadWrite>::at(black_box(0xFFC)).offset()),
        catch_unwind(|| Register::<Nvme, u32, ReadWrite>::at(black_box(0x2C)).offset()),
        catch_unwind(|| Register::<Nvme, u64, ReadWrite>::at(black_box(0x18)).offset()),
    ];
    let offsets: Vec<_> = made.into_iter().map(Result::ok).collect();
    assert_eq!(offsets, [None, None, None, None, None, Some(0x18)]);
}
