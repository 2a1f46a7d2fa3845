//! The `lgi` command, as its users meet it.

#![cfg(feature = "cli")]

mod coding;
mod common;
mod configuration;
mod encoding;
mod experiments;
mod failures;
#[cfg(unix)]
mod interruption;
mod laboratory;
mod methods;
mod other_verbs;
mod records;
mod redrawing;
mod strategies;
mod streams;
