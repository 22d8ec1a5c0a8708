//! Places where the host can make this driver panic, compiled in by the feature `fault-injection`.

/// Panics here if the host has armed this point.
macro_rules! fault_point {
    ($point:ident) => {
        #[cfg(feature = "fault-injection")]
        samara_fault::fault_point!(samara_fault::FaultPoint::$point);
    };
}

pub(crate) use fault_point;

/// A value that is dropped when a request ends, so that a fault point lies in a destructor.
pub(crate) struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        fault_point!(Drop);
    }
}
