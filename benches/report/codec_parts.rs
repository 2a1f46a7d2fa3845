//! What each part of the codec pays.

use std::path::Path;

use lgi::codec::coded::{Order, PARTS, Tables, bits_of_parts};
use lgi::compress::Parts;

use crate::Result;
use crate::arguments::Arguments;
use crate::pictures::Picture;
use crate::rate_distortion::{Encoded, encode_at};
use crate::tables::{markdown, mean};

/// Rates in bits a pixel.
const RATES_BPP: [f64; 2] = [0.1, 0.5];

/// What is left out of the encoder, and the others.
const LEFT_OUT: [(&str, Parts); 6] = [
    ("the base layer", Parts { base_layer: false, ..Parts::ALL }),
    ("the penalty on the rate", Parts { rate_penalty: false, ..Parts::ALL }),
    ("the search", Parts { search: false, ..Parts::ALL }),
    ("rounds of adding and refitting", Parts { refitting: false, ..Parts::ALL }),
    ("the picture's own basis of colours", Parts { color_basis: false, ..Parts::ALL }),
    ("rounding group by group", Parts { groups: false, ..Parts::ALL }),
];

/// Writes `codec_parts.md`: the PSNR that is lost without a part at the same rate, what the
/// trained tables save, and where the bits are.
///
/// # Errors
/// Those of encoding and writing.
pub fn write(pictures: &[Picture], out: &Path, arguments: &Arguments) -> Result<()> {
    let mut backend = arguments.open()?;
    let header: Vec<String> = std::iter::once("without".to_owned())
        .chain(RATES_BPP.map(|bpp| format!("{bpp} bpp")))
        .collect();
    let mut lines: Vec<Vec<String>> =
        LEFT_OUT.iter().map(|(name, _)| vec![(*name).to_owned()]).collect();
    let mut tables = vec!["trained tables".to_owned()];
    let mut shares = PARTS.map(|part| vec![part.name().to_owned()]).to_vec();
    for bpp in RATES_BPP {
        let mut whole_db = Vec::new();
        let (mut trained_bits, mut empty_bits, mut atoms) = (0.0, 0.0, 0);
        let mut bits = [0.0; PARTS.len()];
        for picture in pictures {
            let (coded, Encoded { psnr_db, .. }) =
                encode_at(backend.as_mut(), &picture.target, bpp, Parts::ALL)?;
            whole_db.push(psnr_db);
            atoms += coded.atoms.len();
            for (part, its) in bits_of_parts(&coded, Order::default(), Tables::Trained)? {
                bits[part as usize] += its;
                trained_bits += its;
            }
            let empty = bits_of_parts(&coded, Order::default(), Tables::Empty)?;
            empty_bits += empty.iter().map(|(_, bits)| bits).sum::<f64>();
        }
        tables.push(format!("{:+.1} % bytes", 100.0 * (empty_bits / trained_bits - 1.0)));
        for (line, bits) in shares.iter_mut().zip(bits) {
            line.push(format!("{:.2}", bits / atoms.max(1) as f64));
        }
        for ((name, parts), line) in LEFT_OUT.iter().zip(&mut lines) {
            let mut changes = Vec::new();
            for (picture, whole_db) in pictures.iter().zip(&whole_db) {
                let (_, less) = encode_at(backend.as_mut(), &picture.target, bpp, *parts)?;
                changes.push(less.psnr_db - whole_db);
            }
            let change = mean(changes);
            println!("{bpp} bits a pixel without {name}: {change:+.2} dB");
            line.push(format!("{change:+.2} dB"));
        }
    }
    lines.push(tables);
    let bits_header: Vec<String> =
        std::iter::once("bits a Gaussian".to_owned()).chain(header[1..].to_vec()).collect();
    let text = format!("{}\n{}", markdown(&header, &lines), markdown(&bits_header, &shares));
    Ok(std::fs::write(out.join("codec_parts.md"), text)?)
}
