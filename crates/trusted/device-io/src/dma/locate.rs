//! Where bytes of an object are for the device.

use super::refused::Refused;
use crate::pci::PciFunction;

/// Where bytes of an object at address `object` are, for the device, and their length.
///
/// # Errors
///
/// [`Refused`] if they are none of the object's own, or the device can't reach them.
#[inline]
pub(crate) fn locate<D, T>(
    function: &PciFunction<D>,
    linear: Option<u64>,
    object: usize,
    chosen: &mut [u8],
) -> Result<(u64, usize), Refused> {
    let (at, length) = (chosen.as_mut_ptr(), chosen.len());
    // Bytes of the object itself, which are plain since safe code can see them as such.
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
