//! The source of `core` for a target.
//!
//! If rustup has installed the target, its `core` is prebuilt. Else `core` is built from source: that of rustup's
//! `rust-src` component, or of Debian's package of the same version, unpacked below the build directory. Such a build
//! uses cargo's `build-std`, which needs `RUSTC_BOOTSTRAP=1`. This switches unstable features on for every crate,
//! whereas the kernel's build switches them on for one crate.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use samara_process::Job;
use samara_provision::packages::Packages;

use crate::error::Error;
use crate::workspace::Workspace;

/// The Debian suite whose `rust-src` has the version of the pinned compiler.
const SUITE: &str = "trixie-backports";

/// The longest time that `rustc` may take to answer a question.
const ASK_LIMIT: Duration = Duration::from_secs(60);

/// The `core` that the builds use.
#[derive(Debug)]
pub(super) struct CoreSource {
    sysroot: PathBuf,
    /// The path of the standard library's sources, if they are not where cargo looks for them.
    library: Option<PathBuf>,
}

impl CoreSource {
    /// Finds `core` for all `targets`. If the source is needed and rustup has not installed it, unpacks Debian's.
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
                    "{error}; type `rustup target add {}`, and run this command again",
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

    /// Adds to the build command for `target` the arguments and the environment by which cargo finds `core`.
    pub(super) fn apply(&self, command: &mut Command, target: &str) {
        if self.is_prebuilt(target) {
            return;
        }
        command.arg("-Zbuild-std=core").env("RUSTC_BOOTSTRAP", "1");
        if let Some(library) = &self.library {
            // This variable is meant for cargo's own tests. Without it, the source would have to be put into the
            // user's toolchain.
            command.env("__CARGO_TESTS_ONLY_SRC_ROOT", library);
        }
    }
}

fn ask(program: &str, arguments: &[&str]) -> Result<String, Error> {
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(Job::new(format!("asking {program}"), command, ASK_LIMIT).capture()?)
}

/// Unpacks Debian's `rust-src` of the compiler's version. Returns the directory of the standard library in the
/// package.
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
