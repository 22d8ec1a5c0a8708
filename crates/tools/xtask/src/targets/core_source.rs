//! Where `core` for a target comes from.
//!
//! Prebuilt, if rustup has installed the target. Else it is built from its source: rustup's
//! `rust-src` component, or Debian's package of the same version, unpacked below the build directory.
//! That needs cargo's `build-std`, so `RUSTC_BOOTSTRAP` for these builds: the one exception to naming
//! the crates that get unstable features.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use samara_process::Job;
use samara_provision::packages::Packages;

use crate::error::Error;
use crate::workspace::Workspace;

/// The Debian suite that has this compiler's source.
const SUITE: &str = "trixie-backports";

/// A quick question to a program.
const ASK_LIMIT: Duration = Duration::from_secs(60);

/// What the builds use.
#[derive(Debug)]
pub(super) struct CoreSource {
    sysroot: PathBuf,
    /// The standard library's workspace, if it is not where cargo looks for it.
    library: Option<PathBuf>,
}

impl CoreSource {
    /// Finds what all `targets` need, fetching it first where it is missing.
    pub(super) fn provide(workspace: &Workspace, targets: &[&str]) -> Result<Self, Error> {
        let mut source = CoreSource {
            sysroot: PathBuf::from(ask("rustc", &["--print", "sysroot"])?.trim()),
            library: None,
        };
        let component = source.sysroot.join("lib/rustlib/src/rust/library");
        if !targets.iter().all(|target| source.is_prebuilt(target)) && !component.is_dir() {
            let found = debian(workspace).map_err(|error| Error::Output {
                what: "finding `core` for the small targets".into(),
                problem: format!(
                    "{error}; type `rustup target add {}` and try again",
                    targets.join(" ")
                ),
            })?;
            source.library = Some(found);
        }
        Ok(source)
    }

    fn is_prebuilt(&self, target: &str) -> bool {
        let libraries = self.sysroot.join("lib/rustlib").join(target).join("lib");
        libraries.is_dir()
    }

    /// Adds to a build for `target` what makes it find `core`.
    pub(super) fn apply(&self, command: &mut Command, target: &str) {
        if self.is_prebuilt(target) {
            return;
        }
        command.arg("-Zbuild-std=core").env("RUSTC_BOOTSTRAP", "1");
        if let Some(library) = &self.library {
            // Cargo's own tests use this to put the source elsewhere; else it would have to go into
            // the toolchain, which is not ours.
            command.env("__CARGO_TESTS_ONLY_SRC_ROOT", library);
        }
    }
}

fn ask(program: &str, arguments: &[&str]) -> Result<String, Error> {
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(Job::new(format!("asking {program}"), command, ASK_LIMIT).capture()?)
}

/// The library of Debian's `rust-src` of this compiler's version.
fn debian(workspace: &Workspace) -> Result<PathBuf, Error> {
    let version = ask("rustc", &["--version"])?;
    let version = version.split(' ').nth(1).unwrap_or_default();
    let package = format!("rust-src={version}*");
    let packages = Packages {
        names: &[&package],
        suites: &[SUITE],
        with_dependencies: false,
        size: "45 MB",
    };
    let tree = packages.unpacked(&workspace.target("rust-src").join(version))?;
    let library = tree.join(format!("usr/src/rustc-{version}/library"));
    if library.is_dir() {
        return Ok(library);
    }
    Err(Error::Output {
        what: "Debian's rust-src".into(),
        problem: format!("{} is missing", library.display()),
    })
}
