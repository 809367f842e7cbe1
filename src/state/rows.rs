//! The contents of many nodes in one row, for those who have too many to give each a vector of its own.

#[derive(Debug, Default)]
pub struct Rows {
    pub bytes: Vec<u8>,
    pub refs: Vec<u32>,
    /// Of each node, where its bytes and its references end.
    pub ends: Vec<(usize, usize)>,
}

impl Rows {
    /// What was put to the bytes and references since the last node is another one.
    pub fn end_node(&mut self) {
        self.ends.push((self.bytes.len(), self.refs.len()));
    }

    pub fn push(&mut self, bytes: &[u8], refs: &[u32]) {
        self.bytes.extend_from_slice(bytes);
        self.refs.extend_from_slice(refs);
        self.end_node();
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// What a node refers to.
    pub fn refs_of(&self, node: usize) -> &[u32] {
        let start = if node == 0 { 0 } else { self.ends[node - 1].1 };
        &self.refs[start..self.ends[node].1]
    }
}
