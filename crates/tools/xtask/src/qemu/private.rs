//! A QEMU of our own below the build directory, for those who may not install packages.
//!
//! The machine's own apt finds and downloads the packages: its sources, keys and proxies apply, but
//! lists and archives go below the build directory, and its list of installed packages is an empty
//! one, so that every library comes along. They are unpacked, not installed, and QEMU is started
//! through the dynamic linker that came with it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::apt::{INSTALL_LIMIT, PACKAGE, UPDATE_LIMIT, apt_get, provision};
use super::{PROGRAM, Qemu};
use crate::error::Error;
use crate::process::Job;
use crate::progress::step;
use crate::workspace::Workspace;

/// Longest that unpacking one package may take.
const UNPACK_LIMIT: Duration = Duration::from_secs(120);

/// Finds the unpacked QEMU, or unpacks it.
pub(super) fn provide(workspace: &Workspace) -> Result<Qemu, Error> {
    let home = workspace.target("qemu");
    let tree = home.join("tree");
    make(&home)?;
    // A second process waits here until the first has unpacked.
    let lock = home.join("lock");
    let lock_file = File::create(&lock).map_err(Error::io("create", &lock))?;
    lock_file.lock().map_err(Error::io("lock", &lock))?;
    if !tree.is_dir() {
        unpack(&home, &tree).map_err(provision)?;
    }
    started_from(&tree).map_err(provision)
}

fn unpack(home: &Path, tree: &Path) -> Result<(), Error> {
    step(format_args!(
        "unpacking QEMU below {}: nothing is installed (about 40 MB to download)",
        home.display()
    ));
    let configuration = configure(home)?;
    let apt = |what: &str, args: &[&str], limit| {
        let mut command = apt_get(args);
        command.arg("-c").arg(&configuration);
        Job::new(what, command, limit).run()
    };
    apt("apt-get update", &["update"], UPDATE_LIMIT)?;
    let install = [
        "install",
        "--download-only",
        "--yes",
        "--no-install-recommends",
        PACKAGE,
    ];
    apt("downloading QEMU's packages", &install, INSTALL_LIMIT)?;

    // Unpacked beside, then renamed: an interrupted start leaves no half-filled tree.
    let partial = home.join("tree.partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(Error::io("remove", &partial))?;
    }
    make(&partial)?;
    let archives = packages(&home.join("cache/archives"))?;
    step(format_args!("unpacking {} packages", archives.len()));
    for archive in &archives {
        let mut command = Command::new("dpkg-deb");
        command.arg("-x").arg(archive).arg(&partial);
        Job::new(
            format!("unpacking {}", archive.display()),
            command,
            UNPACK_LIMIT,
        )
        .run()?;
    }
    fs::rename(&partial, tree).map_err(Error::io("rename", &partial))?;
    // The archives are of no more use; a failure to remove them does no harm.
    let _ = fs::remove_dir_all(home.join("cache"));
    let _ = fs::remove_dir_all(home.join("state"));
    Ok(())
}

/// Writes the settings that make apt leave the machine alone.
pub(crate) fn configure(home: &Path) -> Result<PathBuf, Error> {
    make(&home.join("state/lists/partial"))?;
    make(&home.join("cache/archives/partial"))?;
    make(&home.join("log"))?;
    let status = home.join("state/status");
    File::create(&status).map_err(Error::io("create", &status))?;
    let path = home.join("apt.conf");
    fs::write(&path, settings(home)).map_err(Error::io("write", &path))?;
    Ok(path)
}

fn settings(home: &Path) -> String {
    let home = home.display();
    // The machine's hooks tidy its own directories; here they would fail, or tidy what we need.
    format!(
        r#"Dir::State "{home}/state/";
Dir::State::status "{home}/state/status";
Dir::Cache "{home}/cache/";
Dir::Log "{home}/log/";
Acquire::Languages "none";
APT::Sandbox::User "";
APT::Keep-Downloaded-Packages "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
"#
    )
}

/// The packages in a directory.
pub(crate) fn packages(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut packages: Vec<_> = entries(directory)?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "deb"))
        .collect();
    packages.sort();
    Ok(packages)
}

/// How QEMU is started from the unpacked `tree`.
pub(super) fn started_from(tree: &Path) -> Result<Qemu, Error> {
    let mut directories = Vec::new();
    let mut linker = None;
    for top in ["lib", "lib64", "usr/lib", "usr/lib64"] {
        survey(&tree.join(top), 3, &mut directories, &mut linker)?;
    }
    let program = tree.join("usr/bin").join(PROGRAM);
    let Some(linker) = linker.filter(|_| program.is_file()) else {
        return Err(Error::Output {
            what: "unpacking QEMU's packages".into(),
            problem: format!(
                "{} or its dynamic linker is missing; remove {}",
                program.display(),
                tree.display()
            ),
        });
    };
    let modules = directories
        .iter()
        .find(|path| path.ends_with("qemu"))
        .cloned();
    let mut leading = vec![
        "--library-path".into(),
        join(&directories),
        program.into_os_string(),
    ];
    for firmware in ["usr/share/qemu", "usr/share/seabios"] {
        leading.extend(["-L".into(), tree.join(firmware).into_os_string()]);
    }
    let environment = modules
        .map(|path| ("QEMU_MODULE_DIR", path.into_os_string()))
        .into_iter()
        .collect();
    Ok(Qemu {
        program: linker,
        leading,
        environment,
    })
}

/// Collects the directories with shared libraries down to `depth` levels, and the dynamic linker.
fn survey(
    directory: &Path,
    depth: u32,
    directories: &mut Vec<PathBuf>,
    linker: &mut Option<PathBuf>,
) -> Result<(), Error> {
    if !directory.is_dir() {
        return Ok(());
    }
    let mut has_libraries = false;
    for path in entries(directory)? {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            // Links to directories lead to what is surveyed anyway.
            if depth > 1 && !path.is_symlink() {
                survey(&path, depth - 1, directories, linker)?;
            }
        } else if name.ends_with(".so") || name.contains(".so.") {
            has_libraries = true;
            if name.starts_with("ld-linux") && path.is_file() {
                linker.get_or_insert(path);
            }
        }
    }
    if has_libraries {
        directories.push(directory.to_owned());
    }
    Ok(())
}

fn join(directories: &[PathBuf]) -> OsString {
    let mut joined = OsString::new();
    for directory in directories {
        if !joined.is_empty() {
            joined.push(":");
        }
        joined.push(directory);
    }
    joined
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = |error| Error::io("read", directory)(error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(read)? {
        paths.push(entry.map_err(read)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn make(directory: &Path) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(Error::io("create", directory))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{settings, started_from};
    use crate::workspace::Workspace;

    #[test]
    fn apt_is_kept_away_from_the_machine() {
        let settings = settings(Path::new("/work dir/target/qemu"));
        assert!(settings.contains("Dir::State::status \"/work dir/target/qemu/state/status\";\n"));
        assert!(!settings.contains("/var/"));
        assert!(settings.contains("#clear APT::Update::Post-Invoke;"));
    }

    #[test]
    fn a_tree_is_started_through_its_own_linker() {
        let tree = Workspace::locate().target("xtask-tests/qemu-tree");
        let _ = fs::remove_dir_all(&tree);
        let missing = started_from(&tree)
            .expect_err("there is nothing")
            .to_string();
        assert!(missing.contains("missing"), "{missing}");

        for file in [
            "lib/m/ld-linux-m.so.2",
            "lib/m/libc.so.6",
            "usr/lib/m/libz.so.1",
            "usr/lib/m/pulse/libp.so",
            "usr/lib/m/qemu/accel.so",
            "usr/lib/python/x.py",
            "usr/bin/qemu-system-x86_64",
        ] {
            let path = tree.join(file);
            fs::create_dir_all(path.parent().expect("below the tree")).expect("writable");
            fs::write(path, "").expect("writable");
        }
        let qemu = started_from(&tree).expect("complete");
        assert_eq!(qemu.program, tree.join("lib/m/ld-linux-m.so.2"));
        assert_eq!(qemu.leading[0], "--library-path");
        let libraries = qemu.leading[1].to_string_lossy().into_owned();
        for directory in ["lib/m", "usr/lib/m", "usr/lib/m/pulse", "usr/lib/m/qemu"] {
            assert!(
                libraries
                    .split(':')
                    .any(|path| tree.join(directory) == Path::new(path)),
                "{libraries}"
            );
        }
        assert!(!libraries.contains("python"));
        assert_eq!(qemu.leading[2], tree.join("usr/bin/qemu-system-x86_64"));
        assert_eq!(qemu.environment[0].1, tree.join("usr/lib/m/qemu"));
    }
}
