//! From the kernel's debug information to the table by which it symbolises its own backtraces.

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
    /// Where there is code, but for what only boots: the longest section. Functions that the linker
    /// dropped stay in the line tables, at address 0.
    code: Range<u64>,
    /// Functions by address: the debug information names only those that something was inlined into.
    functions: BTreeMap<u64, String>,
    /// Stripped from the paths of the workspace's own sources.
    root: PathBuf,
}

/// A function and the line in it; several for one address where functions were inlined.
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

    /// The table that the kernel symbolises its backtraces by: see [`samara_symbols`].
    pub(crate) fn table(&self) -> Vec<u8> {
        let mut table = Writer::new(self.code.start);
        let mut end = self.code.start;
        let lines = self
            .context
            .find_location_range(self.code.start, self.code.end);
        for (start, length, _) in lines.into_iter().flatten() {
            // Where lines overlap, what is known of the later one counts from its start on.
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
        // What of the library was inlined is left out: it is the greater part, and says little.
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

    /// What the instruction at `address` belongs to, innermost function first; empty if nothing is known.
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

/// The function's name and its module's.
fn demangle(symbol: &str) -> String {
    let name = rustc_demangle::demangle(symbol).to_string();
    without_generics(strip_hash(&name))
}

/// Where the standard library's sources lie, as [`shorten`] has it.
const LIBRARY: &str = "library/";

/// Drops what stands between angle brackets, which is long and the same for every place of the source; but
/// for the brackets that a name begins with, which say whose method it is.
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
    use samara_symbols::Table;

    use super::{Symbols, shorten, strip_hash, without_generics};
    use crate::checks::fixture;
    use crate::workspace::Workspace;

    /// Has a function whose name and line are looked for.
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
        // Line tables alone name it without its module, unlike full debug information.
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
