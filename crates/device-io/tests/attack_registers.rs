//! Attack: registers outside the block. What refuses them must not be the overflow check of a debug build.
#![forbid(unsafe_code)]

use samara_device_io::layout::nvme::Nvme;
use samara_device_io::mmio::{ReadWrite, Register};
use samara_host_std as _;
use std::hint::black_box;
use std::panic::{UnwindSafe, catch_unwind};

/// The offset, or the message of the panic.
fn told(make: impl FnOnce() -> usize + UnwindSafe) -> Result<usize, String> {
    catch_unwind(make).map_err(|payload| {
        let message = payload.downcast_ref::<&str>().map(|text| (*text).into());
        message.unwrap_or_else(|| "no text".into())
    })
}

fn word(offset: usize) -> Result<usize, String> {
    told(move || Register::<Nvme, u32, ReadWrite>::at(black_box(offset)).offset())
}

fn double(offset: usize) -> Result<usize, String> {
    told(move || Register::<Nvme, u64, ReadWrite>::at(black_box(offset)).offset())
}

#[test]
fn a_register_right_before_the_block_cannot_be_described() {
    let refused = |why: &str| Err(why.to_owned());
    let outside = refused("register outside the block");
    assert_eq!(
        [word(usize::MAX - 3), double(usize::MAX - 7)],
        [outside.clone(), outside.clone()]
    );
    assert_eq!([word(0x1000), double(0x1000)], [outside.clone(), outside]);
    assert_eq!(double(0xFFC), refused("misaligned register"));
    assert_eq!(
        word(0x2C),
        refused("a guarded register: use the layout's function")
    );
    assert_eq!(double(0x18), Ok(0x18));
}
