//! A state laid out flat, to be brought to life or changed: the roots (the world, the names written once, the top
//! level's variables), the threads that live, then objects in any order. Each node has a label and refers to others.

use super::labels::{Label, Labels};
use crate::state::living::Nodes;

/// Nodes with their labels, and what each refers to.
pub trait Labelled {
    fn label_of(&self, node: u32) -> Label;

    fn refs_of(&self, node: u32) -> &[u32];
}

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

impl Labelled for Flat {
    fn label_of(&self, node: u32) -> Label {
        self.label(node as usize)
    }

    fn refs_of(&self, node: u32) -> &[u32] {
        self.refs(node as usize)
    }
}

/// The nodes with their contents.
#[derive(Clone, Copy)]
pub struct Told<'f> {
    pub flat: &'f Flat,
    pub labels: &'f Labels,
}

impl Nodes for Told<'_> {
    fn count(&self) -> usize {
        self.flat.len()
    }

    fn content(&self, node: u32) -> &[u8] {
        self.labels.content(self.flat.label(node as usize))
    }

    fn refs(&self, node: u32) -> &[u32] {
        self.flat.refs(node as usize)
    }
}
