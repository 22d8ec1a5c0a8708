//! The copy of the workspace that holes are put into. The workspace itself is never changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Hole;
use crate::cargo::{cargo, tracked};
use crate::error::Error;
use crate::workspace::Workspace;

/// The copy, with the hole that it has at the time.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    build: PathBuf,
    logs: PathBuf,
    /// Files that a hole has changed, as they were.
    changed: Vec<(PathBuf, String)>,
}

impl Tree {
    /// Brings the copy below the build directory up to date with the tracked files, as they are on disk now.
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

    /// Puts `hole` into the copy, in place of the one that it has.
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

    /// Takes the hole out again that the copy has, if it has one.
    pub(crate) fn mend(&mut self) -> Result<(), Error> {
        for (path, text) in self.changed.drain(..) {
            fs::write(&path, text).map_err(Error::io("write", &path))?;
        }
        Ok(())
    }

    /// A cargo command on the copy.
    pub(crate) fn cargo(&self, workspace: &Workspace, subcommand: &str) -> Command {
        let mut command = cargo(workspace, subcommand);
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.build)
            // A crate is built again and again, each time with a line changed.
            .env("CARGO_INCREMENTAL", "1")
            // What a hole leaves unused.
            .env("RUSTFLAGS", "-Awarnings");
        command
    }

    /// The file that the output of `run` goes to.
    pub(crate) fn log(&self, run: &str) -> PathBuf {
        self.logs.join(run.replace(['/', ':'], "-") + ".log")
    }
}

/// Does not touch what is up to date, so that it is not built again.
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

/// Removes files that are tracked no more, left by an earlier run.
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
        // The next copy compares contents anyway.
        let _ = self.mend();
    }
}
