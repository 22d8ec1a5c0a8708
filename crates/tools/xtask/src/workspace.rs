//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// The checkout that this command works on.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The workspace of which this crate is a member.
    pub(crate) fn locate() -> Self {
        // Cargo tells at run time; the path of compile time serves a binary that was started by hand.
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

    /// The directory of the workspace's manifest.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the build directory, which nothing but builds and these commands writes to.
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
