//! Debian packages, downloaded by the machine's own apt and unpacked below a directory. Nothing is installed.
//!
//! Apt uses the machine's keys and proxies. It also uses the machine's package sources, unless a request names
//! suites. Package lists and archives go below the directory. Apt is given an empty list of installed packages, so
//! that it downloads every dependency.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use samara_process::{Job, step};

use crate::apt::{INSTALL_LIMIT, UPDATE_LIMIT, apt_get};
use crate::error::ProvisionError;
use crate::tree::entries;

/// The longest time that unpacking one package, or a question to apt, may take.
const UNPACK_LIMIT: Duration = Duration::from_secs(10 * 60);

/// A request for packages.
#[derive(Clone, Copy, Debug)]
pub struct Packages<'a> {
    /// Their names, as `apt-get` takes them.
    pub names: &'a [&'a str],
    /// The suites of the machine's Debian mirror from which the packages come. If the list is empty, the packages
    /// come from the machine's own sources.
    pub suites: &'a [&'a str],
    /// Whether the packages that they depend on are unpacked too.
    pub with_dependencies: bool,
    /// The approximate size of the download, such as "40 MB". It is shown to the user.
    pub size: &'a str,
}

impl Packages<'_> {
    /// Unpacks the packages into the directory `tree` below `home`, unless they are already there. Returns that
    /// directory.
    ///
    /// # Errors
    /// If apt or dpkg-deb fails, or a file can't be written. A failure leaves no incomplete `tree`.
    pub fn unpacked(&self, home: &Path) -> Result<PathBuf, ProvisionError> {
        make(home)?;
        // If another process is unpacking below `home`, this one waits here.
        let lock = home.join("lock");
        let lock_file = File::create(&lock).map_err(ProvisionError::io("create", &lock))?;
        lock_file
            .lock()
            .map_err(ProvisionError::io("lock", &lock))?;
        let tree = home.join("tree");
        // This file holds the request for which the tree was made. If the present request differs, a new tree is
        // made.
        let contents = home.join("contents");
        let wanted = [self.suites, self.names].concat().join(" ");
        if fs::read_to_string(&contents).is_ok_and(|made| made == wanted) && tree.is_dir() {
            return Ok(tree);
        }
        step(format_args!(
            "unpacking {} below {}: nothing is installed (about {} to download)",
            self.names.join(" "),
            home.display(),
            self.size
        ));
        let archives = self.download(home)?;
        // The packages are unpacked into another directory, which is then renamed. So an interruption leaves no
        // incomplete `tree`.
        let partial = home.join("tree.partial");
        for old in [&partial, &tree] {
            if old.exists() {
                fs::remove_dir_all(old).map_err(ProvisionError::io("remove", old))?;
            }
        }
        make(&partial)?;
        step(format_args!("unpacking {} packages", archives.len()));
        for archive in &archives {
            let mut command = Command::new("dpkg-deb");
            command.arg("-x").arg(archive).arg(&partial);
            let what = format!("unpacking {}", archive.display());
            Job::new(what, command, UNPACK_LIMIT).run()?;
        }
        fs::rename(&partial, &tree).map_err(ProvisionError::io("rename", &partial))?;
        fs::write(&contents, wanted).map_err(ProvisionError::io("write", &contents))?;
        // The archives are no longer needed, so a failure to remove them is ignored.
        let _ = fs::remove_dir_all(home.join("cache"));
        let _ = fs::remove_dir_all(home.join("state"));
        Ok(tree)
    }

    /// Downloads the packages' archives and returns their paths.
    fn download(&self, home: &Path) -> Result<Vec<PathBuf>, ProvisionError> {
        let configuration = self.configure(home)?;
        let archives = home.join("cache/archives");
        let apt = |what: &str, args: &[&str], limit| {
            let mut command = apt_get(args);
            command.arg("-c").arg(&configuration).current_dir(&archives);
            Job::new(what, command, limit).run()
        };
        apt("apt-get update", &["update"], UPDATE_LIMIT)?;
        let verb: &[&str] = if self.with_dependencies {
            &[
                "install",
                "--download-only",
                "--yes",
                "--no-install-recommends",
            ]
        } else {
            &["download"]
        };
        let download = [verb, self.names].concat();
        apt("downloading packages", &download, INSTALL_LIMIT)?;
        let mut found = entries(&archives)?;
        found.retain(|path| path.extension().is_some_and(|end| end == "deb"));
        Ok(found)
    }

    /// Writes a configuration with which apt uses directories below `home` instead of the machine's. Returns its path.
    fn configure(&self, home: &Path) -> Result<PathBuf, ProvisionError> {
        for directory in [
            "state/lists/partial",
            "cache/archives/partial",
            "log",
            "parts",
        ] {
            make(&home.join(directory))?;
        }
        let write = |name: &str, text: &str| {
            let path = home.join(name);
            fs::write(&path, text).map_err(ProvisionError::io("write", &path))?;
            Ok::<_, ProvisionError>(path)
        };
        write("state/status", "")?;
        if !self.suites.is_empty() {
            let mirror = mirror()?;
            let line = |suite: &&str| format!("deb {mirror} {suite} main\n");
            write(
                "sources.list",
                &self.suites.iter().map(line).collect::<String>(),
            )?;
        }
        write("apt.conf", &settings(home, !self.suites.is_empty()))
    }
}

/// Returns the address of the Debian mirror that the machine uses.
fn mirror() -> Result<String, ProvisionError> {
    let mut command = Command::new("apt-get");
    command.args([
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
    ]);
    let targets = Job::new("asking apt for its mirror", command, UNPACK_LIMIT).capture()?;
    targets
        .lines()
        .find(|uri| uri.trim_end_matches('/').ends_with("/debian"))
        .map(str::to_owned)
        .ok_or(ProvisionError::NoMirror)
}

fn settings(home: &Path, has_own_sources: bool) -> String {
    let home = home.display();
    let sources = if has_own_sources {
        format!(
            "Dir::Etc::sourcelist \"{home}/sources.list\";\nDir::Etc::sourceparts \"{home}/parts\";\n"
        )
    } else {
        String::new()
    };
    // The machine's hooks clean its own directories. With this configuration they would fail, or remove archives that
    // are still needed.
    format!(
        r#"Dir::State "{home}/state/";
Dir::State::status "{home}/state/status";
Dir::Cache "{home}/cache/";
Dir::Log "{home}/log/";
{sources}Acquire::Languages "none";
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

fn make(directory: &Path) -> Result<(), ProvisionError> {
    fs::create_dir_all(directory).map_err(ProvisionError::io("create", directory))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::settings;

    #[test]
    fn apt_uses_none_of_the_machines_directories() {
        let home = Path::new("/work dir/target/qemu");
        let own = settings(home, true);
        assert!(own.contains("Dir::State::status \"/work dir/target/qemu/state/status\";\n"));
        assert!(own.contains("Dir::Etc::sourcelist \"/work dir/target/qemu/sources.list\";\n"));
        assert!(!own.contains("/var/"));
        assert!(own.contains("#clear APT::Update::Post-Invoke;"));
        assert!(!settings(home, false).contains("Dir::Etc"));
    }
}
