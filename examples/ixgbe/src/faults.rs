//! Places where the host can make this driver panic, compiled in by the feature `fault-injection`.

/// Panics here if the host has armed this point.
macro_rules! fault_point {
    ($point:ident) => {
        #[cfg(feature = "fault-injection")]
        if samara_fault::should_fire(samara_fault::FaultPoint::$point) {
            panic!("injected fault {}", samara_fault::FaultPoint::$point.name());
        }
    };
}

pub(crate) use fault_point;
