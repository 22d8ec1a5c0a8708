//! The static checks: of documents, of domains (by `samara-domain-check`), of the kernel's unwind tables, and of the
//! uses between files of trusted crates.

#[cfg(all(test, target_arch = "x86_64"))]
pub(crate) mod fixture;
#[cfg(target_arch = "x86_64")]
mod tables;

use std::env;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::Command;

use samara_domain_check::{Build, Review, Reviewed, Source, check_domain, check_sysroot};

use crate::cargo::{self, LIMIT};
use crate::documents;
use crate::error::Error;
use crate::imports::Imports;
use crate::kernel::{self, Flavor};
use crate::tally::Tally;
use crate::workspace::Workspace;
use samara_process::Job;
use samara_process::step;

/// Crates of the workspace that belong to the host, with the reasons. The kernel is linked with these crates, and
/// they are not domains. Every other crate of the workspace with which the kernel is linked counts as a domain,
/// unless it was reviewed as a part of domains.
const HOSTS: &[(&str, &str)] = &[
    ("samara", "the facade, with the host's authority"),
    ("samara-symbols", "the kernel's reader of its own symbols"),
    (
        "samara-serial-protocol",
        "the kernel's messages to xtask, printed by the host",
    ),
    (
        "samara-testkit",
        "causes the faults by which the demo crashes its domains",
    ),
];

/// The root files of the crates that a host trusts, and of the reference kernel.
const TRUSTED: &[&str] = &[
    "shared-heap/src/lib.rs",
    "rref/src/lib.rs",
    "domain-runtime/src/lib.rs",
    "proxy/src/lib.rs",
    "crates/trusted/unwind/src/lib.rs",
    "crates/trusted/device-io/src/lib.rs",
    "crates/trusted/device-tables/src/lib.rs",
    "crates/hosts/std/src/lib.rs",
    "examples/kernel/src/main.rs",
];

/// The largest number of files that may use each other in a circle. A circle of two files is allowed, because a type
/// and its counterpart may use each other.
const LARGEST_CIRCLE: usize = 2;

/// Runs all static checks. Prints and counts each as a test.
pub(crate) fn run(workspace: &Workspace, tally: &mut Tally) -> Result<(), Error> {
    step("static checks on documents");
    for (title, findings) in documents::check(workspace)? {
        report(tally, &title, &findings);
    }
    let metadata = cargo::metadata(workspace)?;
    // The checks read the objects of the kernel that the demo boots, with the fault points that are compiled into it.
    let kernel = kernel::build(workspace, Flavor::Demo)?;
    step("static checks on domains");
    let target = workspace.target(kernel::TARGET_DIR);
    let build = Build::new(metadata, kernel.artifacts, target);
    let review = Review::samara(&Source::Member);
    let capture = |what: &str, command: Command| {
        let output = Job::new(what, command, LIMIT).capture();
        output.map_err(|error| error.to_string())
    };
    let hosts = HOSTS
        .iter()
        .map(|(name, reason)| Reviewed::trusted(*name, Source::Member, *reason));
    let domains = build.domains(&review, &hosts.collect::<Vec<_>>());
    let none = domains
        .is_empty()
        .then_some("no library of the build is a domain; check that this is the kernel's build and that HOSTS does not name all its crates");
    report(
        tally,
        &format!("the kernel is linked with {} domains", domains.len()),
        none.as_slice(),
    );
    for domain in domains {
        for part in check_domain(&build, &review, domain, &capture) {
            report(tally, &part.title, &part.findings);
        }
    }
    // The checks of tables use the runtime's own reader of tables, which exists only for this architecture.
    #[cfg(target_arch = "x86_64")]
    {
        report(
            tally,
            "unwind tables cover all code of the kernel",
            &tables::uncovered(&kernel.elf, tables::NAMED),
        );
        let (calls, findings) = tables::uncaught(&kernel.elf);
        report(
            tally,
            &format!("all {calls} calls of domains in the kernel keep their landing pads"),
            &findings,
        );
    }
    for root in TRUSTED {
        let imports = Imports::of(&workspace.root().join(root)).map_err(|error| Error::Output {
            what: format!("the imports of {root}"),
            problem: error.to_string(),
        })?;
        let mut circles = imports.circles();
        circles.retain(|circle| circle.len() > LARGEST_CIRCLE);
        report(
            tally,
            &format!("no more than {LARGEST_CIRCLE} files of {root} use each other in a circle"),
            &circles,
        );
    }
    for (name, findings) in check_sysroot(&sysroot(workspace)?, &review) {
        report(tally, &format!("{name} has no writable statics"), &findings);
    }
    Ok(())
}

fn report(tally: &mut Tally, name: &str, findings: &[impl Display]) {
    tally.report(format_args!("check {name}"), findings.is_empty());
    for finding in findings {
        println!("    {finding}");
    }
}

/// Returns the directory of the compiler's own libraries.
fn sysroot(workspace: &Workspace) -> Result<PathBuf, Error> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(workspace.root());
    command.args(["--print", "target-libdir"]);
    let directory = Job::new("asking rustc for its libraries", command, LIMIT).capture()?;
    Ok(PathBuf::from(directory.trim_end()))
}
