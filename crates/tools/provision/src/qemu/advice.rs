//! The command that installs QEMU, for each system.

use std::fs;

/// The commands, by the system's `ID` or `ID_LIKE` in os-release.
const COMMANDS: &[(&[&str], &str)] = &[
    (
        &["debian", "ubuntu"],
        "sudo apt-get update && sudo apt-get install qemu-system-x86",
    ),
    (
        &["fedora", "rhel", "centos"],
        "sudo dnf install qemu-system-x86-core",
    ),
    (&["arch", "archlinux"], "sudo pacman -S qemu-system-x86"),
    (&["opensuse", "suse"], "sudo zypper install qemu-x86"),
    (&["alpine"], "sudo apk add qemu-system-x86_64"),
    (
        &["gentoo"],
        "sudo QEMU_SOFTMMU_TARGETS=x86_64 emerge app-emulation/qemu",
    ),
    (&["void"], "sudo xbps-install -S qemu"),
    (&["nixos"], "nix-shell -p qemu"),
];

/// Returns the end of a message: the command by which the user can install QEMU.
pub(super) fn advice() -> String {
    if cfg!(target_os = "macos") {
        return "install it with: brew install qemu".into();
    }
    let release = fs::read_to_string("/etc/os-release")
        .or_else(|_| fs::read_to_string("/usr/lib/os-release"));
    match release.ok().as_deref().and_then(command) {
        Some(command) => format!("install it with: {command}"),
        None => "install your system's package of qemu-system-x86_64, \
                 or name one with SAMARA_QEMU=/path/to/qemu-system-x86_64"
            .into(),
    }
}

/// Returns the command for the system that an os-release file describes.
fn command(release: &str) -> Option<&'static str> {
    let field = |name: &str| {
        let value = release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().trim_matches(['"', '\''])
    };
    // The system's own name comes first. `ID_LIKE` lists its relatives, the closest first.
    let names = field("ID").split(' ').chain(field("ID_LIKE").split(' '));
    names.filter_map(by_name).next()
}

fn by_name(name: &str) -> Option<&'static str> {
    // openSUSE's ID is opensuse-leap or opensuse-tumbleweed.
    let family = name.split('-').next().unwrap_or(name);
    COMMANDS
        .iter()
        .find(|(names, _)| names.contains(&family))
        .map(|(_, command)| *command)
}

#[cfg(test)]
mod tests {
    use super::{advice, command};

    #[test]
    fn systems_and_their_relatives_are_recognised() {
        let has = |release: &str, tool: &str| {
            let command = command(release).unwrap_or_else(|| panic!("nothing for {release:?}"));
            assert!(command.contains(tool), "{release:?}: {command}");
        };
        has("NAME=x\nID=debian\n", "apt-get");
        has("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get");
        has("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", "dnf");
        has("ID=\"opensuse-tumbleweed\"", "zypper");
        has("ID=manjaro\nID_LIKE=arch", "pacman");
        has("ID=alpine", "apk");
        assert_eq!(command("ID=plan9"), None);
        assert_eq!(command(""), None);
    }

    #[test]
    fn there_is_always_advice() {
        assert!(advice().contains("install"));
    }
}
