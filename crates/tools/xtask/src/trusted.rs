//! Lines of code that a kernel trusts for its devices: counted, bounded, and shown in the README.
//!
//! A line counts if anything but a comment stands on it, outside of a file's tests. The bounds are those that keep a device a matter
//! of data: whatever grows beyond them belongs in a driver.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::workspace::Workspace;

/// A part of the trusted side: what it is, its files, and how many lines it may have.
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

/// How many lines a part has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    name: &'static str,
    lines: usize,
    most: Option<usize>,
}

impl Counted {
    /// Whether it has more than it may.
    pub(crate) fn is_over(&self) -> bool {
        self.most.is_some_and(|most| self.lines > most)
    }
}

/// A row of the README's table.
impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, lines, most } = self;
        match most {
            Some(most) => write!(f, "| {name} | {lines} | {most} |"),
            None => write!(f, "| {name} | {lines} | |"),
        }
    }
}

/// Counts all parts.
pub(crate) fn count(workspace: &Workspace) -> Result<Vec<Counted>, Error> {
    let mut counted = Vec::new();
    for part in PARTS {
        let mut lines = 0;
        for path in part.paths {
            for file in sources(&workspace.root().join(path))? {
                let text = fs::read_to_string(&file).map_err(Error::io("read", &file))?;
                lines += code_lines(&text);
            }
        }
        counted.push(Counted {
            name: part.name,
            lines,
            most: part.most,
        });
    }
    Ok(counted)
}

/// The file itself, or all Rust sources below the folder; not those of tests.
fn sources(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
        let path = entry.map_err(Error::io("read", path))?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            found.push(path);
        }
    }
    Ok(found)
}

/// Lines with anything but a comment, up to the file's tests, which stand at its end.
fn code_lines(text: &str) -> usize {
    text.lines()
        .map(str::trim)
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{code_lines, count};
    use crate::workspace::Workspace;

    #[test]
    fn comments_blank_lines_and_tests_do_not_count() {
        let text =
            "//! Doc.\n\nuse a; // why\n    // a remark\nfn f() {}\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(code_lines(text), 2);
    }

    #[test]
    fn the_trusted_side_of_devices_keeps_its_bounds() {
        for part in count(&Workspace::locate()).expect("the sources are there") {
            assert!(!part.is_over(), "{part}");
        }
    }

    #[test]
    fn the_readme_shows_what_is_counted() {
        let workspace = Workspace::locate();
        let readme = fs::read_to_string(workspace.root().join("README.md")).expect("it's there");
        for part in count(&workspace).expect("the sources are there") {
            let row = part.to_string();
            assert!(readme.contains(&row), "README.md lacks the row {row:?}");
        }
    }
}
