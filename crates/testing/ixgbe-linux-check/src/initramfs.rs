//! The guest's root file system: busybox, two tools with their libraries, the driver and the modules that it needs, and
//! the script that does the checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use samara_provision::ProvisionError;
use samara_provision::tree::{find, library_path, linker, program};

use crate::error::CheckError;

const SCRIPT: &[u8] = include_bytes!("init.sh");
const TOOLS: &[&str] = &["ethtool", "ip"];
const MODULES: &[&str] = &["8021q", "e1000e", "ixgbe"];
const LINKER: &str = "ld-linux-x86-64.so.2";

/// Mode bits of a directory and of an executable file.
const DIRECTORY: u32 = 0o040_755;
const EXECUTABLE: u32 = 0o100_755;

/// Writes the image and returns the path of the kernel.
pub(crate) fn build(tree: &Path, image: &Path) -> Result<PathBuf, CheckError> {
    let mut archive = Archive::default();
    for directory in [
        "bin",
        "opt",
        "lib64",
        "lib",
        "lib/x86_64-linux-gnu",
        "modules",
    ] {
        archive.add(directory, DIRECTORY, &[]);
    }
    archive.add("init", EXECUTABLE, SCRIPT);
    archive.file("bin/busybox", &program(tree, "busybox")?)?;
    let linker = linker(tree)?;
    archive.file(&format!("lib64/{LINKER}"), &linker)?;
    for tool in TOOLS {
        let program = program(tree, tool)?;
        archive.file(&format!("opt/{tool}"), &program)?;
        for library in needed(tree, &linker, &program)? {
            let name = library.file_name().unwrap_or_default().to_string_lossy();
            archive.file(&format!("lib/x86_64-linux-gnu/{name}"), &library)?;
        }
    }
    let mut order = Vec::new();
    for module in MODULES {
        modules(tree, module, &mut order)?;
    }
    // The script loads the modules in the order of this list, which ends with the driver under test.
    let mut list = String::new();
    for path in &order {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("modules/{name}"), path)?;
        list.push_str(&format!("{name}\n"));
    }
    archive.add("modules/order", EXECUTABLE, list.as_bytes());
    fs::write(image, archive.finish()).map_err(|error| CheckError::io("write", image, error))?;
    let kernels = find(tree, &|name| name.starts_with("vmlinuz-"))?;
    let kernel = kernels.into_iter().next();
    kernel.ok_or_else(|| {
        CheckError::Provision(ProvisionError::Missing {
            name: "a kernel".into(),
            tree: tree.to_owned(),
        })
    })
}

/// Returns the paths of the libraries that a program needs, as the dynamic linker in `tree` finds them.
fn needed(tree: &Path, linker: &Path, program: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let output = Command::new(linker)
        .args(["--library-path", &library_path(tree)?, "--list"])
        .arg(program)
        .output()
        .map_err(|error| CheckError::io("run", linker, error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = text
        .lines()
        .filter_map(|line| line.split("=> ").nth(1)?.split(' ').next());
    Ok(paths.map(PathBuf::from).collect())
}

/// Appends a module to `order`, behind the modules that it depends on. The module's `.modinfo` section names these.
fn modules(tree: &Path, name: &str, order: &mut Vec<PathBuf>) -> Result<(), CheckError> {
    let file = format!("{name}.ko");
    let spelt = |candidate: &str| candidate.replace('-', "_") == file;
    let Some(path) = find(tree, &spelt)?.into_iter().next() else {
        // There is no file, so the module is built into the kernel.
        return Ok(());
    };
    if order.contains(&path) {
        return Ok(());
    }
    let bytes = fs::read(&path).map_err(|error| CheckError::io("read", &path, error))?;
    let depends = bytes
        .split(|&byte| byte == 0)
        .find_map(|text| text.strip_prefix(b"depends="));
    let depends = String::from_utf8_lossy(depends.unwrap_or_default()).into_owned();
    for dependency in depends.split(',').filter(|name| !name.is_empty()) {
        modules(tree, dependency, order)?;
    }
    order.push(path);
    Ok(())
}

/// A cpio archive in the kernel's format ("newc").
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    fn add(&mut self, name: &str, mode: u32, data: &[u8]) {
        self.entries += 1;
        let length = data.len() as u32;
        let name_length = name.len() as u32 + 1;
        // The header's fields: inode, mode, user, group, links, time, length, four device numbers, length of the
        // name, checksum.
        let fields = [
            self.entries,
            mode,
            0,
            0,
            1,
            0,
            length,
            0,
            0,
            0,
            0,
            name_length,
            0,
        ];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08X}").bytes());
        }
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(data);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn file(&mut self, name: &str, path: &Path) -> Result<(), CheckError> {
        let data = fs::read(path).map_err(|error| CheckError::io("read", path, error))?;
        self.add(name, EXECUTABLE, &data);
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        self.add("TRAILER!!!", 0, &[]);
        self.bytes
    }
}
