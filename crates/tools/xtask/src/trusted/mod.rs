//! What a kernel trusts, counted. The README shows the counts.
//!
//! A line counts if anything but a comment stands on it, outside of a file's tests.

mod crates;
mod parts;
mod source;

pub(crate) use self::crates::count_crates;
pub(crate) use self::parts::count_parts;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{count_crates, count_parts};
    use crate::workspace::Workspace;

    #[test]
    fn the_readme_shows_the_counts() {
        let workspace = Workspace::locate();
        let readme = fs::read_to_string(workspace.root().join("README.md")).expect("it's there");
        let crates = count_crates(&workspace).expect("the sources are there");
        let parts = count_parts(&workspace).expect("the sources are there");
        let rows = crates.iter().map(ToString::to_string);
        for row in rows.chain(parts.iter().map(ToString::to_string)) {
            assert!(
                readme.contains(&row),
                "README.md lacks the row {row:?}: paste the output of `cargo xtask trusted`"
            );
        }
    }
}
