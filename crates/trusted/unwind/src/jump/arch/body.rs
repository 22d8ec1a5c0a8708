//! The code above a boundary, as assembly calls it.

/// What a boundary runs.
pub(in crate::jump) type Body = unsafe extern "C" fn(*mut ());
