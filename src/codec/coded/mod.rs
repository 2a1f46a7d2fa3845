//! Coded Gaussians: quantised, and in as few bits as contexts allow.
//!
//! The decoder works in integers from the first bit to the last parameter, so that a stream
//! gives the same Gaussians on every machine. `docs/FORMAT.md` is its specification.

mod account;
pub mod atom;
pub mod base;
mod basis;
mod coder;
pub mod fixed;
mod fixed_tables;
pub mod lattice;
pub mod leaves;
mod model;
mod neighbours;
mod order;
pub mod parity;
mod payload;
mod picture;
mod stream;
mod surroundings;
mod symbols;

pub use account::{PARTS, Part};
pub use basis::{Basis, PLANES};
pub use order::Order;
pub(super) use payload::{Payloads, read, read_count, write};
pub use payload::{Tables, bits_of_parts, train};
pub use picture::{Coded, Exact};
