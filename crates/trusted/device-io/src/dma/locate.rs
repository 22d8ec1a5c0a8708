//! Finds the bus address of an object's bytes.

use super::refused::Refused;
use crate::pci::PciFunction;

/// Returns the bus address and the length of `chosen`, which are bytes of an object at address `object`.
///
/// # Errors
///
/// [`Refused`] if `chosen` is empty or lies outside the object, or if the device can't reach the bytes.
#[inline]
pub(crate) fn locate<D, T>(
    function: &PciFunction<D>,
    linear: Option<u64>,
    object: usize,
    chosen: &mut [u8],
) -> Result<(u64, usize), Refused> {
    let (at, length) = (chosen.as_mut_ptr(), chosen.len());
    // The bytes must lie in the object itself. They are plain data, because safe code made a `&mut [u8]` of them.
    let inside = at.addr().wrapping_sub(object);
    if length == 0 || inside > size_of::<T>() || length > size_of::<T>() - inside {
        return Err(Refused::Empty);
    }
    let bus = match linear {
        Some(offset) => (at.expose_provenance() as u64).wrapping_add(offset),
        None => function
            .bus_address(at, length)
            .ok_or(Refused::Unreachable)?,
    };
    Ok((bus, length))
}
