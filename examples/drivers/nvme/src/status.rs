//! The status field of a completion (NVM Express Base 2.0 §3.3.3.2.1), decoded. Pure.

use samara_interfaces::BlockError;

/// Status code types (figure 92).
const GENERIC: u8 = 0x0;
const COMMAND_SPECIFIC: u8 = 0x1;
const MEDIA: u8 = 0x2;

/// The error of a command that may be retried because its namespace isn't ready yet: generic, code 82h (figure 94).
pub(crate) const NOT_READY: BlockError = BlockError::Device(0x0082);

/// A command that the controller completed with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusError {
    /// SCT: the status code type.
    pub kind: u8,
    /// SC: the status code.
    pub code: u8,
    /// DNR: the same command would fail again.
    pub do_not_retry: bool,
}

impl core::fmt::Display for StatusError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self {
            kind,
            code,
            do_not_retry,
        } = self;
        let retry = if *do_not_retry {
            "do not retry"
        } else {
            "may be retried"
        };
        write!(f, "status code type {kind:#x}, code {code:#04x} ({retry})")
    }
}

impl StatusError {
    /// Whether the status is Invalid Field in Command (figure 94): the controller doesn't know a value in the
    /// command.
    pub(crate) const fn is_invalid_field(self) -> bool {
        matches!((self.kind, self.code), (GENERIC, 0x02))
    }

    /// Whether the status says that a namespace isn't active: Invalid Namespace or Format, or Invalid Field with Do Not
    /// Retry.
    pub(crate) const fn is_no_namespace(self) -> bool {
        matches!((self.kind, self.code), (GENERIC, 0x0B))
            || self.is_invalid_field() && self.do_not_retry
    }
}

/// Decodes a status field without its phase tag: SC in bits 7:0, SCT in 10:8, DNR in 14.
pub(crate) const fn decode(status: u16) -> Result<(), StatusError> {
    let code = status as u8;
    let kind = (status >> 8) as u8 & 0b111;
    if code == 0 && kind == GENERIC {
        return Ok(());
    }
    Err(StatusError {
        kind,
        code,
        do_not_retry: status >> 14 & 1 == 1,
    })
}

impl From<StatusError> for BlockError {
    /// Converts the codes of figures 94 (generic), 95 (command specific) and 97 (media), and of the NVM command set.
    fn from(error: StatusError) -> Self {
        match (error.kind, error.code) {
            // Namespace is Write Protected; Attempted Write to Read Only Range.
            (GENERIC, 0x20) | (COMMAND_SPECIFIC, 0x82) => Self::WriteProtected,
            // LBA Out of Range; Capacity Exceeded.
            (GENERIC, 0x80 | 0x81) => Self::OutOfRange,
            // Write Fault, Unrecovered Read Error, end-to-end check errors, Deallocated or
            // Unwritten Logical Block.
            (MEDIA, 0x80..=0x84 | 0x87) => Self::Medium,
            // Namespace Not Ready with Do Not Retry is a lasting condition. The code keeps that bit, so it differs
            // from `NOT_READY`.
            (GENERIC, 0x82) if error.do_not_retry => Self::Device(0x4082),
            (kind, code) => Self::Device((kind as u16) << 8 | code as u16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_success_and_nothing_else_is() {
        assert_eq!(decode(0), Ok(()));
        // The bits CRD and More alone do not make a status an error.
        assert_eq!(decode(0b0011_1000_0000_0000), Ok(()));
        let failed = (0..1u16 << 11)
            .filter(|&status| decode(status).is_err())
            .count();
        assert_eq!(failed, (1 << 11) - 1);
    }

    #[test]
    fn only_some_codes_say_that_there_is_no_namespace() {
        let no_namespace = (0..1u16 << 15).filter(|&status| {
            let error = decode(status).err();
            error.is_some_and(StatusError::is_no_namespace)
        });
        // CRD and More (bits 11 to 13) don't matter, so only codes without them are compared.
        let codes: std::vec::Vec<_> = no_namespace
            .filter(|code| code >> 11 & 0b111 == 0)
            .collect();
        assert_eq!(codes, [0x000B, 0x4002, 0x400B]);
    }

    #[test]
    fn codes_become_the_errors_that_callers_can_act_on() {
        let error = |status| BlockError::from(decode(status).unwrap_err());
        assert_eq!(error(0x0020), BlockError::WriteProtected);
        assert_eq!(error(0x0182), BlockError::WriteProtected);
        assert_eq!(error(0x4080), BlockError::OutOfRange);
        assert_eq!(error(0x0281), BlockError::Medium);
        assert_eq!(error(0x0280), BlockError::Medium);
        assert_eq!(error(0x0006), BlockError::Device(0x0006));
        assert_eq!(error(0x0713), BlockError::Device(0x0713));
        assert_eq!(error(0x0082), NOT_READY);
        assert_ne!(error(0x4082), NOT_READY);
        assert!(decode(0x4002).unwrap_err().do_not_retry);
    }
}
