//! The list of all holes of the workspace.

use std::fs;
use std::path::Path;

use super::{Hole, HoleError};
use crate::error::Error;
use crate::workspace::Workspace;

/// The folders of the holes. Each contains one folder for each kind of hole.
const FOLDERS: [&str; 2] = [
    "crates/testing/state-machine/holes",
    "crates/testing/device-state-machine/holes",
];

/// Reads the holes whose name or kind is among `wanted`, or all holes if `wanted` is empty. Within each folder of
/// [`FOLDERS`] they are sorted by kind and name.
pub(crate) fn load(workspace: &Workspace, wanted: &[String]) -> Result<Vec<Hole>, Error> {
    let mut holes = Vec::new();
    for folder in FOLDERS {
        for kind in entries(&workspace.root().join(folder))? {
            for file in entries(&workspace.root().join(folder).join(&kind))? {
                let Some(name) = file.strip_suffix(".hole") else {
                    continue;
                };
                let below = format!("{folder}/{kind}/{file}");
                let path = workspace.root().join(&below);
                let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
                holes.push(Hole::parse(&format!("{kind}/{name}"), &below, &text)?);
            }
        }
    }
    let is_called = |hole: &Hole, name: &String| {
        hole.name == *name || hole.kind() == name || hole.name.split('/').nth(1) == Some(name)
    };
    if let Some(name) = wanted
        .iter()
        .find(|name| !holes.iter().any(|hole| is_called(hole, name)))
    {
        return Err(HoleError::Unknown { name: name.clone() }.into());
    }
    holes.retain(|hole| wanted.is_empty() || wanted.iter().any(|name| is_called(hole, name)));
    Ok(holes)
}

/// Returns the names of the entries of a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let entry = entry.map_err(Error::io("list", folder))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::load;
    use crate::error::Error;
    use crate::workspace::Workspace;

    /// Invariant: HOLE-1
    #[test]
    fn every_hole_can_be_put_back() {
        let workspace = Workspace::locate();
        let holes = load(&workspace, &[]).expect("the files of the holes are well-formed");
        assert!(holes.len() >= 60, "only {} holes", holes.len());
        let mut broken = Vec::new();
        for hole in &holes {
            let read = |path: &str| {
                let path = workspace.root().join(path);
                fs::read_to_string(&path).map_err(Error::io("read", &path))
            };
            broken.extend(hole.apply(read).err().map(|error| error.to_string()));
        }
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    #[test]
    fn holes_are_chosen_by_name_and_by_kind() {
        let workspace = Workspace::locate();
        let choose = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
            load(&workspace, &names)
        };
        let one = choose(&["nested-argument"]).expect("the hole exists");
        assert_eq!(one.len(), 1);
        let kind = choose(&["ownership"]).expect("the kind exists");
        assert!(kind.len() > 10 && kind.contains(&one[0]));
        let error = choose(&["no-such-hole"]).expect_err("no hole has this name");
        assert!(error.to_string().contains("no-such-hole"), "{error}");
    }
}
