//! What a cut relies on in a linked program: tables for every byte of its code, and a landing pad at every
//! call of a domain. Asked of the reader that the runtime uses.

mod boundaries;
mod loaded;

use std::path::Path;

use loaded::Loaded;

/// What a check found: one sentence a fault, none if all is well.
type Findings = Vec<String>;

/// Bytes between functions that only align the next one.
const PADDING: usize = 16;

/// Code of the kernel that no domain reaches and nobody unwinds through, by symbol: none.
pub(super) const NAMED: &[&str] = &[];

/// The code of the ELF file at `path` that no table covers, but for functions in `named`.
pub(super) fn uncovered(path: &Path, named: &[&str]) -> Findings {
    let program = match Loaded::read(path) {
        Ok(program) => program,
        Err(problem) => return vec![problem],
    };
    let mut findings = Findings::new();
    let mut start = None;
    // One further, so that the last stretch ends.
    for address in program.code().start..=program.code().end {
        let covered = address < program.code().end && program.is_covered(address);
        match start {
            None if !covered && address < program.code().end => start = Some(address),
            Some(from) if covered || address == program.code().end => {
                start = None;
                let symbols = program.symbols_in(from..address);
                let unnamed = symbols.iter().filter(|at| !named.contains(&at.as_str()));
                let unnamed: Vec<&str> = unnamed.map(String::as_str).collect();
                if !unnamed.is_empty() || (symbols.is_empty() && address - from >= PADDING) {
                    findings.push(format!(
                        "no unwind table covers {from:#x}..{address:#x} ({})",
                        unnamed.join(", ")
                    ));
                }
            }
            _ => {}
        }
    }
    findings
}

/// The calls of domains in the ELF file at `path` that nobody catches a panic of; and how many calls there
/// are.
pub(super) fn uncaught(path: &Path) -> (usize, Findings) {
    let boundaries = Loaded::read(path).and_then(|program| {
        let boundaries = boundaries::find(program.data())?;
        Ok((program, boundaries))
    });
    let (program, boundaries) = match boundaries {
        Ok(found) => found,
        Err(problem) => return (0, vec![problem]),
    };
    let mut findings = Findings::new();
    if boundaries.is_empty() {
        findings.push("no call of a domain was found: was it built without debug info?".into());
    }
    for boundary in &boundaries {
        let mut addresses = boundary.ranges.iter().cloned().flatten();
        if !addresses.any(|address| program.catches(address)) {
            findings.push(format!(
                "nothing catches at {:#x?} in {}",
                boundary.ranges, boundary.name
            ));
        }
    }
    (boundaries.len(), findings)
}

#[cfg(test)]
mod tests;
