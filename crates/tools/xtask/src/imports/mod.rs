//! The uses between the files of a crate, and the circles in them.
//!
//! A file uses another file if a path in its code resolves to a definition in that file. Three things do not count as
//! uses: re-exports through which the path leads; method calls, because no path names the method; and uses in tests.

mod circles;
mod code;
mod resolve;
mod tree;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use self::tree::Tree;

/// The files of a crate and the uses between them.
#[derive(Debug)]
pub(crate) struct Imports {
    files: Vec<PathBuf>,
    /// For each file the files that it uses.
    edges: Vec<BTreeSet<usize>>,
    /// For each edge, an example of a path in the code that makes the edge.
    examples: Vec<(usize, usize, String)>,
}

impl Imports {
    /// Reads the crate with the root file `root`.
    pub(crate) fn of(root: &Path) -> Result<Self, ImportsError> {
        let tree = Tree::read(root)?;
        let mut edges = vec![BTreeSet::new(); tree.files.len()];
        let mut examples = Vec::new();
        for (id, module) in tree.modules.iter().enumerate() {
            for code in &module.code {
                code::paths(code.clone(), &mut |path| {
                    for file in tree.definitions(id, &path) {
                        if file != module.file && edges[module.file].insert(file) {
                            examples.push((module.file, file, path.join("::")));
                        }
                    }
                });
            }
        }
        Ok(Imports {
            files: tree.files,
            edges,
            examples,
        })
    }

    /// Returns the circles of files, largest first.
    pub(crate) fn circles(&self) -> Vec<Circle<'_>> {
        let circles = circles::circles(&self.edges);
        let named = circles.into_iter().map(|files| Circle {
            imports: self,
            files,
        });
        named.collect()
    }
}

/// Files that use each other, directly or through others of the circle.
#[derive(Debug)]
pub(crate) struct Circle<'a> {
    imports: &'a Imports,
    files: Vec<usize>,
}

impl Circle<'_> {
    /// Returns the number of files.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }
}

/// Shows each edge of the circle with a path that makes it.
impl fmt::Display for Circle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Imports {
            files, examples, ..
        } = self.imports;
        write!(f, "{} files use each other in a circle:", self.files.len())?;
        for (from, to, path) in examples {
            if self.files.contains(from) && self.files.contains(to) {
                let (from, to) = (files[*from].display(), files[*to].display());
                write!(f, "\n      {from} uses {to}: {path}")?;
            }
        }
        Ok(())
    }
}

/// The reason why a crate could not be read.
#[derive(Debug)]
pub(crate) enum ImportsError {
    /// The file of a module could not be read.
    Read { path: PathBuf, source: io::Error },
    /// A file is not valid Rust.
    Parse { path: PathBuf, source: syn::Error },
}

impl fmt::Display for ImportsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportsError::Read { path, source } => {
                write!(f, "could not read {}: {source}", path.display())
            }
            ImportsError::Parse { path, source } => {
                write!(f, "could not parse {}: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for ImportsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ImportsError::Read { source, .. } => Some(source),
            ImportsError::Parse { source, .. } => Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::Imports;
    use crate::workspace::Workspace;

    /// Writes a crate of these files below `target/` and reads it. The first file is the root.
    fn krate(name: &str, files: &[(&str, &str)]) -> Imports {
        let folder = Workspace::locate().target("xtask-tests/imports").join(name);
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("")))
                .expect("the folder for test crates is writable");
            fs::write(path, text).expect("the folder for test crates is writable");
        }
        Imports::of(&folder.join(files[0].0)).expect("the files are valid Rust")
    }

    fn circle_lengths(imports: &Imports) -> Vec<usize> {
        imports
            .circles()
            .iter()
            .map(|circle| circle.len())
            .collect()
    }

    #[test]
    fn a_circle_through_reexports_and_macros_is_found() {
        let imports = krate(
            "circle",
            &[
                ("lib.rs", "mod a; mod b; mod c; pub use c::Third;"),
                ("a.rs", "use crate::b; pub struct First(b::Second);"),
                (
                    "b/mod.rs",
                    "pub struct Second; fn f() { g!(crate::Third::NEW); }",
                ),
                (
                    "c.rs",
                    "use crate::a::*; pub struct Third; type Other = First;",
                ),
            ],
        );
        assert_eq!(circle_lengths(&imports), [3]);
        let shown = imports.circles()[0].to_string();
        assert!(shown.contains("b/mod.rs uses"), "{shown}");
        assert!(shown.contains("crate::Third::NEW"), "{shown}");
    }

    #[test]
    fn modules_methods_fields_and_tests_are_no_uses() {
        let imports = krate(
            "none",
            &[
                ("lib.rs", "mod a; mod b;"),
                (
                    "a.rs",
                    "use crate::b::{self, Second}; fn f(s: Second) { b::g(s) } pub fn h() {}",
                ),
                (
                    "b.rs",
                    "use crate::a; pub struct Second { h: u8 } pub fn g(s: Second) { s.h; s.f() }\n#[cfg(test)] mod tests { fn t() { super::a::h() } }",
                ),
            ],
        );
        assert_eq!(circle_lengths(&imports), [0; 0]);
    }

    #[test]
    fn all_files_of_a_conditional_module_are_read() {
        let imports = krate(
            "chosen",
            &[
                (
                    "lib.rs",
                    "#[cfg_attr(unix, path = \"one.rs\")] #[cfg_attr(windows, path = \"two.rs\")] mod chosen; mod user;",
                ),
                ("one.rs", "pub fn f() { crate::user::g() }"),
                ("two.rs", "pub fn f() { crate::user::g() }"),
                ("user.rs", "pub fn g() { crate::chosen::f() }"),
            ],
        );
        assert_eq!(circle_lengths(&imports), [3]);
    }
}
