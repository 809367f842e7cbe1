//! The `conc` command.

fn main() {}
