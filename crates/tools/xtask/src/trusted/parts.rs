//! Counts of the lines of code that a kernel trusts for its devices. Most parts have a limit. The limits ensure that
//! the trusted description of a device stays a table of data. Code that would exceed a limit belongs in a driver.

use std::fmt;

use super::source::{Source, sources};
use crate::error::Error;
use crate::workspace::Workspace;

/// A part of the trusted code for devices: its name, its files and folders, and its limit of lines, if it has one.
struct Part {
    name: &'static str,
    paths: &'static [&'static str],
    most: Option<usize>,
}

const PARTS: &[Part] = &[
    Part {
        name: "queue engine",
        paths: &["crates/trusted/device-io/src/queue"],
        most: Some(1500),
    },
    Part {
        name: "registers and memory",
        paths: &[
            "crates/trusted/device-io/src/mmio",
            "crates/trusted/device-io/src/dma",
            "crates/trusted/device-io/src/rules",
            "crates/trusted/device-io/src/error.rs",
        ],
        most: Some(1615),
    },
    Part {
        name: "PCI functions",
        paths: &["crates/trusted/device-io/src/pci"],
        most: Some(895),
    },
    Part {
        name: "words of tables, and their check by the compiler",
        paths: &["crates/trusted/device-io/src/table"],
        most: None,
    },
    Part {
        name: "table: NVMe",
        paths: &["crates/trusted/device-tables/src/nvme.rs"],
        most: Some(150),
    },
    Part {
        name: "table: 82599",
        paths: &["crates/trusted/device-tables/src/ixgbe.rs"],
        most: Some(150),
    },
    Part {
        name: "tables: virtio-blk and virtio-net",
        paths: &["crates/trusted/device-tables/src/virtio.rs"],
        most: Some(150),
    },
];

/// The number of lines of a part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PartCount {
    name: &'static str,
    lines: usize,
    most: Option<usize>,
}

impl PartCount {
    /// Whether the part has more lines than its limit.
    pub(crate) fn is_over(&self) -> bool {
        self.most.is_some_and(|most| self.lines > most)
    }
}

/// Shows the count as a row of the table in `docs/design.md`.
impl fmt::Display for PartCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, lines, most } = self;
        match most {
            Some(most) => write!(f, "| {name} | {lines} | {most} |"),
            None => write!(f, "| {name} | {lines} | |"),
        }
    }
}

/// Counts the lines of all parts.
pub(crate) fn count_parts(workspace: &Workspace) -> Result<Vec<PartCount>, Error> {
    let mut counted = Vec::new();
    for part in PARTS {
        let mut lines = 0;
        for path in part.paths {
            for file in sources(&workspace.root().join(path))? {
                lines += Source::read(&file)?.lines;
            }
        }
        counted.push(PartCount {
            name: part.name,
            lines,
            most: part.most,
        });
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::count_parts;
    use crate::workspace::Workspace;

    #[test]
    fn the_trusted_side_of_devices_keeps_its_bounds() {
        for part in count_parts(&Workspace::locate()).expect("the sources exist") {
            assert!(!part.is_over(), "{part}");
        }
    }
}
