//! Counts for the crates that a kernel trusts: lines of code, and `unsafe` keywords.

use std::fmt;
use std::path::Path;

use super::source::{Source, sources};
use crate::error::Error;
use crate::workspace::Workspace;

/// The names and folders of the trusted crates: the isolation core, and crates that a kernel can add.
const CRATES: &[(&str, &str)] = &[
    ("samara-shared-heap", "shared-heap/src"),
    ("samara-rref", "rref/src"),
    ("samara-rref-derive", "rref/derive/src"),
    ("samara-domain-runtime", "domain-runtime/src"),
    ("samara-proxy", "proxy/src"),
    ("samara-proxy-macros", "proxy/macros/src"),
    ("samara-unwind", "crates/trusted/unwind/src"),
    ("samara-device-io", "crates/trusted/device-io/src"),
    ("samara-device-tables", "crates/trusted/device-tables/src"),
];

/// Crates that are trusted beside those that a kernel links: the check of domains, which runs while the kernel is built,
/// and the host of hosted programs. They do not count for the sum.
const BESIDE: &[(&str, &str)] = &[
    (
        "samara-domain-check, at build time",
        "crates/tools/domain-check/src",
    ),
    (
        "samara-host-std, for hosted programs",
        "crates/hosts/std/src",
    ),
];

/// The counts of a crate, or of all crates together.
#[derive(Debug, Default)]
pub(crate) struct CrateCount {
    name: &'static str,
    files: usize,
    unsafe_files: usize,
    lines: usize,
    unsafe_sites: usize,
}

/// Shows the counts as a row of the table in `README.md`.
impl fmt::Display for CrateCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            files,
            unsafe_files,
            lines,
            unsafe_sites,
        } = self;
        write!(
            f,
            "| {name} | {lines} | {unsafe_sites} | {unsafe_files} of {files} |"
        )
    }
}

/// Counts each trusted crate, all of them together, and the crates beside them.
pub(crate) fn count_crates(workspace: &Workspace) -> Result<Vec<CrateCount>, Error> {
    let count = |&(name, folder)| CrateCount::of(name, &workspace.root().join(folder));
    let mut counts: Vec<_> = CRATES.iter().map(count).collect::<Result<_, _>>()?;
    let mut all = CrateCount {
        name: "all",
        ..CrateCount::default()
    };
    for count in &counts {
        all.files += count.files;
        all.unsafe_files += count.unsafe_files;
        all.lines += count.lines;
        all.unsafe_sites += count.unsafe_sites;
    }
    counts.push(all);
    for beside in BESIDE {
        counts.push(count(beside)?);
    }
    Ok(counts)
}

impl CrateCount {
    fn of(name: &'static str, folder: &Path) -> Result<Self, Error> {
        let mut count = Self {
            name,
            ..Self::default()
        };
        for file in sources(folder)? {
            let source = Source::read(&file)?;
            count.files += 1;
            count.unsafe_files += usize::from(source.unsafe_sites > 0);
            count.lines += source.lines;
            count.unsafe_sites += source.unsafe_sites;
        }
        Ok(count)
    }
}
