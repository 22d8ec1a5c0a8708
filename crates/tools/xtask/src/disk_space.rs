//! The room that builds take on disk: a full one ends a linker in the middle, with a message of its own
//! that is easy to miss among others.

use std::fs;

use rustix::fs::statvfs;

use crate::workspace::Workspace;
use samara_process::note;

/// What everything that is built from a fresh clone takes, in bytes, as measured, and half as much again.
const WHOLE: u64 = 8 << 30;

/// Says so if there may be too little room for a first build. What is built already needs less, so that
/// this is no error.
pub(crate) fn tell(workspace: &Workspace) {
    if let Some(free) = free(workspace)
        && let Some(remark) = remark(free)
    {
        note(remark);
    }
}

/// Bytes that builds may still write; `None` if the system does not tell.
fn free(workspace: &Workspace) -> Option<u64> {
    let target = workspace.target("");
    // Where it will be, before the first build by another name.
    let place = fs::canonicalize(target).unwrap_or_else(|_| workspace.root().to_owned());
    let system = statvfs(&place).ok()?;
    system.f_bavail.checked_mul(system.f_frsize)
}

fn remark(free: u64) -> Option<String> {
    (free < WHOLE).then(|| {
        format!(
            "only {} MiB are free where builds go, and a first run takes {} MiB: if one of them says that no \
             space is left, `cargo clean` gives back what older ones take",
            free >> 20,
            WHOLE >> 20
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{WHOLE, free, remark};
    use crate::workspace::Workspace;

    #[test]
    fn room_is_told_of_only_if_there_is_little() {
        assert!(free(&Workspace::locate()).is_some_and(|bytes| bytes > 0));
        assert_eq!(remark(WHOLE), None);
        let remark = remark(287 << 20).expect("too little");
        assert!(
            remark.contains("287 MiB") && remark.contains("cargo clean"),
            "{remark}"
        );
    }
}
