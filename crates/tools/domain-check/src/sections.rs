//! Finds writable static memory in compiled crates.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::read::archive::ArchiveFile;
use object::{File, Object, ObjectSection, ObjectSymbol, SectionFlags};

/// A piece of static memory that a program can write. All generations of a domain share it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Writable {
    /// The section that contains it.
    pub(crate) section: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// The names of the statics in it that have symbols.
    pub(crate) symbols: Vec<String>,
}

/// The reason why a compiled crate could not be searched.
#[derive(Debug)]
pub(crate) struct Unreadable {
    path: PathBuf,
    problem: String,
}

impl fmt::Display for Writable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.symbols[..] {
            [] => write!(f, "{} bytes in section {}", self.bytes, self.section),
            symbols => write!(
                f,
                "{} ({} bytes in section {})",
                symbols.join(", "),
                self.bytes,
                self.section
            ),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "could not search {}: {}; it must hold ELF objects, so build without LTO",
            self.path.display(),
            self.problem
        )
    }
}

/// Returns all writable memory in the objects of the library at `path`, an archive as rustc makes them.
pub(crate) fn writable(path: &Path) -> Result<Vec<Writable>, Unreadable> {
    let fail = |problem: String| Unreadable {
        path: path.to_owned(),
        problem,
    };
    let data = fs::read(path).map_err(|error| fail(error.to_string()))?;
    let archive = ArchiveFile::parse(&*data).map_err(|error| fail(error.to_string()))?;
    let mut found = Vec::new();
    for member in archive.members() {
        let member = member.map_err(|error| fail(error.to_string()))?;
        // This member is the crate's metadata, which only the compiler reads.
        if member.name() == b"lib.rmeta" {
            continue;
        }
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let fail = |error: object::Error| fail(format!("{name}: {error}"));
        let object = member.data(&*data).and_then(File::parse).map_err(fail)?;
        search(&object, &mut found).map_err(fail)?;
    }
    Ok(found)
}

fn search(object: &File<'_>, found: &mut Vec<Writable>) -> Result<(), object::Error> {
    for section in object.sections() {
        let name = section.name()?;
        if section.size() > 0 && is_writable(section.flags()) && !is_constant(name) {
            let symbols = object
                .symbols()
                .filter(|symbol| symbol.section_index() == Some(section.index()))
                .filter_map(|symbol| symbol.name().ok())
                .filter(|symbol| !symbol.is_empty() && *symbol != name)
                .map(demangle)
                .collect();
            found.push(Writable {
                section: name.to_owned(),
                bytes: section.size(),
                symbols,
            });
        }
    }
    // Common symbols are memory that the linker would place. Compiled Rust has none, but objects of other languages
    // may have some.
    for symbol in object.symbols().filter(ObjectSymbol::is_common) {
        let symbols = vec![demangle(symbol.name()?)];
        found.push(Writable {
            section: "COMMON".into(),
            bytes: symbol.size(),
            symbols,
        });
    }
    Ok(())
}

/// Whether a running program can write to a section with these flags: `.data`, `.bss`, `.tdata`, `.tbss` and any
/// section that a `link_section` attribute could create.
fn is_writable(flags: SectionFlags) -> bool {
    match flags {
        SectionFlags::Elf { sh_flags, .. } => {
            sh_flags.contains(SHF_ALLOC) && sh_flags.contains(SHF_WRITE)
        }
        _ => false,
    }
}

/// Whether a section is writable only so that the linker can fill in addresses. Such sections hold constants that
/// contain addresses, and the pointer to the personality function to which unwind tables refer.
fn is_constant(name: &str) -> bool {
    name == ".data.rel.ro"
        || name.starts_with(".data.rel.ro.")
        || name == ".data.DW.ref.rust_eh_personality"
}

fn demangle(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

#[cfg(test)]
mod tests;
