//! The payloads of the chunks of coded Gaussians.

use super::account::{Account, Part};
use super::atom::Atom;
use super::base::{self, Grid};
use super::basis::Basis;
use super::coder::{Coder, Decoder, Encoder};
use super::leaves::Leaves;
use super::model::Model;
use super::order::Order;
use super::picture::Coded;
use super::stream::{MOST_LAYERS, Walk, in_leaves};
use super::symbols::Symbols;
use crate::codec::bytes::Bytes;
use crate::codec::compact::{push_varint, varint};
use crate::codec::{ReadLimits, malformed, unsupported};
use crate::error::{Error, Result};
use crate::image::Size;

/// Logarithms to base 2 of the spacing of the base layer that a file may have, in pixels.
const SPACINGS: std::ops::RangeInclusive<u8> = 3..=12;

/// What a file has of a picture.
#[derive(Clone, Debug)]
pub struct Payloads<'a> {
    /// Base layer, and the atoms that stand with it.
    pub first: &'a [u8],
    /// Whether the end of `first` is missing.
    pub is_cut: bool,
    /// More atoms, layer by layer.
    pub layers: Vec<&'a [u8]>,
}

/// The payloads of a picture: that of its chunk `GCOD`, then those of its layers.
///
/// # Errors
/// [`Error::Invalid`] for what a file cannot hold.
pub fn write(coded: &Coded, order: Order) -> Result<Vec<Vec<u8>>> {
    if !SPACINGS.contains(&coded.spacing) || coded.base.len() != coded.grid().count() {
        return Err(Error::Invalid(format!(
            "a base layer of {} Gaussians, 2^{} pixels apart, cannot be stored",
            coded.base.len(),
            coded.spacing
        )));
    }
    if let Some(atom) = coded.atoms.iter().find(|atom| !atom.is_whole()) {
        return Err(Error::Invalid(format!(
            "{atom:?} has integers whose parities do not go together, and cannot be stored"
        )));
    }
    let leaves = Leaves::new(coded.size);
    let inside = |atom: &&Atom| leaves.of(atom.position()).is_some();
    let layers = order.layers(coded.atoms.iter().filter(inside).copied().collect());
    let mut model = Model::trained();
    let mut walk = Walk::new(coded.size, coded.channels, layers.len() > 1);
    let mut payloads: Vec<Vec<u8>> = Vec::new();
    for atoms in &layers {
        let mut payload = Vec::new();
        push_varint(&mut payload, atoms.len() as u64);
        let mut encoder = Encoder::default();
        let mut symbols = Symbols { coder: &mut encoder, model: &mut model };
        if payloads.is_empty() {
            payload.extend([coded.step, coded.spacing]);
            if coded.channels >= 3 {
                payload.extend(coded.basis.turns.map(|turn| turn as u8));
            }
            write_base(&mut symbols, coded)?;
        } else {
            walk.begin_layer();
        }
        write_atoms(&mut symbols, &mut walk, coded.size, atoms)?;
        payload.extend(encoder.finish());
        payloads.push(payload);
    }
    Ok(payloads)
}

fn write_base<C: Coder>(symbols: &mut Symbols<'_, C>, coded: &Coded) -> Result<()> {
    base::code(symbols, &coded.grid(), coded.channels, &coded.base, &mut Vec::new())
}

fn write_atoms<C: Coder>(
    symbols: &mut Symbols<'_, C>,
    walk: &mut Walk,
    size: Size,
    atoms: &[Atom],
) -> Result<()> {
    let leaves = in_leaves(size, atoms);
    let count = leaves.iter().map(Vec::len).sum();
    walk.code(symbols, Some(&leaves), count, &mut Vec::new())
}

/// Number of Gaussians that the payloads claim to have, the base layer among them.
///
/// # Errors
/// [`Error::Truncated`] if one ends too early, [`Error::Malformed`] if there are too many layers.
pub fn read_count(payloads: &Payloads, size: Size, channels: usize) -> Result<u64> {
    if payloads.layers.len() > MOST_LAYERS {
        return Err(malformed(format!(
            "it has {} layers, more than {MOST_LAYERS}",
            payloads.layers.len()
        )));
    }
    let head = Head::read(&mut Bytes(payloads.first), channels)?;
    let base = Grid::new(size, 1 << head.spacing).count() as u64;
    let mut count = head.count.saturating_add(base);
    for layer in &payloads.layers {
        count = count.saturating_add(varint(&mut Bytes(layer))?);
    }
    Ok(count)
}

/// What stands before the bits of the first payload.
struct Head {
    count: u64,
    step: u8,
    spacing: u8,
    basis: Basis,
}

impl Head {
    fn read(bytes: &mut Bytes, channels: usize) -> Result<Self> {
        let count = varint(bytes)?;
        let (step, spacing) = (bytes.u8()?, bytes.u8()?);
        if !SPACINGS.contains(&spacing) {
            return Err(unsupported(format!("its base layer is 2^{spacing} pixels apart")));
        }
        let mut basis = Basis::default();
        if channels >= 3 {
            for turn in &mut basis.turns {
                *turn = bytes.u8()? as i8;
            }
        }
        Ok(Self { count, step, spacing, basis })
    }
}

fn addressable(count: u64) -> Result<usize> {
    usize::try_from(count).map_err(|_| malformed("it holds too many Gaussians"))
}

/// The Gaussians of payloads whose picture and [`read_count`] are within limits. Of a first one
/// that is cut off, those that are whole: what damage there may be to it nothing tells.
///
/// # Errors
/// [`Error::Malformed`] if a number of Gaussians is not the one that is stated; [`Error::Limit`] if
/// there are too many in a leaf.
pub fn read(
    payloads: &Payloads,
    size: Size,
    channels: usize,
    limits: &ReadLimits,
) -> Result<Coded> {
    let mut bytes = Bytes(payloads.first);
    let Head { count, step, spacing, basis } = Head::read(&mut bytes, channels)?;
    let (base, atoms) = (Vec::new(), Vec::new());
    let mut coded = Coded { size, channels, step, spacing, basis, base, atoms };
    let grid = coded.grid();
    let mut model = Model::trained();
    let walk = Walk::new(size, channels, !payloads.layers.is_empty());
    let mut walk = walk.with_at_most(limits.max_per_leaf);

    let begin = if payloads.is_cut { Decoder::of_part } else { Decoder::new };
    let mut decoder = begin(bytes.0);
    let mut symbols = Symbols { coder: &mut decoder, model: &mut model };
    let count = addressable(count)?;
    let end = base::code(&mut symbols, &grid, channels, &[], &mut coded.base)
        .and_then(|()| walk.code(&mut symbols, None, count, &mut coded.atoms));
    if !(payloads.is_cut && decoder.is_exhausted()) {
        end?;
    }
    for layer in &payloads.layers {
        let mut bytes = Bytes(layer);
        let count = addressable(varint(&mut bytes)?)?;
        let mut decoder = Decoder::new(bytes.0);
        let mut symbols = Symbols { coder: &mut decoder, model: &mut model };
        walk.begin_layer();
        walk.code(&mut symbols, None, count, &mut coded.atoms)?;
    }
    Ok(coded)
}

/// Learns the tables that streams start with from coded pictures, the most typical last.
///
/// # Errors
/// As [`crate::codec::encode_exact`].
pub fn train(pictures: &[Coded]) -> Result<Vec<u8>> {
    let mut model = Model::default();
    for coded in pictures {
        let mut symbols = Symbols { coder: &mut Encoder::default(), model: &mut model };
        write_base(&mut symbols, coded)?;
        let mut walk = Walk::new(coded.size, coded.channels, false);
        write_atoms(&mut symbols, &mut walk, coded.size, &coded.atoms)?;
    }
    Ok(model.to_bytes())
}

/// What a stream's model knows at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// What was learned from photographs, as in every file.
    Trained,
    /// Nothing: to see what that is worth.
    Empty,
}

/// The bits that each part of a picture takes, in the order of the stream; parts without any are
/// left out. Whole bytes, and what else a file has, come on top.
///
/// # Errors
/// As [`crate::codec::encode_exact`].
pub fn bits_of_parts(coded: &Coded, order: Order, tables: Tables) -> Result<Vec<(Part, f64)>> {
    let layers = order.layers(coded.atoms.clone());
    let mut model = match tables {
        Tables::Trained => Model::trained(),
        Tables::Empty => Model::default(),
    };
    let mut walk = Walk::new(coded.size, coded.channels, layers.len() > 1);
    let mut account = Account::default();
    let mut symbols = Symbols { coder: &mut account, model: &mut model };
    write_base(&mut symbols, coded)?;
    for (index, atoms) in layers.iter().enumerate() {
        if index > 0 {
            walk.begin_layer();
        }
        write_atoms(&mut symbols, &mut walk, coded.size, atoms)?;
    }
    Ok(account.parts())
}
