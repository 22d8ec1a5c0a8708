//! `cargo xtask holes`: puts past holes of the core and of devices back, one at a time, and looks for them.

use std::time::Duration;

use crate::cli::{HoleSuite, HolesArgs};
use crate::error::Error;
use crate::holes::{self, Guards, Hole, Machine, Of, Row, Tree};
use crate::workspace::Workspace;
use samara_process::{note, step};

/// Puts each hole into a copy of the workspace, looks for it, and prints a table with a row for each hole.
pub(super) fn run(workspace: &Workspace, args: &HolesArgs) -> Result<(), Error> {
    let mut all = holes::load(workspace, &args.names)?;
    if !args.suite.is_empty() && !args.suite.contains(&HoleSuite::Tests) {
        // Only the random machine looks for holes of the core, and only the random driver for holes of devices. If
        // the suite of the holes' own tests is not selected, a hole is left out unless the machine that looks for it
        // is selected.
        all.retain(|hole| args.suite.contains(&suite_of(hole.of())));
    }
    let mut tree = Tree::copy(workspace)?;
    step("the tree without holes");
    let suites = Suites::measured(workspace, &tree, &all, args)?;
    let count = all.len();
    let (mut found, mut failed) = (0, 0_u64);
    println!("{}", Row::HEAD);
    for hole in all {
        step(format_args!("{}: {}", hole.name, hole.title));
        match suites.look(workspace, &mut tree, hole) {
            Ok(row) => {
                println!("{row}");
                found += usize::from(row.found());
                // If the hole's own test passes, nothing shows that the edit still puts the fault back, so this
                // counts as a failure.
                failed += u64::from(row.is_unguarded());
            }
            // The error concerns only this hole, so the search goes on with the next hole.
            Err(error) => {
                eprintln!("error: {error}");
                failed += 1;
            }
        }
    }
    tree.mend()?;
    if !suites.machines.is_empty() {
        println!("\nThe machines find {found} of {count} by themselves.");
    }
    if failed == 0 {
        Ok(())
    } else {
        Err(Error::Checks {
            failed,
            of: format!("{count} checks of holes"),
        })
    }
}

/// Returns the suite whose machine looks for holes of the part `of`.
fn suite_of(of: Of) -> HoleSuite {
    match of {
        Of::Core => HoleSuite::Machine,
        Of::Devices => HoleSuite::Devices,
    }
}

/// The suites that look for the holes.
struct Suites {
    machines: Vec<(Of, Machine)>,
    guards: Option<Guards>,
    limit: Duration,
}

impl Suites {
    /// Builds the suites that `args` selects, runs them on `tree`, which has no hole, and measures their times. Fails
    /// if a suite does not pass.
    fn measured(
        workspace: &Workspace,
        tree: &Tree,
        holes: &[Hole],
        args: &HolesArgs,
    ) -> Result<Self, Error> {
        let wanted = |suite| args.suite.is_empty() || args.suite.contains(&suite);
        let mut machines = Vec::new();
        for of in [Of::Core, Of::Devices] {
            if !wanted(suite_of(of)) || !holes.iter().any(|hole| hole.of() == of) {
                continue;
            }
            let machine = Machine::measured(workspace, tree, of, &args.modes, args.steps)?;
            for (mode, took) in machine.modes() {
                note(format_args!("{mode}: {:.0} s", took.as_secs_f32()));
            }
            machines.push((of, machine));
        }
        let guards = wanted(HoleSuite::Tests)
            .then(|| Guards::measured(workspace, tree, holes))
            .transpose()?;
        Ok(Suites {
            machines,
            guards,
            limit: Duration::from_secs(args.seconds),
        })
    }

    /// Puts `hole` into `tree` and looks for it.
    fn look(&self, workspace: &Workspace, tree: &mut Tree, hole: Hole) -> Result<Row, Error> {
        tree.put(&hole)?;
        let guards = self.guards.as_ref();
        let guard = guards.map(|guards| guards.look(workspace, tree, &hole));
        let guard = guard.transpose()?;
        let mut machines = self.machines.iter();
        let machine = match machines.find(|(of, _)| *of == hole.of()) {
            Some((_, machine)) => machine.look(workspace, tree, &hole, self.limit)?,
            None => Vec::new(),
        };
        Ok(Row {
            hole,
            machine,
            guard,
        })
    }
}
