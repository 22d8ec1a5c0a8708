//! Counts instructions per operation on the fast paths. The counts are repeatable, so a count that has grown fails
//! the check.
//!
//! `cargo bench -p samara-benches --bench instructions` (part of `cargo xtask test`) fails if an operation takes more
//! instructions than `cases.rs` records. An excess of up to 5 %, or of up to two instructions, is tolerated. With the
//! arguments `-- --trace NAME`, it prints the address of each instruction of one operation instead.
#![expect(
    unsafe_code,
    reason = "changes owners as a proxy would; steps through instructions"
)]

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod cases;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod stepper;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn main() {
    println!("instructions are counted on x86_64 Linux only: nothing was checked");
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn main() -> std::process::ExitCode {
    check::run()
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod check {
    use crate::cases::{CASES, Case, World};
    use crate::stepper;
    use std::env;
    use std::process::ExitCode;

    /// The number of times that an operation is repeated in a count.
    const TIMES: usize = 16;

    /// Returns the highest count that passes the check: 5 % above the recorded count, but at least two above it.
    fn most(recorded: usize) -> usize {
        recorded + (recorded / 20).max(2)
    }

    /// Returns the number of instructions of one operation. It counts a run of `TIMES` operations and a run without
    /// an operation, and divides the difference by `TIMES`. Each run is counted several times and the lowest count is
    /// used, because now and then an operation fills or empties a cache.
    fn each(world: &mut World, operation: fn(&mut World, usize)) -> usize {
        operation(world, TIMES);
        let mut least = |times| {
            let counts = (0..5).map(|_| stepper::count(|| operation(world, times)));
            counts.min().unwrap_or(0)
        };
        let (none, all) = (least(0), least(TIMES));
        all.saturating_sub(none).div_ceil(TIMES)
    }

    /// Prints the addresses of the instructions of the operation `name`.
    fn trace(world: &mut World, name: &str) -> ExitCode {
        let Some(Case(_, _, operation)) = CASES.iter().find(|case| case.0 == name) else {
            println!("no operation is called {name:?}; see benches/benches/instructions/cases.rs");
            return ExitCode::FAILURE;
        };
        operation(world, TIMES);
        stepper::count(|| operation(world, 1));
        stepper::places().for_each(|place| println!("{place:#x}"));
        ExitCode::SUCCESS
    }

    pub(crate) fn run() -> ExitCode {
        if let Err(error) = stepper::install() {
            println!("SIGTRAP cannot be handled: {error}");
            return ExitCode::FAILURE;
        }
        let mut world = match World::new() {
            Ok(world) => world,
            Err(error) => {
                println!("the domain did not start: {error}");
                return ExitCode::FAILURE;
            }
        };
        let arguments: Vec<String> = env::args().collect();
        if let Some(at) = arguments.iter().position(|argument| argument == "--trace") {
            let name = arguments.get(at + 1).map_or("", String::as_str);
            return trace(&mut world, name);
        }
        let (mut passed, mut failed) = (0, 0);
        let mut grown = None;
        for Case(name, recorded, operation) in &CASES {
            let count = each(&mut world, *operation);
            let Some(recorded) = *recorded else {
                println!("{name}: {count} instructions, for comparison");
                continue;
            };
            let ok = (1..=most(recorded)).contains(&count);
            let verdict = if ok { "ok" } else { "FAILED" };
            println!("test {name}: {count} instructions, {recorded} recorded ... {verdict}");
            passed += usize::from(ok);
            failed += usize::from(!ok);
            if most(count) < recorded {
                println!("note: {name} takes less than recorded; lower the record in cases.rs");
            }
            if !ok {
                grown = Some(name);
            }
        }
        if let Some(name) = grown {
            help(name);
        }
        if !world.is_well() {
            println!("a call failed while it was counted");
            failed += 1;
        }
        let verdict = if failed == 0 { "ok" } else { "FAILED" };
        println!("test result: {verdict}. {passed} passed; {failed} failed");
        ExitCode::from(u8::from(failed != 0))
    }

    /// Prints how to find the instructions that were added.
    fn help(name: &str) {
        let program = env::current_exe().unwrap_or_default();
        let program = program.display();
        println!("to see where the instructions are (compare with a build before the change):");
        println!("  {program} --trace '{name}' | addr2line -afiCe {program}");
        println!("  objdump -dC --no-show-raw-insn {program}");
        println!(
            "  if the growth is worth it, record the new count in benches/benches/instructions/cases.rs"
        );
    }
}
