//! The unwind tables of a linked program, laid out as in its memory.

use std::fs;
use std::ops::Range;
use std::path::Path;

use object::{File, Object, ObjectSection, ObjectSymbol, SymbolKind};
use samara_unwind::tables::{Finder, Image, TableError};

/// A program's file and its tables. The tables lie at the same distances from each other as in the program's memory,
/// because they refer to each other by distances.
pub(super) struct Loaded {
    file: Vec<u8>,
    tables: Vec<u8>,
    /// The address of the tables' first byte in the program.
    start: usize,
    code: Range<usize>,
    header: Range<usize>,
    frames: Range<usize>,
    /// The addresses and names of functions and labels, sorted.
    symbols: Vec<(usize, String)>,
}

impl Loaded {
    /// Reads the ELF file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let fail = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
        let file = fs::read(path).map_err(|error| fail(&error))?;
        let object = File::parse(&*file).map_err(|error| fail(&error))?;
        let section = |name: &str| {
            let section = object
                .section_by_name(name)
                .ok_or_else(|| fail(&format!("the file has no section {name}")))?;
            let data = section.data().map_err(|error| fail(&error))?;
            let start = section.address() as usize;
            Ok::<_, String>((start..start + section.size() as usize, data))
        };
        let code = section(".text")?.0;
        let parts = [
            section(".eh_frame_hdr")?,
            section(".eh_frame")?,
            section(".gcc_except_table")?,
        ];
        let start = parts.iter().map(|at| at.0.start).min().unwrap_or_default();
        let end = parts.iter().map(|at| at.0.end).max().unwrap_or_default();
        let mut tables = vec![0; end - start];
        for (range, data) in &parts {
            tables[range.start - start..range.end - start].copy_from_slice(data);
        }
        let [header, frames, _] = parts.map(|at| at.0.start - start..at.0.end - start);
        let mut symbols: Vec<_> = object
            .symbols()
            .filter(|symbol| code.contains(&(symbol.address() as usize)))
            .filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Label))
            .filter_map(|symbol| {
                let name = symbol.name().ok().filter(|name| !name.is_empty())?;
                let name = format!("{:#}", rustc_demangle::demangle(name));
                Some((symbol.address() as usize, name))
            })
            .collect();
        symbols.sort();
        Ok(Self {
            tables,
            start,
            code,
            header,
            frames,
            symbols,
            file,
        })
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.file
    }

    /// Returns the addresses of `.text`.
    pub(super) fn code(&self) -> &Range<usize> {
        &self.code
    }

    /// Returns the distance from the tables' addresses in the program to their addresses in this process.
    fn moved(&self) -> usize {
        self.tables.as_ptr().addr().wrapping_sub(self.start)
    }

    fn image(&self) -> Image<'_> {
        let code = &self.code;
        Image {
            code: code.start.wrapping_add(self.moved())..code.end.wrapping_add(self.moved()),
            eh_frame_hdr: &self.tables[self.header.clone()],
            eh_frame: &self.tables[self.frames.clone()],
            except_table: &self.tables,
        }
    }

    /// Whether an entry of the tables covers the address, in a form that the reader supports.
    pub(super) fn is_covered(&self, address: usize) -> bool {
        self.image()
            .rules(address.wrapping_add(self.moved()))
            .is_ok()
    }

    /// Whether a panic of the call at the address is caught in the function that contains the address.
    pub(super) fn catches(&self, address: usize) -> bool {
        let caught: Result<bool, TableError> =
            self.image().catches(address.wrapping_add(self.moved()));
        caught == Ok(true)
    }

    /// Returns the names of the functions and labels that begin in `range`.
    pub(super) fn symbols_in(&self, range: Range<usize>) -> Vec<String> {
        let inside = self.symbols.iter().filter(|at| range.contains(&at.0));
        inside.map(|at| at.1.clone()).collect()
    }
}
