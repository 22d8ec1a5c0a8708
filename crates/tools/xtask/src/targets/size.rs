//! The memory that a program takes, in flash and in RAM.

use std::fmt;
use std::fs;
use std::path::Path;

use object::{File, Object, ObjectSection, SectionFlags, SectionKind};

use crate::error::Error;

/// Numbers of bytes by their use.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Size {
    /// Code and constants.
    code: u64,
    /// Initialised data, which is stored in flash and copied to RAM.
    data: u64,
    /// Memory that starts as zeros. The stack is not included.
    zeroed: u64,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { code, data, zeroed } = self;
        write!(
            f,
            "flash: {} bytes ({code} code and constants, {data} initial data); RAM: {} bytes and a stack",
            code + data,
            data + zeroed
        )
    }
}

/// Measures the ELF file at `path`.
pub(super) fn of(path: &Path) -> Result<Size, Error> {
    let contents = fs::read(path).map_err(Error::io("read", path))?;
    let file = File::parse(&*contents).map_err(|error| Error::Output {
        what: path.display().to_string(),
        problem: error.to_string(),
    })?;
    let mut size = Size::default();
    for section in file.sections() {
        // Sections that are not loaded, such as symbols, take no memory.
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
            continue;
        };
        if sh_flags.0 & object::elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        match section.kind() {
            SectionKind::UninitializedData => size.zeroed += section.size(),
            _ if sh_flags.0 & object::elf::SHF_WRITE.0 != 0 => size.data += section.size(),
            _ => size.code += section.size(),
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::{Size, of};

    #[test]
    fn this_program_has_code_and_data() {
        let Size { code, data, zeroed } =
            of(&std::env::current_exe().expect("it runs")).expect("an ELF file");
        assert!(code > 100_000 && data > 0 && zeroed > 0);
        let shown = Size {
            code: 10,
            data: 4,
            zeroed: 6,
        };
        assert_eq!(
            shown.to_string(),
            "flash: 14 bytes (10 code and constants, 4 initial data); RAM: 10 bytes and a stack"
        );
    }
}
