//! `cargo xtask ci`: runs all checks that must pass before a change is merged.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{run, targets, test};
use crate::cargo::{self, LIMIT, cargo};
use crate::cli::{Drivers, RunArgs, TestArgs};
use crate::error::Error;
use crate::kernel::{self, Flavor};
use crate::rendered_docs;
use crate::tally::Tally;
use crate::workspace::Workspace;
use samara_process::Job;
use samara_process::{note, step};

/// Runs all checks, the quick ones first, and stops at the first failure.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    let mut tally = Tally::default();
    let mut times = Times::default();
    times.measure("the lock file", || lock_file(workspace))?;
    times.measure("formatting", || format(workspace))?;
    times.measure("clippy", || clippy(workspace))?;
    times.measure("clippy on the kernel", || clippy_kernel(workspace))?;
    times.measure("documentation", || documentation(workspace))?;
    times.measure("packaging", || packaging(workspace))?;
    times.measure("tests", || tests(workspace, &mut tally))?;
    times.measure("small targets", || targets::all(workspace, &mut tally))?;
    times.measure("the demo", || run::run(workspace, &RunArgs::default()))?;
    let virtio = RunArgs {
        driver: Drivers::Virtio,
        ..RunArgs::default()
    };
    times.measure("the demo on virtio's devices", || {
        run::run(workspace, &virtio)
    })?;
    for (name, time) in times.0 {
        note(format_args!("{name}: {:.0} s", time.as_secs_f64()));
    }
    println!("{tally}");
    Ok(())
}

/// How long each step took.
#[derive(Debug, Default)]
struct Times(Vec<(&'static str, Duration)>);

impl Times {
    fn measure(
        &mut self,
        name: &'static str,
        check: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        step(format_args!("ci: {name}"));
        let start = Instant::now();
        check()?;
        self.0.push((name, start.elapsed()));
        Ok(())
    }
}

/// Checks that the lock file fits the manifests. Otherwise the first build of a fresh clone would change it.
fn lock_file(workspace: &Workspace) -> Result<(), Error> {
    let mut command = cargo(workspace, "metadata");
    command.args(["--locked", "--format-version", "1"]);
    let what = "checking Cargo.lock (to repair it, run any build and commit the file)";
    Job::new(what, command, LIMIT).capture()?;
    Ok(())
}

fn format(workspace: &Workspace) -> Result<(), Error> {
    let mut command = cargo(workspace, "fmt");
    command.args(["--all", "--check"]);
    Job::new(
        "cargo fmt --check (to repair, run cargo fmt --all)",
        command,
        LIMIT,
    )
    .run()?;
    Ok(())
}

fn clippy(workspace: &Workspace) -> Result<(), Error> {
    let mut command = cargo(workspace, "clippy");
    command.arg("--all-targets");
    deny_warnings("clippy", command)?;
    // The models are not among the workspace's default members, so the command names them. This is a separate call
    // because the loom crates contain the sources of the core, and must not be built together with the core's own
    // crates.
    let mut command = cargo(workspace, "clippy");
    command.arg("--all-targets");
    for package in test::MODELS {
        command.args(["-p", package]);
    }
    command.args(["-p", "samara-loom-primitives"]);
    deny_warnings("clippy on the models", command)
}

/// Checks both flavors of the kernel, because each has code that the other leaves out. Checks the unwinder too.
fn clippy_kernel(workspace: &Workspace) -> Result<(), Error> {
    for flavor in [Flavor::Demo, Flavor::Tests] {
        let mut command = cargo(workspace, "clippy");
        kernel::configure(workspace, &mut command, flavor);
        deny_warnings("clippy on the kernel", command)?;
    }
    let mut command = cargo(workspace, "clippy");
    command.args(["--all-targets", "--release"]);
    kernel::configure_unwinder(workspace, &mut command);
    deny_warnings("clippy on the kernel's unwinder", command)
}

fn deny_warnings(what: &str, mut command: Command) -> Result<(), Error> {
    command.args(["--", "--deny", "warnings"]);
    Job::new(what, command, LIMIT).run()?;
    Ok(())
}

fn tests(workspace: &Workspace, tally: &mut Tally) -> Result<(), Error> {
    let all = test::all(workspace, &TestArgs::default());
    if all.failed == 0 {
        tally.add(all);
        return Ok(());
    }
    all.tell_failures();
    println!("{all}");
    Err(Error::Checks {
        failed: all.failed,
        of: format!("{} tests", all.sum()),
    })
}

/// Packages, each with the sets of features with which adopters build it. The set that docs.rs shows is not listed.
const ADOPTED: &[(&str, &[&str])] = &[
    ("samara", &[]),
    ("samara", &["--no-default-features"]),
    ("samara", &["--features", "jump"]),
    ("samara-domain", &["--no-default-features"]),
    ("samara-domain-runtime", &[]),
    ("samara-domain-runtime", &["--no-default-features"]),
    ("samara-proxy", &["--no-default-features"]),
    ("samara-shared-heap", &["--features", "small"]),
    ("samara-unwind", &[]),
    ("samara-unwind", &["--features", "std"]),
    ("samara-unwind", &["--features", "jump"]),
];

/// Renders the documentation of all crates at once, then that of the kernel, of the unwinder, and of each published
/// crate alone. A published crate is rendered with each set of features that adopters build, and with the set that
/// docs.rs shows. Fails if a link is broken or is left as text.
fn documentation(workspace: &Workspace) -> Result<(), Error> {
    let metadata = cargo::metadata(workspace)?;
    let published = metadata.published();
    let library = |package: &str| package.replace('-', "_");
    let doc = workspace.target("doc");
    let doc_of = |package: &str, features: &[&str]| {
        let mut command = cargo(workspace, "doc");
        command.args(["--package", package]).args(features);
        (command, doc.clone(), vec![library(package)])
    };
    let mut sets = Vec::new();
    let all = published.iter().map(|package| library(&package.name));
    let all: Vec<_> = all.collect();
    let private = metadata.unpublished();
    let private = private.iter().map(|package| library(package));
    let ours: Vec<_> = all.iter().cloned().chain(private).collect();
    sets.push((cargo(workspace, "doc"), doc.clone(), all));

    let mut command = cargo(workspace, "doc");
    kernel::configure(workspace, &mut command, Flavor::Demo);
    let pages = workspace.target(kernel::TARGET_DIR).join("doc");
    sets.push((command, pages, vec![library(kernel::PACKAGE)]));

    let mut command = cargo(workspace, "doc");
    kernel::configure_unwinder(workspace, &mut command);
    let pages = workspace.target(kernel::UNWINDER_TARGET_DIR).join("doc");
    sets.push((command, pages, vec![library("samara-unwind")]));

    sets.extend(ADOPTED.iter().map(|(name, set)| doc_of(name, set)));
    sets.extend(published.iter().map(|package| {
        let features = package.documented_features.join(",");
        doc_of(&package.name, &["--features", &features])
    }));
    let mut left_as_text = 0;
    let mut pages = 0;
    for (mut command, folder, crates) in sets {
        rendered_docs::clear(&folder, &crates, &ours)?;
        command.arg("--no-deps");
        command.env("RUSTDOCFLAGS", "--deny warnings");
        Job::new("cargo doc", command, LIMIT).run()?;
        let findings = rendered_docs::unresolved(&folder, &crates)?;
        for finding in &findings {
            note(format_args!(
                "{finding}: give it a target that exists in this set of features"
            ));
        }
        left_as_text += findings.len() as u64;
        pages += crates.len();
    }
    if left_as_text == 0 {
        return Ok(());
    }
    Err(Error::Checks {
        failed: left_as_text,
        of: format!("the links on the documentation pages of {pages} crates"),
    })
}

/// Packages the published crates without building them again. Cargo would also package the crates with
/// `publish = false`, so they are excluded by name.
fn packaging(workspace: &Workspace) -> Result<(), Error> {
    let mut command = cargo(workspace, "package");
    command.args(["--workspace", "--no-verify", "--allow-dirty", "--quiet"]);
    let metadata = cargo::metadata(workspace)?;
    for private in metadata.unpublished() {
        command.args(["--exclude", private]);
    }
    Job::new("cargo package", command, LIMIT).run()?;
    Ok(())
}
