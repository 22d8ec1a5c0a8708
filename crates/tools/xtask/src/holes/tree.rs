//! The copy of the workspace into which holes are put. The workspace itself is never changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Hole;
use crate::cargo::{cargo, tracked};
use crate::error::Error;
use crate::workspace::Workspace;

/// The copy of the workspace. It has at most one hole at a time.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    build: PathBuf,
    logs: PathBuf,
    /// The files that the present hole changed, with their texts before the change.
    changed: Vec<(PathBuf, String)>,
}

impl Tree {
    /// Makes or updates the copy below the build directory, so that it contains the tracked files as they are on disk
    /// now.
    pub(crate) fn copy(workspace: &Workspace) -> Result<Self, Error> {
        let home = workspace.target("holes");
        let tree = Tree {
            root: home.join("tree"),
            build: home.join("build"),
            logs: home.join("logs"),
            changed: Vec::new(),
        };
        fs::create_dir_all(&tree.logs).map_err(Error::io("create", &tree.logs))?;
        let mut files = BTreeSet::new();
        for name in tracked(workspace, "*")? {
            let (from, to) = (workspace.root().join(&name), tree.root.join(&name));
            copy_if_changed(&from, &to)?;
            files.insert(to);
        }
        remove_others(&tree.root, &files)?;
        Ok(tree)
    }

    /// Puts `hole` into the copy. If the copy contains another hole, takes that hole out first.
    pub(crate) fn put(&mut self, hole: &Hole) -> Result<(), Error> {
        self.mend()?;
        let read = |path: &str| {
            let path = self.root.join(path);
            fs::read_to_string(&path).map_err(Error::io("read", &path))
        };
        let changed = hole.apply(read)?;
        for (path, text) in changed {
            let path = self.root.join(path);
            let before = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
            self.changed.push((path.clone(), before));
            fs::write(&path, text).map_err(Error::io("write", &path))?;
        }
        Ok(())
    }

    /// Takes the present hole out of the copy, if there is one.
    pub(crate) fn mend(&mut self) -> Result<(), Error> {
        for (path, text) in self.changed.drain(..) {
            fs::write(&path, text).map_err(Error::io("write", &path))?;
        }
        Ok(())
    }

    /// Returns a command that runs cargo on the copy.
    pub(crate) fn cargo(&self, workspace: &Workspace, subcommand: &str) -> Command {
        let mut command = cargo(workspace, subcommand);
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.build)
            // For each hole cargo rebuilds the same crates with only a few changed lines, so incremental compilation
            // saves time.
            .env("CARGO_INCREMENTAL", "1")
            // A hole can leave code unused, which must not fail the build.
            .env("RUSTFLAGS", "-Awarnings");
        command
    }

    /// Returns the path of the file for the output of `run`.
    pub(crate) fn log(&self, run: &str) -> PathBuf {
        self.logs.join(run.replace(['/', ':'], "-") + ".log")
    }
}

/// Copies a file if its contents differ. Cargo rebuilds a crate if a file has a new time stamp, so a copy that is up
/// to date stays untouched.
fn copy_if_changed(from: &Path, to: &Path) -> Result<(), Error> {
    let wanted = fs::read(from).map_err(Error::io("read", from))?;
    if fs::read(to).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    fs::write(to, wanted).map_err(Error::io("write", to))
}

/// Removes the files below `folder` that are not in `files`. They are left from an earlier run and no longer tracked.
fn remove_others(folder: &Path, files: &BTreeSet<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        if path.is_dir() {
            remove_others(&path, files)?;
        } else if !files.contains(&path) {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

impl Drop for Tree {
    fn drop(&mut self) {
        // An error does no harm here: the next `copy` compares the contents and repairs the files.
        let _ = self.mend();
    }
}
