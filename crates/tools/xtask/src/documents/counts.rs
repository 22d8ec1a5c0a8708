//! Updates the tables with counts of trusted lines. A table has a row for each crate or part, with its name in the
//! first cell.

/// Returns the document after each of `rows` has replaced the row with the same name.
///
/// # Errors
/// If the document has no row with the name of one of `rows`.
pub(super) fn with_rows(text: &str, rows: &[impl ToString]) -> Result<String, String> {
    let rows: Vec<_> = rows.iter().map(ToString::to_string).collect();
    let mut missing: Vec<_> = rows.iter().collect();
    let mut generated = String::new();
    for line in text.lines() {
        let row = rows.iter().find(|row| name(row) == name(line));
        missing.retain(|it| Some(*it) != row);
        generated.push_str(row.map_or(line, String::as_str));
        generated.push('\n');
    }
    match missing.first() {
        Some(row) => Err(format!(
            "the table lacks the row {row:?}; add a row with the same first cell to the document"
        )),
        None => Ok(generated),
    }
}

/// Returns the first cell of a row of a table. Returns `None` if the line is not a row.
fn name(line: &str) -> Option<&str> {
    line.strip_prefix("| ")?.split(" |").next()
}

#[cfg(test)]
mod tests {
    use super::with_rows;

    #[test]
    fn rows_are_replaced_by_name() {
        let text = "| crate | lines |\n|---|---|\n| a | 1 |\n| b | 2 |\n\nend\n";
        let generated = with_rows(text, &["| b | 3 |"]).expect("the table has the row");
        assert_eq!(generated, text.replace("| b | 2 |", "| b | 3 |"));
        assert!(with_rows(text, &["| c | 1 |"]).is_err());
    }
}
