//! Counts for the crates that a kernel trusts: lines of code, and `unsafe` keywords.

use std::fmt;

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

/// Counts each trusted crate, and all of them together.
pub(crate) fn count_crates(workspace: &Workspace) -> Result<Vec<CrateCount>, Error> {
    let mut counts = Vec::new();
    let mut all = CrateCount {
        name: "all",
        ..CrateCount::default()
    };
    for &(name, folder) in CRATES {
        let mut count = CrateCount {
            name,
            ..CrateCount::default()
        };
        for file in sources(&workspace.root().join(folder))? {
            let source = Source::read(&file)?;
            for sum in [&mut count, &mut all] {
                sum.files += 1;
                sum.unsafe_files += usize::from(source.unsafe_sites > 0);
                sum.lines += source.lines;
                sum.unsafe_sites += source.unsafe_sites;
            }
        }
        counts.push(count);
    }
    counts.push(all);
    Ok(counts)
}
