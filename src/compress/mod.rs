//! From pictures to coded files: fit, quantise, and search for the integers that pay.
//!
//! This joins [`crate::codec`], which knows no backend, and [`crate::fit`].

mod base_layer;
mod costs;
mod encoder;
mod patch;
mod quantize;
mod search;
mod splat;

pub use encoder::{Compressed, CompressOptions, Effort, Target, compress};
