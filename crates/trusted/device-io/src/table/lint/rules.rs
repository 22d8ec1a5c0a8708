//! Checks windows, and what drivers may do with registers.

use super::owners::Pairs;
use super::steps::place;
use crate::table::register::{Rule, Write};
use crate::table::{MAX_WINDOWS, Place, Table, step};

pub(super) const fn windows<D: Table>() {
    assert!(
        !D::WINDOWS.is_empty() && D::WINDOWS.len() <= MAX_WINDOWS,
        "a table has 1 to 6 windows"
    );
    let mut index = 0;
    while index < D::WINDOWS.len() {
        let window = &D::WINDOWS[index];
        assert!(window.length > 0, "an empty window");
        assert!(
            window.most >= window.length,
            "a window is longer than the most that is mapped of it"
        );
        assert!(
            window.align.is_power_of_two() && window.align <= 8,
            "a window's alignment is not 1, 2, 4 or 8 bytes"
        );
        let mut before = 0;
        while before < index {
            assert!(
                !is_same(&D::WINDOWS[before].place, &window.place),
                "two windows in one place"
            );
            before += 1;
        }
        index += 1;
    }
}

/// The lint can't see that two capabilities lead to one place. The engine finds this when a device is claimed.
const fn is_same(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::Bar(one), Place::Bar(other))
        | (Place::Capability(one), Place::Capability(other)) => *one == *other,
        _ => false,
    }
}

pub(super) const fn rules<D: Table>() {
    each_rule!(D, |rule, number| {
        let aligned = rule.offset.is_multiple_of(rule.width.bytes())
            && rule.stride.is_multiple_of(rule.width.bytes());
        assert!(aligned, "a misaligned register");
        assert!(rule.window < D::WINDOWS.len(), "a rule of no window");
        assert!(
            rule.width.bytes() <= D::WINDOWS[rule.window].align,
            "a register is wider than its window's alignment"
        );
        assert!(
            matches!(rule.end(), Some(end) if end <= D::WINDOWS[rule.window].most),
            "a register outside its window"
        );
        if let Some(select) = rule.select {
            let at = step::at(rule.window, select.offset, select.width);
            place::<D>(&at, 1, 0);
            let index = Rule::new(rule.window, select.offset, select.width);
            let mut listed = false;
            each_rule!(D, |other, _number| {
                listed |= overlap(&index, other);
            });
            assert!(
                !listed && rule.count == 1,
                "a rule lists an index register, or an array behind one"
            );
            assert!(
                select.count > 0 && select.count as u64 - 1 <= select.width.all_ones(),
                "an index register is too narrow for its number of indexes"
            );
        }
        if let Write::Masks(masks) = rule.write {
            assert!(
                matches!(rule.select, Some(select) if select.count as usize <= masks.len()),
                "an index without a mask"
            );
        }
        each_rule!(D, |before, other| {
            let overlap = other < number && overlap(before, rule);
            assert!(!overlap, "two rules for one register");
        });
    });
}

/// Whether two rules share bytes.
const fn overlap(one: &Rule, other: &Rule) -> bool {
    Pairs::of(one, other).next().is_some()
}
