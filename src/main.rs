//! The `lgi` command.
fn main() {}
