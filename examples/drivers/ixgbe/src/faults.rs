//! Places where the host can make this driver die, compiled in by the feature `fault-injection`.

/// Dies here if the host has armed this point.
macro_rules! fault_point {
    ($point:ident) => {
        #[cfg(feature = "fault-injection")]
        samara_fault::fault_point!(samara_fault::FaultPoint::$point);
    };
}

pub(crate) use fault_point;
