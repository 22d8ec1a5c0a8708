//! Fault points: places where the host can make this driver panic. The feature `fault-injection` compiles them in.

/// Panics here if the host has armed this point.
macro_rules! fault_point {
    ($point:ident) => {
        #[cfg(feature = "fault-injection")]
        samara_fault::fault_point!(samara_fault::FaultPoint::$point);
    };
}

pub(crate) use fault_point;

/// A value that each request drops when it ends. Its destructor holds a fault point.
pub(crate) struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        fault_point!(Drop);
    }
}
