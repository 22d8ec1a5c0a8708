//! The paths of the workspace.

use std::env;
use std::path::{Path, PathBuf};

/// The workspace that the commands work on.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Finds the workspace of which this crate is a member.
    pub(crate) fn locate() -> Self {
        // Cargo sets the variable when it starts the program. A binary that was started by hand uses the path from
        // compile time.
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .filter(|path| path.ends_with("crates/tools/xtask"))
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let root = package.ancestors().nth(3).unwrap_or(&package).to_owned();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(path) => root.join(path),
            None => root.join("target"),
        };
        Workspace { root, target }
    }

    /// Returns the directory of the workspace's manifest.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns a path below the build directory. Only builds and the commands of xtask write there.
    pub(crate) fn target(&self, below: &str) -> PathBuf {
        self.target.join(below)
    }
}

#[cfg(test)]
mod tests {
    use super::Workspace;

    #[test]
    fn the_root_has_the_workspace_manifest() {
        let workspace = Workspace::locate();
        assert!(workspace.root().join("Cargo.toml").is_file());
        assert!(workspace.root().join("crates/tools/xtask").is_dir());
    }
}
