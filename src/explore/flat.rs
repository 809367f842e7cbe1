//! A state laid out flat, to be brought to life or changed: the roots (the world, the names written once, the top
//! level's variables), the threads that live, then objects in any order. Each node has a label and refers to others.

use super::labels::Label;

/// Nodes with their labels and what each refers to, by numbers of nodes.
#[derive(Debug, Default, Clone)]
pub struct Flat {
    /// How many threads live.
    pub seats: usize,
    labels: Vec<Label>,
    /// Where each node's references begin; one more at the end.
    starts: Vec<u32>,
    refs: Vec<u32>,
}

impl Flat {
    pub fn clear(&mut self) {
        self.labels.clear();
        self.starts.clear();
        self.starts.push(0);
        self.refs.clear();
    }

    pub fn push(&mut self, label: Label, refs: impl IntoIterator<Item = u32>) {
        self.labels.push(label);
        self.refs.extend(refs);
        self.starts.push(self.refs.len() as u32);
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    #[inline]
    pub fn refs(&self, node: usize) -> &[u32] {
        &self.refs[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    #[inline]
    pub fn label(&self, node: usize) -> Label {
        self.labels[node]
    }
}
