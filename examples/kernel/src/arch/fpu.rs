//! The floating-point and vector state of interrupted code.

/// The floating-point and vector state in the layout of `fxsave64` (Intel SDM volume 1, table 10-2).
#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub(crate) struct FpuState([u8; 512]);

impl FpuState {
    /// The state that the ABI prescribes for new code: all exceptions masked, round to nearest, 64-bit precision,
    /// registers empty.
    pub(crate) const DEFAULT: Self = {
        let mut bytes = [0; 512];
        let control = 0x037f_u16.to_le_bytes();
        (bytes[0], bytes[1]) = (control[0], control[1]);
        let mxcsr = 0x1f80_u16.to_le_bytes();
        (bytes[24], bytes[25]) = (mxcsr[0], mxcsr[1]);
        Self(bytes)
    };
}
