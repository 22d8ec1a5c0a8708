//! A bounded string by value, for text that outlives a domain: it is bytes, never a pointer into the domain.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use core::fmt;

/// At most `N` bytes of text; longer text is truncated at a character boundary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize> {
    len: usize,
    bytes: [u8; N],
}

impl<const N: usize> Text<N> {
    /// The empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            len: 0,
            bytes: [0; N],
        }
    }

    /// The text of `value`.
    #[must_use]
    pub fn of(value: &str) -> Self {
        let mut text = Self::new();
        text.push(value);
        text
    }

    /// The text as a string slice.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }

    /// Whether the text is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends `number` in decimal, without `core::fmt`.
    pub(crate) fn push_number(&mut self, mut number: u32) {
        let mut digits = [0; 10];
        let mut at = digits.len();
        loop {
            at = at.strict_sub(1);
            digits[at] = b'0'.strict_add((number % 10) as u8);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.push(core::str::from_utf8(&digits[at..]).unwrap_or(""));
    }

    /// Appends as much of `value` as fits.
    pub(crate) fn push(&mut self, value: &str) {
        let mut take = value.len().min(N.strict_sub(self.len));
        while !value.is_char_boundary(take) {
            take = take.strict_sub(1);
        }
        let end = self.len.strict_add(take);
        self.bytes[self.len..end].copy_from_slice(&value.as_bytes()[..take]);
        self.len = end;
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, value: &str) -> fmt::Result {
        self.push(value);
        Ok(())
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_ends_at_a_character_boundary() {
        assert_eq!(Text::<4>::of("aäöü").as_str(), "aä");
        assert_eq!(Text::<0>::of("x").as_str(), "");
        let mut number = Text::<12>::of("n");
        number.push_number(0);
        number.push_number(u32::MAX);
        assert_eq!(number.as_str(), "n04294967295");
        assert_eq!(Text::<8>::of("domain").as_str(), "domain");
    }
}
