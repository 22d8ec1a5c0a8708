//! Access for the loom tests, which watch the bytes from which an answer is read.

use super::common::Common;
use super::{Image, LandingPad, Registered, TableError};

impl Registered {
    /// Asks the image whose code contains `pc`, as a cut does.
    ///
    /// # Errors
    /// [`TableError::NoEntry`] if there is no such image.
    pub fn with_image<R>(
        pc: usize,
        question: impl Fn(&Image<'static>) -> R,
    ) -> Result<R, TableError> {
        Self::ask(pc, |image| Ok(question(image)))
    }

    /// Asks the image whose code contains `pc`, as a raise does.
    ///
    /// # Errors
    /// [`TableError::NoEntry`] if there is no such image.
    ///
    /// # Safety
    /// If an image contains `pc`, it stays until this returns.
    pub unsafe fn with_image_of_active_frame<R>(
        pc: usize,
        question: impl Fn(&Image<'static>) -> R,
    ) -> Result<R, TableError> {
        // SAFETY: upheld by the caller.
        unsafe { Self::ask_active(pc, |image| Ok(question(image))) }
    }

    /// Asks for a row that may be remembered, as a cut does. Returns its two words, and the distance of its landing
    /// pad from `pc`. If the row is not remembered, all three numbers are the answer to `question`.
    ///
    /// # Errors
    /// [`TableError::NoEntry`] if there is no image whose code contains `pc`.
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
