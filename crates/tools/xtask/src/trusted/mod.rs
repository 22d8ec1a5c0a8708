//! What a kernel trusts, counted. `README.md` and `docs/design.md` show the counts.
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

    /// Asserts that the document at `path` has each of the rows.
    fn has(workspace: &Workspace, path: &str, rows: impl Iterator<Item = String>) {
        let text = fs::read_to_string(workspace.root().join(path)).expect("it's there");
        for row in rows {
            assert!(
                text.contains(&row),
                "{path} lacks the row {row:?}: paste the output of `cargo xtask trusted`"
            );
        }
    }

    #[test]
    fn the_documents_show_the_counts() {
        let workspace = Workspace::locate();
        let crates = count_crates(&workspace).expect("the sources are there");
        has(
            &workspace,
            "README.md",
            crates.iter().map(ToString::to_string),
        );
        let parts = count_parts(&workspace).expect("the sources are there");
        has(
            &workspace,
            "docs/design.md",
            parts.iter().map(ToString::to_string),
        );
    }
}
