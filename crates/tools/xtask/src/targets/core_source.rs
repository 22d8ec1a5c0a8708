//! Where `core` for a target comes from.
//!
//! Prebuilt, if rustup has installed the target. Else it is built from its source: rustup's
//! `rust-src` component, or Debian's package of the same version, unpacked below the build directory.
//! That needs cargo's `build-std`, so `RUSTC_BOOTSTRAP` for these builds: the one exception to naming
//! the crates that get unstable features.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::Error;
use crate::process::Job;
use crate::progress::{note, step};
use crate::qemu;
use crate::workspace::Workspace;

/// The Debian suite that has this compiler's source.
const SUITE: &str = "trixie-backports";

/// Longest that fetching and unpacking the source may take, each.
const FETCH_LIMIT: Duration = Duration::from_secs(10 * 60);

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
    Job::new(format!("asking {program}"), command, ASK_LIMIT).capture()
}

/// The library of Debian's `rust-src` of this compiler's version.
fn debian(workspace: &Workspace) -> Result<PathBuf, Error> {
    let version = ask("rustc", &["--version"])?;
    let version = version.split(' ').nth(1).unwrap_or_default().to_owned();
    let home = workspace.target("rust-src").join(&version);
    let tree = home.join("tree");
    let library = tree.join(format!("usr/src/rustc-{version}/library"));
    if !library.is_dir() {
        unpack(&home, &tree, &version)?;
    }
    if library.is_dir() {
        return Ok(library);
    }
    Err(Error::Output {
        what: "Debian's rust-src".into(),
        problem: format!("{} is missing", library.display()),
    })
}

fn unpack(home: &Path, tree: &Path, version: &str) -> Result<(), Error> {
    step(format_args!(
        "unpacking Debian's rust-src {version} below {}: nothing is installed (45 MB to download)",
        home.display()
    ));
    let configuration = qemu::private_apt(home)?;
    // The machine's own mirror, whatever it is called; another suite of it.
    let targets = ask("apt-get", &["indextargets", "--format", "$(SITE)"])?;
    let site = targets
        .lines()
        .find(|site| site.trim_end_matches('/').ends_with("/debian"))
        .ok_or_else(|| Error::Output {
            what: "apt's sources".into(),
            problem: "there is no mirror of Debian among them".into(),
        })?;
    let list = home.join("sources.list");
    let line = format!("deb {site} {SUITE} main\n");
    fs::write(&list, line).map_err(Error::io("write", &list))?;
    let apt = |what: &str, arguments: &[&str]| {
        let mut command = qemu::apt_get(arguments);
        command
            .arg("-c")
            .arg(&configuration)
            .arg("-o")
            .arg(format!("Dir::Etc::SourceList={}", list.display()))
            .args(["-o", "Dir::Etc::SourceParts=-"])
            .current_dir(home);
        Job::new(what, command, FETCH_LIMIT).run()
    };
    apt("apt-get update", &["update"])?;
    let package = format!("rust-src={version}*");
    apt("downloading rust-src", &["download", &package])?;

    let partial = home.join("tree.partial");
    for old in [&partial, &tree.to_owned()] {
        if old.exists() {
            fs::remove_dir_all(old).map_err(Error::io("remove", old))?;
        }
    }
    for archive in qemu::packages(home)? {
        note(format_args!("unpacking {}", archive.display()));
        let mut command = Command::new("dpkg-deb");
        command.arg("-x").arg(&archive).arg(&partial);
        Job::new("unpacking rust-src", command, FETCH_LIMIT).run()?;
        // Of no more use; a failure to remove it does no harm.
        let _ = fs::remove_file(&archive);
    }
    fs::rename(&partial, tree).map_err(Error::io("rename", &partial))
}
