//! Groups of nodes that reach each other.

use std::collections::BTreeSet;

/// The strongly connected components of more than one node, largest first. `edges[n]` are the nodes that `n` leads to.
pub(super) fn circles(edges: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..edges.len())
        .map(|from| reachable(edges, from))
        .collect();
    let mut seen = BTreeSet::<usize>::new();
    let mut circles = Vec::new();
    for node in 0..edges.len() {
        if seen.contains(&node) || !reached[node].contains(&node) {
            continue;
        }
        let together: Vec<_> = reached[node]
            .iter()
            .copied()
            .filter(|&other| reached[other].contains(&node))
            .collect();
        seen.extend(&together);
        if together.len() > 1 {
            circles.push(together);
        }
    }
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

/// The nodes that lie on a way from `from`; itself only if it is on a circle.
fn reachable(edges: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<_> = edges[from].iter().copied().collect();
    while let Some(node) = next.pop() {
        if reached.insert(node) {
            next.extend(&edges[node]);
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::circles;

    #[test]
    fn a_circle_is_found_and_what_only_leads_there_is_none_of_it() {
        let edges = [vec![1], vec![2], vec![0, 3], vec![4], vec![3], vec![0, 3]];
        let edges: Vec<_> = edges
            .into_iter()
            .map(|to| to.into_iter().collect())
            .collect();
        assert_eq!(circles(&edges), [vec![0, 1, 2], vec![3, 4]]);
    }

    #[test]
    fn a_way_without_return_is_none() {
        let edges = [vec![1], vec![2], vec![]];
        let edges: Vec<_> = edges
            .into_iter()
            .map(|to| to.into_iter().collect())
            .collect();
        assert_eq!(circles(&edges), Vec::<Vec<usize>>::new());
    }
}
