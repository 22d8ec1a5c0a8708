//! Makes the table by which the kernel symbolises its own backtraces, from the kernel's debug information.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use addr2line::Context;
use gimli::{Dwarf, EndianRcSlice, RunTimeEndian, SectionId};
use object::{File, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use samara_symbols::Writer;

use super::GuestError;

type Reader = EndianRcSlice<RunTimeEndian>;

/// The debug information of one file.
pub(crate) struct Symbols {
    context: Context<Reader>,
    /// The addresses of the longest code section, which holds all code except that of the early boot. Lines outside
    /// of this range are ignored, because functions that the linker dropped stay in the line tables, at address 0.
    code: Range<u64>,
    /// Functions by address, from the symbol table. They are needed because the debug information names only those
    /// functions into which others were inlined.
    functions: BTreeMap<u64, String>,
    /// The workspace's root. In the table, paths of the workspace's sources are relative to it.
    root: PathBuf,
}

/// A function and a line in it. Where functions were inlined, one address has several places.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Place {
    function: String,
    file: String,
    line: u32,
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
        let functions = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text)
            .filter_map(|symbol| Some((symbol.address(), demangle(symbol.name().ok()?))));
        Ok(Symbols {
            functions: functions.collect(),
            code: code
                .max_by_key(|range| range.end - range.start)
                .unwrap_or(0..0),
            context,
            root: root.to_owned(),
        })
    }

    /// Returns the table by which the kernel symbolises its backtraces. [`samara_symbols`] describes the format.
    pub(crate) fn table(&self) -> Vec<u8> {
        let mut table = Writer::new(self.code.start);
        let mut end = self.code.start;
        let lines = self
            .context
            .find_location_range(self.code.start, self.code.end);
        for (start, length, _) in lines.into_iter().flatten() {
            // Ranges of lines can overlap. Where two overlap, the range that begins later is the valid one.
            let start = start.max(self.code.start);
            if start > end {
                table.row(end, &[]);
            }
            self.row(&mut table, start);
            end = end.max(start + length);
        }
        table.row(end, &[]);
        table.finish()
    }

    fn row(&self, table: &mut Writer, address: u64) {
        let found = self.places(address);
        // The innermost functions are left out as long as they belong to the standard library. They would make up
        // most of the table, and tell a reader of a backtrace little.
        let own = |place: &&Place| !place.file.starts_with(LIBRARY);
        let first = found.iter().position(|place| own(&place));
        let inner = first.unwrap_or(found.len().saturating_sub(1));
        let places: Vec<_> = found[inner..]
            .iter()
            .map(|place| samara_symbols::Place {
                function: &place.function,
                file: &place.file,
                line: place.line,
            })
            .collect();
        table.row(address, &places);
    }

    /// Returns the places of the instruction at `address`, the innermost function first. The list is empty if the
    /// debug information has no place for the address.
    fn places(&self, address: u64) -> Vec<Place> {
        let Ok(mut frames) = self.context.find_frames(address).skip_all_loads() else {
            return Vec::new();
        };
        let mut places = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            let function = frame
                .function
                .as_ref()
                .and_then(|name| Some(without_generics(strip_hash(&name.demangle().ok()?))))
                .or_else(|| Some(self.functions.range(..=address).next_back()?.1.clone()));
            let location = frame.location.as_ref();
            places.push(Place {
                function: function.unwrap_or_else(|| "?".into()),
                file: location
                    .and_then(|location| location.file)
                    .map_or_else(String::new, |file| shorten(file, &self.root)),
                line: location.and_then(|location| location.line).unwrap_or(0),
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

/// Returns the demangled name of a symbol: the path of the function, without hash and generic arguments.
fn demangle(symbol: &str) -> String {
    let name = rustc_demangle::demangle(symbol).to_string();
    without_generics(strip_hash(&name))
}

/// The beginning of the paths of the standard library's sources, after [`shorten`].
const LIBRARY: &str = "library/";

/// Drops generic arguments, which are in angle brackets. They are long, and the line of the source already identifies
/// the function. Brackets at the beginning of a name stay, as they hold the type that has the method.
fn without_generics(name: &str) -> String {
    let kept = usize::from(name.starts_with('<'));
    let (mut depth, mut before) = (0_usize, ' ');
    let mut short = String::new();
    for character in name.chars() {
        let opens = character == '<';
        let closes = character == '>' && before != '-';
        depth += usize::from(opens);
        if depth <= kept {
            short.push(character);
        }
        depth = depth.saturating_sub(usize::from(closes));
        before = character;
    }
    short
}

/// Returns a legacy-mangled name without the disambiguating hash at its end.
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

/// Shortens the path of a source file for a backtrace. A path below the workspace becomes relative to it. A path of the
/// standard library begins with `library/`, and a path of another package begins with the package's name.
fn shorten(file: &str, root: &Path) -> String {
    if let Ok(inside) = Path::new(file).strip_prefix(root) {
        return inside.display().to_string();
    }
    for (marker, keep) in [("/library/", "library/"), ("/registry/src/", "")] {
        if let Some((_, tail)) = file.split_once(marker) {
            // The first directory below registry/src/ names the registry, and is dropped.
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
    use samara_symbols::Table;

    use super::{Symbols, shorten, strip_hash, without_generics};
    use crate::checks::fixture;
    use crate::workspace::Workspace;

    /// A program with a function whose name and line the test looks up.
    const PROGRAM: &str = "
        #[inline(never)]
        fn a_landmark(value: u32) -> u32 {
            std::hint::black_box(value).wrapping_add(1)
        }
        fn main() {
            std::process::exit(a_landmark(1) as i32);
        }";

    #[test]
    fn a_function_of_a_program_is_found_with_its_line() {
        let path = fixture::compile(
            "landmark",
            PROGRAM,
            "out",
            &["-Cdebuginfo=line-tables-only"],
        );
        let data = std::fs::read(&path).expect("readable");
        let file = object::File::parse(&*data).expect("an ELF file");
        let symbol = file
            .symbols()
            .find(|symbol| symbol.name().is_ok_and(|name| name.contains("a_landmark")));
        let address = symbol.expect("compiled in").address();

        let symbols = Symbols::load(&path, Workspace::locate().root()).expect("it has line tables");
        let bytes = symbols.table();
        let table = Table::parse(&bytes).expect("well-formed");
        let place = table.places(address + 2).last().expect("of a function");
        // If the debug information consists only of line tables, it gives the name without the module.
        let name = place.function.rsplit("::").next();
        assert_eq!(name, Some("a_landmark"), "{place:?}");
        assert!(place.file.ends_with("landmark.rs"), "{place:?}");
        assert!((3..6).contains(&place.line), "{place:?}");
        assert_eq!(table.places(1).count(), 0);
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
        for (long, short) in [
            ("map<u8, fn(u8) -> Option<u8>>", "map"),
            (
                "<a::Vec<T> as b::Deref>::deref",
                "<a::Vec as b::Deref>::deref",
            ),
            ("{closure#0}", "{closure#0}"),
        ] {
            assert_eq!(without_generics(long), short);
        }
    }
}
