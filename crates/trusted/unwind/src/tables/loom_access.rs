//! What a model asks, which watches the bytes that an answer is read from.

use super::common::Common;
use super::{Image, LandingPad, Registered, TableError};

impl Registered {
    /// Asks the image whose code `pc` is in, as a cut does.
    ///
    /// # Errors
    /// [`TableError::NoEntry`] if there is none.
    pub fn with_image<R>(
        pc: usize,
        question: impl Fn(&Image<'static>) -> R,
    ) -> Result<R, TableError> {
        Self::ask(pc, |image| Ok(question(image)))
    }

    /// The same as a raise does.
    ///
    /// # Errors
    /// [`TableError::NoEntry`] if there is none.
    ///
    /// # Safety
    /// Where `pc` is in an image, that stays until this returns.
    pub unsafe fn with_image_of_active_frame<R>(
        pc: usize,
        question: impl Fn(&Image<'static>) -> R,
    ) -> Result<R, TableError> {
        // SAFETY: handed on.
        unsafe { Self::ask_active(pc, |image| Ok(question(image))) }
    }

    /// Asks for a row that may be remembered, as a cut does: its words, of which there are two, and how far from
    /// `pc` its landing pad is. In the image's table all three are the answer to `question`.
    ///
    /// # Errors
    /// [`TableError::NoEntry`] if there is none.
    pub fn row(
        pc: usize,
        question: impl Fn(&Image<'static>) -> usize,
    ) -> Result<[usize; 3], TableError> {
        let (rules, pad) = match Self::remembered(pc) {
            Some((rules, Some(pad))) => (rules, pad),
            _ => Self::ask_and_remember(pc, |image| {
                let answer = question(image);
                let row = Common::from_words([answer as u64; 2]);
                Ok((row.into(), LandingPad::CleanUp(pc + answer)))
            })?,
        };
        let row = rules.common().ok_or(TableError::Unsupported)?.words();
        let pad = pad.address().ok_or(TableError::Damaged)?;
        Ok([row[0] as usize, row[1] as usize, pad - pc])
    }
}
