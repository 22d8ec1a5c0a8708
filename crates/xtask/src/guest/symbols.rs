//! Turning addresses of the kernel into places of the source.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use addr2line::Context;
use gimli::{Dwarf, EndianRcSlice, RunTimeEndian, SectionId};
use object::{File, Object, ObjectSection, SectionKind};

use super::GuestError;

type Reader = EndianRcSlice<RunTimeEndian>;

/// The debug information of one file.
pub(crate) struct Symbols {
    context: Context<Reader>,
    /// Where there is code. Functions that the linker dropped stay in the line tables, at address 0.
    code: Vec<Range<u64>>,
    /// Stripped from the paths of the workspace's own sources.
    root: PathBuf,
}

/// A function and the line in it; several for one address where functions were inlined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    function: String,
    line: Option<String>,
}

impl Symbols {
    /// Reads the debug information of the ELF file at `path`, built from sources below `root`.
    pub(crate) fn load(path: &Path, root: &Path) -> Result<Self, GuestError> {
        let fail = |problem: String| GuestError::Symbols {
            path: path.to_owned(),
            problem,
        };
        let data = fs::read(path).map_err(|error| fail(error.to_string()))?;
        let file = File::parse(&*data).map_err(|error| fail(error.to_string()))?;
        let endian = if file.is_little_endian() {
            RunTimeEndian::Little
        } else {
            RunTimeEndian::Big
        };
        let section = |id: SectionId| -> Result<Reader, object::Error> {
            let data = match file.section_by_name(id.name()) {
                Some(section) => section.uncompressed_data()?,
                None => Default::default(),
            };
            Ok(Reader::new(Rc::from(&*data), endian))
        };
        let dwarf = Dwarf::load(section).map_err(|error: object::Error| fail(error.to_string()))?;
        let context = Context::from_dwarf(dwarf).map_err(|error| fail(error.to_string()))?;
        let code = file
            .sections()
            .filter(|section| section.kind() == SectionKind::Text);
        let code = code.map(|section| section.address()..section.address() + section.size());
        Ok(Symbols {
            code: code.collect(),
            context,
            root: root.to_owned(),
        })
    }

    /// The call that returns to `address`, innermost function first; empty if nothing is known.
    pub(crate) fn call_before(&self, address: u64) -> Vec<Place> {
        // A return address belongs to the next line, or even to the next function if the call does
        // not return. The byte before it is part of the call.
        self.places(address.saturating_sub(1))
    }

    fn places(&self, address: u64) -> Vec<Place> {
        if !self.code.iter().any(|range| range.contains(&address)) {
            return Vec::new();
        }
        let Ok(mut frames) = self.context.find_frames(address).skip_all_loads() else {
            return Vec::new();
        };
        let mut places = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            let function = frame
                .function
                .as_ref()
                .and_then(|name| Some(name.demangle().ok()?.into_owned()));
            let line = frame.location.and_then(|location| {
                let file = shorten(location.file?, &self.root);
                Some(match location.line {
                    Some(line) => format!("{file}:{line}"),
                    None => file,
                })
            });
            places.push(Place {
                function: function.unwrap_or_else(|| "?".into()),
                line,
            });
        }
        places
    }
}

impl fmt::Debug for Symbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Symbols")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}", abridge(strip_hash(&self.function)))?;
        match &self.line {
            Some(line) => write!(f, " ({line})"),
            None => Ok(()),
        }
    }
}

/// The longest name that is shown with its type arguments.
const LONGEST_NAME: usize = 80;

/// Leaves out the type arguments of a long name: they say little, and fill the screen.
fn abridge(name: &str) -> Cow<'_, str> {
    match name.split_once('<') {
        Some((plain, _)) if name.len() > LONGEST_NAME && !plain.is_empty() => {
            format!("{plain}<…>").into()
        }
        _ => name.into(),
    }
}

/// Drops the disambiguating hash at the end of a legacy-mangled name.
fn strip_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash))
            if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            name
        }
        _ => name,
    }
}

/// A source path as a reader of a trace wants it: relative to the workspace, the standard library's
/// from `library/` on, and other packages' from the package's name on.
fn shorten(file: &str, root: &Path) -> String {
    if let Ok(inside) = Path::new(file).strip_prefix(root) {
        return inside.display().to_string();
    }
    for (marker, keep) in [("/library/", "library/"), ("/registry/src/", "")] {
        if let Some((_, tail)) = file.split_once(marker) {
            // Below registry/src/ comes a directory for the registry, of no interest here.
            let tail = if keep.is_empty() {
                tail.split_once('/').map_or(tail, |(_, tail)| tail)
            } else {
                tail
            };
            return format!("{keep}{tail}");
        }
    }
    file.to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use object::{Object, ObjectSymbol};

    use super::{Symbols, abridge, shorten, strip_hash};
    use crate::workspace::Workspace;

    /// The function that the test looks for in its own binary.
    #[inline(never)]
    fn a_landmark(value: u32) -> u32 {
        std::hint::black_box(value).wrapping_add(1)
    }

    #[test]
    fn a_function_of_this_binary_is_found_with_its_line() {
        assert_eq!(a_landmark(1), 2);
        let path = std::env::current_exe().expect("it runs");
        let data = std::fs::read(&path).expect("readable");
        let file = object::File::parse(&*data).expect("an ELF file");
        let symbol = file
            .symbols()
            .find(|symbol| symbol.name().is_ok_and(|name| name.contains("a_landmark")));
        let address = symbol.expect("compiled in").address();

        let symbols =
            Symbols::load(&path, Workspace::locate().root()).expect("tests have line tables");
        let places = symbols.call_before(address + 2);
        let shown = places.last().expect("an address of a function").to_string();
        assert!(
            shown.starts_with("at xtask::guest::symbols::tests::a_landmark ("),
            "{shown}"
        );
        assert!(shown.contains("symbols.rs:"), "{shown}");
        assert_eq!(symbols.call_before(1), []);
    }

    #[test]
    fn a_file_without_symbols_is_an_error() {
        let manifest = Workspace::locate().root().join("Cargo.toml");
        assert!(Symbols::load(&manifest, Path::new("/")).is_err());
    }

    #[test]
    fn paths_and_names_are_shortened() {
        let root = Path::new("/home/me/samara");
        assert_eq!(
            shorten("/home/me/samara/rref/src/lib.rs", root),
            "rref/src/lib.rs"
        );
        assert_eq!(
            shorten("/rustc/59807616/library/core/src/panicking.rs", root),
            "library/core/src/panicking.rs"
        );
        assert_eq!(
            shorten("/c/registry/src/index-1/spin-0.10.0/src/once.rs", root),
            "spin-0.10.0/src/once.rs"
        );
        assert_eq!(shorten("/elsewhere/x.rs", root), "/elsewhere/x.rs");
        assert_eq!(
            strip_hash("core::panicking::panic::h0123456789abcdef"),
            "core::panicking::panic"
        );
        assert_eq!(strip_hash("a::hello"), "a::hello");
        assert_eq!(abridge("trade<u8>"), "trade<u8>");
        let long = format!("trade<{}>", "a, ".repeat(40));
        assert_eq!(abridge(&long), "trade<…>");
    }
}
