//! Checks that each of the lint's assertions has a case.

/// A new assertion needs a table that it refuses.
///
/// Invariant: DEV-18, DEV-20, DEV-21
#[test]
fn every_assertion_has_a_case() {
    let messages = |source: &'static str| {
        let code = source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        code.flat_map(|line| line.split('"').skip(1).step_by(2))
    };
    let cases: Vec<_> = [
        include_str!("registers.rs"),
        include_str!("starts.rs"),
        include_str!("formats.rs"),
        include_str!("queues.rs"),
        include_str!("commands.rs"),
    ]
    .into_iter()
    .flat_map(messages)
    .collect();
    let mut count = 0;
    for source in [
        include_str!("../../src/table/lint/mod.rs"),
        include_str!("../../src/table/lint/accesses.rs"),
        include_str!("../../src/table/lint/owners.rs"),
        include_str!("../../src/table/lint/rules.rs"),
        include_str!("../../src/table/lint/steps.rs"),
        include_str!("../../src/table/lint/queues.rs"),
        include_str!("../../src/table/lint/formats.rs"),
        include_str!("../../src/table/lint/commands.rs"),
    ] {
        for message in messages(source) {
            assert!(cases.contains(&message), "no case for: {message}");
            count += 1;
        }
    }
    assert!(count > 50, "only {count} were found");
}
