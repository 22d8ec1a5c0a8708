//! `cargo xtask holes`: past holes of the core, put back one at a time.

use std::time::Duration;

use crate::cli::{HoleSuite, HolesArgs};
use crate::error::Error;
use crate::holes::{self, Hole, Machine, Row, Tests, Tree};
use crate::progress::{note, step};
use crate::workspace::Workspace;

/// Puts each hole into a copy of the workspace, looks for it, and prints the table of what was found.
pub(super) fn run(workspace: &Workspace, args: &HolesArgs) -> Result<(), Error> {
    let wanted = |suite| args.suite.is_empty() || args.suite.contains(&suite);
    let all = holes::load(workspace, &args.names)?;
    let mut tree = Tree::copy(workspace)?;
    step("the tree without holes");
    let machine = wanted(HoleSuite::Machine)
        .then(|| Machine::measured(workspace, &tree, args.steps))
        .transpose()?;
    for (mode, took) in machine.iter().flat_map(Machine::modes) {
        note(format_args!("{mode}: {:.0} s", took.as_secs_f32()));
    }
    let tests = wanted(HoleSuite::Tests)
        .then(|| Tests::measured(workspace, &tree, &all))
        .transpose()?;
    println!("{}", Row::HEAD);
    let mut rows: Vec<Row> = Vec::new();
    for hole in all {
        step(format_args!("{}: {}", hole.name, hole.title));
        tree.put(&hole)?;
        let row = look(
            workspace,
            &tree,
            hole,
            machine.as_ref(),
            tests.as_ref(),
            args,
        )?;
        println!("{row}");
        rows.push(row);
    }
    let unguarded: Vec<&str> = rows
        .iter()
        .filter(|row| is_unguarded(row))
        .map(|row| row.hole.name.as_str())
        .collect();
    if machine.is_some() {
        let found = rows.iter().filter(|row| row.found()).count();
        println!("\nThe machine finds {found} of {} by itself.", rows.len());
    }
    if unguarded.is_empty() {
        Ok(())
    } else {
        note(format_args!("no test fails with {}", unguarded.join(", ")));
        Err(Error::Checks {
            failed: unguarded.len() as u64,
            of: format!("{} holes' tests", rows.len()),
        })
    }
}

/// Whether the hole's own test does not see it: then it isn't known to be one.
fn is_unguarded(row: &Row) -> bool {
    row.guard.as_ref().is_some_and(|guard| !guard.found())
}

fn look(
    workspace: &Workspace,
    tree: &Tree,
    hole: Hole,
    machine: Option<&Machine>,
    tests: Option<&Tests>,
    args: &HolesArgs,
) -> Result<Row, Error> {
    let limit = Duration::from_secs(args.seconds);
    let guard = tests
        .map(|tests| tests.look(workspace, tree, &hole))
        .transpose()?;
    let machine = machine.map_or(Ok(Vec::new()), |machine| {
        machine.look(workspace, tree, &hole, limit)
    })?;
    Ok(Row {
        hole,
        machine,
        guard,
    })
}
