//! Strongly connected components of a graph: groups of nodes that reach each other.

use std::collections::BTreeSet;

/// Returns the strongly connected components of more than one node, largest first. `edges[n]` are the nodes to which an
/// edge from `n` leads.
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

/// Returns the nodes that a path of at least one edge from `from` reaches. `from` itself is among them only if it lies
/// on a circle.
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
    fn nodes_that_only_lead_to_a_circle_are_left_out() {
        let edges = [vec![1], vec![2], vec![0, 3], vec![4], vec![3], vec![0, 3]];
        let edges: Vec<_> = edges
            .into_iter()
            .map(|to| to.into_iter().collect())
            .collect();
        assert_eq!(circles(&edges), [vec![0, 1, 2], vec![3, 4]]);
    }

    #[test]
    fn a_path_without_return_is_no_circle() {
        let edges = [vec![1], vec![2], vec![]];
        let edges: Vec<_> = edges
            .into_iter()
            .map(|to| to.into_iter().collect())
            .collect();
        assert_eq!(circles(&edges), Vec::<Vec<usize>>::new());
    }
}
