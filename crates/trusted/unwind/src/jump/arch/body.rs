//! The function inside a boundary, as the assembly calls it.

/// The function that a boundary runs.
pub(in crate::jump) type Body = unsafe extern "C" fn(*mut ());
