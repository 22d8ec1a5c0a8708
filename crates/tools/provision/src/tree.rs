//! Finds files among unpacked packages.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::ProvisionError;

/// Returns the entries of a directory, sorted.
///
/// # Errors
/// If it can't be read.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>, ProvisionError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(ProvisionError::io("read", directory))? {
        paths.push(entry.map_err(ProvisionError::io("read", directory))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Returns the files below a directory for whose names `fits` returns true, sorted. Links to directories are not
/// followed.
///
/// # Errors
/// If a directory can't be read.
pub fn find(directory: &Path, fits: &dyn Fn(&str) -> bool) -> Result<Vec<PathBuf>, ProvisionError> {
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

/// Returns the first file of this name below `tree`.
///
/// # Errors
/// If there is none, or a directory can't be read.
pub fn one(tree: &Path, name: &str) -> Result<PathBuf, ProvisionError> {
    let first = find(tree, &|candidate| candidate == name)?
        .into_iter()
        .next();
    first.ok_or_else(|| missing(tree, name))
}

/// Returns the program of this name in `tree`.
///
/// # Errors
/// If there is none.
pub fn program(tree: &Path, name: &str) -> Result<PathBuf, ProvisionError> {
    ["bin", "sbin", "usr/bin", "usr/sbin"]
        .iter()
        .map(|directory| tree.join(directory).join(name))
        .find(|path| path.is_file() && !path.is_symlink())
        .ok_or_else(|| missing(tree, name))
}

/// Returns the dynamic linker of the packages.
///
/// # Errors
/// If there is none, or a directory can't be read.
pub fn linker(tree: &Path) -> Result<PathBuf, ProvisionError> {
    let found = find(tree, &|name| name.starts_with("ld-linux"))?;
    let first = found.into_iter().next();
    first.ok_or_else(|| missing(tree, "ld-linux"))
}

/// Returns the directories that hold shared libraries, as a search path.
///
/// # Errors
/// If a directory can't be read.
pub fn library_path(tree: &Path) -> Result<String, ProvisionError> {
    let libraries = find(tree, &|name| name.ends_with(".so") || name.contains(".so."))?;
    let parents = libraries.iter().filter_map(|library| library.parent());
    let mut directories: Vec<_> = parents.map(|path| path.display().to_string()).collect();
    directories.sort();
    directories.dedup();
    Ok(directories.join(":"))
}

fn missing(tree: &Path, name: &str) -> ProvisionError {
    ProvisionError::Missing {
        name: name.into(),
        tree: tree.to_owned(),
    }
}
