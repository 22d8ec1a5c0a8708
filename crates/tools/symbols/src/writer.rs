//! Makes a table.

use crate::{MAGIC, NOWHERE, Place};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A table in the making. Equal strings and equal places are stored once.
#[derive(Debug)]
pub struct Writer {
    base: u64,
    rows: Vec<(u32, u32)>,
    places: BTreeMap<[u32; 4], u32>,
    strings: BTreeMap<String, u32>,
    text: Vec<u8>,
}

impl Writer {
    /// Makes an empty table for code at address `base` and above.
    #[must_use]
    pub fn new(base: u64) -> Self {
        Self {
            base,
            rows: Vec::new(),
            places: BTreeMap::new(),
            strings: BTreeMap::new(),
            text: Vec::new(),
        }
    }

    /// Adds a row, which says that the instructions from `address` up to the next row's address come from `places`.
    /// The innermost function comes first, then the functions into which it was inlined. If `places` is empty, the
    /// origin of the instructions is not known.
    ///
    /// Returns false and adds nothing if `address` is below the base, below the last row, or 4 GiB or more above the
    /// base.
    pub fn row(&mut self, address: u64, places: &[Place<'_>]) -> bool {
        let offset = address.checked_sub(self.base).map(u32::try_from);
        let Some(Ok(offset)) = offset else {
            return false;
        };
        let last = self.rows.last().copied();
        if last.is_some_and(|(before, _)| offset < before) {
            return false;
        }
        let place = places.iter().rev().fold(NOWHERE, |caller, place| {
            let fields = [
                self.string(place.function),
                self.string(place.file),
                place.line,
                caller,
            ];
            let next = self.places.len() as u32;
            *self.places.entry(fields).or_insert(next)
        });
        match last {
            Some((_, before)) if before == place => {}
            Some((at, _)) if at == offset => self.rows.last_mut().expect("there is one").1 = place,
            _ => self.rows.push((offset, place)),
        }
        true
    }

    fn string(&mut self, string: &str) -> u32 {
        if let Some(at) = self.strings.get(string) {
            return *at;
        }
        let at = self.text.len() as u32;
        let end = string.floor_char_boundary(u16::MAX.into());
        self.text.extend((end as u16).to_le_bytes());
        self.text.extend(&string.as_bytes()[..end]);
        self.strings.insert(string.to_string(), at);
        at
    }

    /// Returns the bytes of the table.
    #[must_use]
    pub fn finish(&self) -> Vec<u8> {
        let mut places: Vec<_> = self.places.iter().collect();
        places.sort_unstable_by_key(|(_, index)| **index);
        let head = [
            MAGIC,
            self.base as u32,
            (self.base >> 32) as u32,
            self.rows.len() as u32,
            places.len() as u32,
            self.text.len() as u32,
        ];
        let offsets = self.rows.iter().map(|row| row.0);
        let of_rows = self.rows.iter().map(|row| row.1);
        let places = places.into_iter().flat_map(|(fields, _)| *fields);
        let numbers = head.into_iter().chain(offsets).chain(of_rows).chain(places);
        let mut bytes: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        bytes.extend(&self.text);
        bytes
    }
}
