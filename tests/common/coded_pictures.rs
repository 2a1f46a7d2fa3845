//! Pictures of quantised Gaussians: made up, and what they hash to.
//!
//! Use with `#[path = "common/coded_pictures.rs"] mod coded_pictures;`.

use lgi::codec::coded::atom::Atom;
use lgi::codec::coded::lattice::Lattice;
use lgi::codec::coded::{Basis, Coded};
use lgi::image::Size;

/// Numbers that look random and are the same everywhere (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    /// One of `0..count`.
    pub fn below(&mut self, count: i32) -> i32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % count as u64) as i32
    }
}

/// Any atom whose centre lies in the picture, about; colours and shapes all over their range.
fn atom(numbers: &mut Numbers, size: Size, channels: usize, largest: i32) -> Atom {
    loop {
        let mut atom = Atom::default();
        for component in atom.color.iter_mut().take(channels) {
            *component = numbers.below(2 * largest + 1) - largest;
        }
        let steps = atom.steps();
        let (a, b) = (numbers.below(steps.scales()), numbers.below(steps.scales()));
        atom.scale = [a.max(b), a.min(b)];
        atom.scale[0] = atom.scale[0] & !1 | atom.word().scale[0];
        let bits = steps.angle_bits(atom.scale.map(|scale| steps.scale(scale)));
        atom.angle = numbers.below(1 << bits);
        if bits > 0 {
            atom.angle = atom.angle & !1 | atom.word().angle;
        }
        let position = [size.width, size.height]
            .map(|side| i64::from(numbers.below(side as i32 + 8) - 4) << 24);
        atom.place = Lattice::new(steps, &atom.shape()).nearest(position, atom.word().place);
        if atom.color != [0; 4] {
            return atom;
        }
    }
}

/// A made-up picture of `count` Gaussians whose colours are at most `largest` in size.
pub fn picture(seed: u64, size: Size, channels: usize, count: usize, largest: i32) -> Coded {
    let mut numbers = Numbers(seed);
    let mut basis = Basis::default();
    if channels >= 3 {
        basis.turns = std::array::from_fn(|_| (numbers.below(256) - 128) as i8);
    }
    let (base, atoms) = (vec![], vec![]);
    let mut coded = Coded { size, channels, step: 150, spacing: 5, basis, base, atoms };
    for _ in 0..coded.grid().count() {
        let mut color = [0; 4];
        for component in color.iter_mut().take(channels) {
            *component = numbers.below(400) - 200;
        }
        coded.base.push(color);
    }
    coded.atoms = (0..count).map(|_| atom(&mut numbers, size, channels, largest)).collect();
    coded
}

/// Hash of all parameters as integers, and of the floats that they become.
pub fn fingerprint(coded: &Coded) -> [u64; 2] {
    let mut integers = Fnv::default();
    for exact in coded.exact_base().iter().chain(&coded.exact_atoms()) {
        for value in exact.position.iter().chain(&exact.factor).chain(&exact.color) {
            integers.add(&value.to_le_bytes());
        }
    }
    let gaussians = coded.gaussians();
    let mut floats = Fnv::default();
    let values = gaussians.mean_px.iter().flatten().chain(gaussians.factor_px.iter().flatten());
    for value in values.chain(&gaussians.color) {
        floats.add(&value.to_bits().to_le_bytes());
    }
    [integers.0, floats.0]
}

/// FNV-1a, 64 bits.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}
