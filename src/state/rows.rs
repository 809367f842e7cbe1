//! The contents of many nodes in one row: to give each a vector of its own takes longer than to write it.

use super::graph::Node;
use super::living::Nodes;

/// Nodes in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    pub bytes: Vec<u8>,
    pub refs: Vec<u32>,
    /// Of all nodes, which of their references stand in an order that means nothing: the first, and how many.
    pub unordered: Vec<(u32, u32)>,
    pub ends: Vec<End>,
}

/// Where what belongs to a node ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End {
    pub bytes: usize,
    pub refs: usize,
    unordered: usize,
}

impl Rows {
    /// With room for what most states need. (From a kilobyte on the allocator tidies up first.)
    pub fn with_room() -> Rows {
        Rows {
            bytes: Vec::with_capacity(960),
            refs: Vec::with_capacity(1 << 7),
            unordered: Vec::new(),
            ends: Vec::with_capacity(40),
        }
    }

    /// Without nodes, and with the same room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.refs.clear();
        self.unordered.clear();
        self.ends.clear();
    }

    /// What was put there since the last node is another one.
    pub fn end_node(&mut self) {
        let (bytes, refs, unordered) = (self.bytes.len(), self.refs.len(), self.unordered.len());
        self.ends.push(End { bytes, refs, unordered });
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn start(&self, node: usize) -> End {
        node.checked_sub(1).map_or(End::default(), |before| self.ends[before])
    }

    pub fn node(&self, node: usize) -> Node<'_> {
        let (start, end) = (self.start(node), self.ends[node]);
        Node {
            bytes: &self.bytes[start.bytes..end.bytes],
            refs: &self.refs[start.refs..end.refs],
            unordered: &self.unordered[start.unordered..end.unordered],
        }
    }

    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.len()).map(|node| self.node(node))
    }

    /// What a node refers to.
    pub fn refs_of(&self, node: usize) -> &[u32] {
        &self.refs[self.start(node).refs..self.ends[node].refs]
    }
}

impl Nodes for Rows {
    fn count(&self) -> usize {
        self.len()
    }

    fn content(&self, node: u32) -> &[u8] {
        self.node(node as usize).bytes
    }

    fn refs(&self, node: u32) -> &[u32] {
        self.refs_of(node as usize)
    }
}
