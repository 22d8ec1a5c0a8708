//! Checks, in a linked program, the tables on which a cut relies: an unwind table covers every byte of the program's
//! code, and every call of a domain has a landing pad. The checks use the reader of tables that the runtime uses.

mod boundaries;
mod loaded;

use std::path::Path;

use loaded::Loaded;

/// The findings of a check, with one sentence for each fault.
type Findings = Vec<String>;

/// A gap without a symbol and with fewer bytes than this is padding that aligns the next function.
const PADDING: usize = 16;

/// Names of functions of the kernel that need no tables, because no domain reaches them and no unwind passes through
/// them. At present the kernel has no such function.
pub(super) const NAMED: &[&str] = &[];

/// Returns a finding for each stretch of code of the ELF file at `path` that no table covers. Functions in `named` need
/// no table.
pub(super) fn uncovered(path: &Path, named: &[&str]) -> Findings {
    let program = match Loaded::read(path) {
        Ok(program) => program,
        Err(problem) => return vec![problem],
    };
    let mut findings = Findings::new();
    let mut start = None;
    // The loop also visits the address after the last byte, where it reports a stretch that reaches the end.
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

/// Returns the number of calls of domains in the ELF file at `path`, and a finding for each call without a landing pad
/// that catches its panic.
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
        findings.push("no call of a domain was found; check that the program has debug info and that boundaries.rs names the runtime's `catch`".into());
    }
    for boundary in &boundaries {
        let mut addresses = boundary.ranges.iter().cloned().flatten();
        if !addresses.any(|address| program.catches(address)) {
            findings.push(format!(
                "no landing pad catches a panic at {:#x?} in {}",
                boundary.ranges, boundary.name
            ));
        }
    }
    (boundaries.len(), findings)
}

#[cfg(test)]
mod tests;
