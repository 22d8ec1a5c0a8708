//! Kills the descendants of a process, so that stopping `cargo test` also stops the test that it runs.
//!
//! A process group for the child would make this easier, but then the terminal's Ctrl-C would not reach the child.

use std::fs;
use std::process::{Command, Stdio};

/// Kills all descendants of process `root`, but not `root` itself. The caller kills `root`.
///
/// On a system without `/proc` this does nothing.
pub(super) fn kill_descendants(root: u32) {
    let victims = descendants(root, &processes());
    if victims.is_empty() {
        return;
    }
    let _ = Command::new("kill")
        .arg("-KILL")
        .args(victims.iter().map(u32::to_string))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// Returns all processes, as pairs of process and parent.
fn processes() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let process = |entry: fs::DirEntry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        Some((id, parent(&stat)?))
    };
    entries.flatten().filter_map(process).collect()
}

/// Returns the parent in a line of `/proc/PID/stat`. It is the second field after the process's name. The name may
/// contain spaces and parentheses.
fn parent(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

fn descendants(root: u32, processes: &[(u32, u32)]) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        for &(process, of) in processes {
            if of == parent && !found.contains(&process) {
                found.push(process);
            }
        }
        next += 1;
    }
    found.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::{descendants, parent};

    #[test]
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(parent("12 (sh) S 7 12 7"), Some(7));
        assert_eq!(parent("12 (a) b ) (c) R 41 0"), Some(41));
        assert_eq!(parent("12 (sh)"), None);
    }

    #[test]
    fn descendants_are_transitive_and_exclude_the_root() {
        let processes = [(2, 1), (3, 2), (4, 3), (5, 1), (6, 4), (3, 2)];
        assert_eq!(descendants(2, &processes), [3, 4, 6]);
        assert!(descendants(5, &processes).is_empty());
        // A process that is its own parent must not cause an endless loop.
        assert!(descendants(9, &[(9, 9)]).is_empty());
    }
}
