//! What a model asks, which watches the bytes that an answer is read from.

use super::{Image, Registered, TableError};

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
}
