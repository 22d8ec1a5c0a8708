//! A SHA-256 digest in hexadecimal.

use core::fmt;

/// A SHA-256 digest.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads a digest from exactly 64 hexadecimal digits.
    pub(crate) fn parse(hex: &str) -> Option<Self> {
        let mut digest = Self::default();
        let mut digits = hex.chars().map(|digit| digit.to_digit(16));
        for byte in &mut digest.0 {
            let (high, low) = (digits.next()??, digits.next()??);
            *byte = (high << 4 | low) as u8;
        }
        digits.next().is_none().then_some(digest)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
