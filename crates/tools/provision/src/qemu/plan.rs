//! Decides where QEMU comes from.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::PROGRAM;

/// The environment variable that holds the path of a QEMU to use, or "private".
const WISH: &str = "SAMARA_QEMU";

/// The facts about this machine on which the decision depends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The value of `SAMARA_QEMU`, if it is set and not empty.
    pub(crate) wish: Option<OsString>,
    /// The path of QEMU, if it is on PATH.
    pub(crate) on_path: Option<PathBuf>,
    /// Whether this process may install packages.
    pub(crate) root: bool,
    /// Whether apt-get and dpkg-deb are on PATH, so that packages can be downloaded and unpacked.
    pub(crate) apt: bool,
}

/// The source of QEMU.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Plan {
    /// Use this program.
    Use(PathBuf),
    /// Install it for the whole machine, by apt.
    Install,
    /// Download it by apt and unpack it below the build directory.
    Unpack,
    /// Give up, and tell the user how to install it.
    Advise,
}

impl Facts {
    /// Gathers the facts about this machine.
    pub(crate) fn gather() -> Self {
        Facts {
            wish: env::var_os(WISH).filter(|wish| !wish.is_empty()),
            on_path: on_path(PROGRAM),
            root: fs::read_to_string("/proc/self/status")
                .is_ok_and(|status| effective_user(&status) == Some(0)),
            apt: on_path("apt-get").is_some() && on_path("dpkg-deb").is_some(),
        }
    }
}

/// Decides where QEMU comes from.
pub(crate) fn plan(facts: &Facts) -> Plan {
    match &facts.wish {
        Some(wish) if wish == "private" => {
            return if facts.apt {
                Plan::Unpack
            } else {
                Plan::Advise
            };
        }
        Some(program) => return Plan::Use(program.into()),
        None => {}
    }
    match &facts.on_path {
        Some(program) => Plan::Use(program.clone()),
        None if facts.apt && facts.root => Plan::Install,
        None if facts.apt => Plan::Unpack,
        None => Plan::Advise,
    }
}

/// Returns the first file of this name in the directories of PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|file: &PathBuf| is_file(file))
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Returns the effective user in the text of `/proc/self/status`.
fn effective_user(status: &str) -> Option<u32> {
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    users.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Facts, Plan, effective_user, on_path, plan};

    fn facts() -> Facts {
        Facts {
            wish: None,
            on_path: None,
            root: false,
            apt: false,
        }
    }

    #[test]
    fn a_qemu_on_path_is_used() {
        let on_path = Some("/usr/bin/qemu".into());
        for (root, apt) in [(false, false), (false, true), (true, true)] {
            let facts = Facts {
                on_path: on_path.clone(),
                root,
                apt,
                ..facts()
            };
            assert_eq!(plan(&facts), Plan::Use("/usr/bin/qemu".into()));
        }
    }

    #[test]
    fn a_missing_qemu_is_installed_or_unpacked() {
        assert_eq!(
            plan(&Facts {
                root: true,
                apt: true,
                ..facts()
            }),
            Plan::Install
        );
        assert_eq!(
            plan(&Facts {
                root: false,
                apt: true,
                ..facts()
            }),
            Plan::Unpack
        );
        assert_eq!(
            plan(&Facts {
                root: true,
                apt: false,
                ..facts()
            }),
            Plan::Advise
        );
        assert_eq!(plan(&facts()), Plan::Advise);
    }

    #[test]
    fn the_users_wish_comes_first() {
        let on_path = Some("/usr/bin/qemu".into());
        let mut facts = Facts {
            wish: Some("/opt/qemu".into()),
            on_path,
            root: true,
            apt: true,
        };
        assert_eq!(plan(&facts), Plan::Use("/opt/qemu".into()));
        facts.wish = Some("private".into());
        assert_eq!(plan(&facts), Plan::Unpack);
        facts.apt = false;
        assert_eq!(plan(&facts), Plan::Advise);
    }

    #[test]
    fn the_facts_are_read_correctly() {
        assert_eq!(
            effective_user("Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\n"),
            Some(0)
        );
        assert_eq!(effective_user("Uid:\t0\t1000\t0\t0"), Some(1000));
        assert_eq!(effective_user("Name:\tx"), None);
        assert!(on_path("sh").is_some());
        assert_eq!(on_path("no-such-program-here"), None);
    }
}
