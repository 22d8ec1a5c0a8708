//! Fault points: places where the host can make this driver die. The feature `fault-injection` compiles them in.

/// Dies here if the host has armed this point.
macro_rules! fault_point {
    ($point:ident) => {
        #[cfg(feature = "fault-injection")]
        samara_fault::fault_point!(samara_fault::FaultPoint::$point);
    };
}

pub(crate) use fault_point;
