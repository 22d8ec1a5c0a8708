//! Warns before a build if the disk has little free space. On a full disk the linker fails in the middle of its work,
//! and the user may miss its message among the others.

use std::fs;

use rustix::fs::statvfs;

use crate::workspace::Workspace;
use samara_process::note;

/// The free space in bytes that is enough for all builds of a fresh clone: the measured size and half as much again.
const WHOLE: u64 = 8 << 30;

/// Prints a remark if there may be too little space for a first build. This is no error, because later builds need less
/// space.
pub(crate) fn tell(workspace: &Workspace) {
    if let Some(free) = free(workspace)
        && let Some(remark) = remark(free)
    {
        note(remark);
    }
}

/// Returns how many bytes builds can still write. Returns `None` if the system call fails.
fn free(workspace: &Workspace) -> Option<u64> {
    let target = workspace.target("");
    // Before the first build the target directory does not exist. In that case ask for the free space of the
    // workspace's file system.
    let place = fs::canonicalize(target).unwrap_or_else(|_| workspace.root().to_owned());
    let system = statvfs(&place).ok()?;
    system.f_bavail.checked_mul(system.f_frsize)
}

fn remark(free: u64) -> Option<String> {
    (free < WHOLE).then(|| {
        format!(
            "only {} MiB are free for builds, and a first build of everything needs up to {} MiB; if a build reports \
             that no space is left, `cargo clean` frees the space of older builds",
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
    fn a_remark_is_made_only_if_there_is_little_space() {
        assert!(free(&Workspace::locate()).is_some_and(|bytes| bytes > 0));
        assert_eq!(remark(WHOLE), None);
        let remark = remark(287 << 20).expect("287 MiB are too little");
        assert!(
            remark.contains("287 MiB") && remark.contains("cargo clean"),
            "{remark}"
        );
    }
}
