//! Reads a table.

use crate::{HEAD, MAGIC, NOWHERE, PLACE};

/// A table in memory.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    base: u64,
    offsets: &'a [u8],
    of_rows: &'a [u8],
    places: &'a [u8],
    text: &'a [u8],
}

/// A line of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The name of the function.
    pub function: &'a str,
    /// The source file.
    pub file: &'a str,
    /// The line, from 1; 0 if unknown.
    pub line: u32,
}

impl<'a> Table<'a> {
    /// Returns the table at the beginning of `bytes`, or `None` if there is no table. Bytes after the table are
    /// ignored. This checks only the head. A look-up checks the other parts that it reads.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD * 4)?;
        if number(head, 0)? != MAGIC {
            return None;
        }
        let base = u64::from(number(head, 1)?) | u64::from(number(head, 2)?) << 32;
        let rows = (number(head, 3)? as usize).checked_mul(4)?;
        let places = (number(head, 4)? as usize).checked_mul(4 * PLACE)?;
        let (offsets, rest) = rest.split_at_checked(rows)?;
        let (of_rows, rest) = rest.split_at_checked(rows)?;
        let (places, rest) = rest.split_at_checked(places)?;
        let text = rest.get(..number(head, 5)? as usize)?;
        Some(Self {
            base,
            offsets,
            of_rows,
            places,
            text,
        })
    }

    /// Returns the places of the instruction at `address`: its function, and then the functions into which that
    /// function was inlined, from the innermost outwards. Returns no place if the table has none for the address.
    /// Cost: a binary search.
    #[must_use]
    pub fn places(&self, address: u64) -> Places<'a> {
        Places {
            table: *self,
            next: self.row(address).unwrap_or(NOWHERE),
            left: self.places.len() / (4 * PLACE),
        }
    }

    /// Returns the place of the last row that begins at or before `address`.
    fn row(&self, address: u64) -> Option<u32> {
        let offset = u32::try_from(address.checked_sub(self.base)?).ok()?;
        let (mut low, mut high) = (0, self.offsets.len() / 4);
        while low < high {
            let middle = low + (high - low) / 2;
            if number(self.offsets, middle)? <= offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        number(self.of_rows, low.checked_sub(1)?)
    }

    fn string(&self, at: u32) -> Option<&'a str> {
        let (length, rest) = self.text.get(at as usize..)?.split_first_chunk()?;
        let bytes = rest.get(..u16::from_le_bytes(*length).into())?;
        core::str::from_utf8(bytes).ok()
    }
}

/// Returns the number at `index`.
fn number(bytes: &[u8], index: usize) -> Option<u32> {
    let bytes = bytes.get(index.checked_mul(4)?..)?;
    Some(u32::from_le_bytes(*bytes.first_chunk()?))
}

/// The places of one address, innermost first.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    table: Table<'a>,
    next: u32,
    /// The number of places that may still come. A chain with more places than the table has is a cycle.
    left: usize,
}

impl<'a> Iterator for Places<'a> {
    type Item = Place<'a>;

    fn next(&mut self) -> Option<Place<'a>> {
        self.left = self.left.checked_sub(1)?;
        let first = (self.next as usize).checked_mul(PLACE)?;
        let field = |field| number(self.table.places, first.checked_add(field)?);
        let place = Place {
            function: self.table.string(field(0)?)?,
            file: self.table.string(field(1)?)?,
            line: field(2)?,
        };
        self.next = field(3)?;
        Some(place)
    }
}
