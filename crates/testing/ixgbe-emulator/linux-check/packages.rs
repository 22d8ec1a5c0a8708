//! Debian packages, fetched through the machine's apt and unpacked, not installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::CheckError;

/// The guest: the release whose driver was traced for the model (Linux 6.1).
const GUEST_SUITES: &[&str] = &["bookworm"];
const GUEST_PACKAGES: &[&str] = &[
    "linux-image-amd64",
    "busybox-static",
    "ethtool",
    "iproute2",
    "ipxe",
];

/// QEMU has `vfio-user-pci` since 10.1.
const QEMU_SUITES: &[&str] = &["trixie", "trixie-backports"];
const QEMU_PACKAGES: &[&str] = &["-ttrixie-backports", "qemu-system-x86"];

/// The directory into which the guest's packages are unpacked.
pub(crate) fn guest(home: &Path) -> Result<PathBuf, CheckError> {
    tree(&home.join("guest"), GUEST_SUITES, GUEST_PACKAGES)
}

/// The directory into which QEMU's packages are unpacked.
pub(crate) fn qemu(home: &Path) -> Result<PathBuf, CheckError> {
    tree(&home.join("qemu"), QEMU_SUITES, QEMU_PACKAGES)
}

/// Unpacks once; the next time it is there.
fn tree(home: &Path, suites: &[&str], packages: &[&str]) -> Result<PathBuf, CheckError> {
    let tree = home.join("tree");
    // What was asked for when the tree was made.
    let note = home.join("packages");
    let wanted = [suites, packages].concat().join(" ");
    if tree.is_dir() {
        if fs::read_to_string(&note).is_ok_and(|made| made == wanted) {
            return Ok(tree);
        }
        fs::remove_dir_all(&tree).map_err(|error| CheckError::io("remove", &tree, error))?;
    }
    eprintln!("ixgbe-linux-check: fetching {}", packages.join(" "));
    let configuration = configure(home, suites)?;
    apt(&configuration, &["update"])?;
    let mut install = vec![
        "install",
        "--download-only",
        "--yes",
        "--no-install-recommends",
    ];
    install.extend(packages);
    apt(&configuration, &install)?;
    let partial = home.join("tree.partial");
    make(&partial)?;
    for archive in entries(&home.join("cache/archives"))? {
        if archive
            .extension()
            .is_some_and(|extension| extension == "deb")
        {
            let mut unpack = Command::new("dpkg-deb");
            unpack.arg("-x").arg(&archive).arg(&partial);
            succeed(unpack)?;
        }
    }
    fs::write(&note, wanted).map_err(|error| CheckError::io("write", &note, error))?;
    fs::rename(&partial, &tree).map_err(|error| CheckError::io("rename", &partial, error))?;
    // Of no more use; nothing is lost if they stay.
    let _ = fs::remove_dir_all(home.join("cache"));
    let _ = fs::remove_dir_all(home.join("state"));
    Ok(tree)
}

/// Settings that make apt leave the machine alone: own lists, own archives, nothing installed.
fn configure(home: &Path, suites: &[&str]) -> Result<PathBuf, CheckError> {
    for directory in [
        "state/lists/partial",
        "cache/archives/partial",
        "log",
        "parts",
    ] {
        make(&home.join(directory))?;
    }
    let mirror = mirror()?;
    let sources: String = suites
        .iter()
        .map(|suite| format!("deb {mirror} {suite} main\n"))
        .collect();
    let h = home.display();
    let settings = format!(
        r#"Dir::State "{h}/state/";
Dir::State::status "{h}/state/status";
Dir::Cache "{h}/cache/";
Dir::Log "{h}/log/";
Dir::Etc::sourcelist "{h}/sources.list";
Dir::Etc::sourceparts "{h}/parts";
Acquire::Languages "none";
APT::Architecture "amd64";
APT::Sandbox::User "";
APT::Keep-Downloaded-Packages "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
"#
    );
    let path = home.join("apt.conf");
    for (path, text) in [
        (home.join("state/status"), ""),
        (home.join("sources.list"), sources.as_str()),
        (path.clone(), settings.as_str()),
    ] {
        fs::write(&path, text).map_err(|error| CheckError::io("write", &path, error))?;
    }
    Ok(path)
}

/// The mirror that the machine uses.
fn mirror() -> Result<String, CheckError> {
    let mut list = Command::new("apt-get");
    list.args([
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
    ]);
    let output = list
        .output()
        .map_err(|error| CheckError::io("run", "apt-get", error))?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find(|uri| uri.trim_end_matches('/').ends_with("/debian"))
        .map(str::to_owned)
        .ok_or(CheckError::NoMirror)
}

fn apt(configuration: &Path, arguments: &[&str]) -> Result<(), CheckError> {
    let mut command = Command::new("apt-get");
    command
        .args(["-q", "-c"])
        .arg(configuration)
        .args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    succeed(command)
}

/// Runs a command quietly; its output is told if it fails.
fn succeed(mut command: Command) -> Result<(), CheckError> {
    let name = PathBuf::from(command.get_program());
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| CheckError::io("run", &name, error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(CheckError::Program(format!(
        "{} failed, {}: {}",
        name.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )))
}

fn make(directory: &Path) -> Result<(), CheckError> {
    fs::create_dir_all(directory).map_err(|error| CheckError::io("create", directory, error))
}

/// What a directory holds, sorted.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let read = |error| CheckError::io("read", directory, error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(read)? {
        paths.push(entry.map_err(read)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// All files below a directory whose name fits; links to directories are not followed.
pub(crate) fn find(
    directory: &Path,
    fits: &dyn Fn(&str) -> bool,
) -> Result<Vec<PathBuf>, CheckError> {
    let mut found = Vec::new();
    for path in entries(directory)? {
        if path.is_dir() && !path.is_symlink() {
            found.extend(find(&path, fits)?);
        } else if path.is_file() && fits(&path.file_name().unwrap_or_default().to_string_lossy()) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The one file of this name.
pub(crate) fn one(tree: &Path, name: &str) -> Result<PathBuf, CheckError> {
    let found = find(tree, &|candidate| candidate == name)?;
    let first = found.into_iter().next();
    first.ok_or_else(|| CheckError::Missing(name.to_owned(), tree.to_owned()))
}

/// The program of this name.
pub(crate) fn program(tree: &Path, name: &str) -> Result<PathBuf, CheckError> {
    ["bin", "sbin", "usr/bin", "usr/sbin"]
        .iter()
        .map(|directory| tree.join(directory).join(name))
        .find(|path| path.is_file() && !path.is_symlink())
        .ok_or_else(|| CheckError::Missing(name.to_owned(), tree.to_owned()))
}

/// The directories that hold shared libraries, as a search path.
pub(crate) fn library_path(tree: &Path) -> Result<String, CheckError> {
    let libraries = find(tree, &|name| name.ends_with(".so") || name.contains(".so."))?;
    let mut directories: Vec<_> = libraries
        .iter()
        .filter_map(|library| library.parent())
        .map(|directory| directory.display().to_string())
        .collect();
    directories.dedup();
    Ok(directories.join(":"))
}
