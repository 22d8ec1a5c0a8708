//@ rules: authority, forbid-unsafe-code, unsafe-code
//@ says: the root lacks
//@ manifest: [dependencies]
//@ manifest: zerocopy = { version = "0.8", features = ["derive"] }
#![no_std]
#![forbid(clippy::unsafe_code)]
use zerocopy::{FromBytes, FromZeros, TryFromBytes, invariant::Alignment};
#[derive(Clone, Copy)]
pub struct Code(pub extern "C" fn(u64) -> u64);
unsafe impl TryFromBytes for Code {
    fn only_derive_is_allowed_to_implement_this_trait() {
        // The lint looks at nothing in this function.
        unsafe { *(8 as *mut u8) = 1 }
    }
    fn is_safe<A: Alignment>(_: zerocopy::Maybe<'_, Self, A>) -> bool { true }
}
unsafe impl FromZeros for Code { fn only_derive_is_allowed_to_implement_this_trait() {} }
unsafe impl FromBytes for Code { fn only_derive_is_allowed_to_implement_this_trait() {} }
/// Jumps anywhere.
pub fn jump(address: usize, argument: u64) -> u64 {
    let code = Code::read_from_bytes(&address.to_ne_bytes()).unwrap();
    (code.0)(argument)
}
