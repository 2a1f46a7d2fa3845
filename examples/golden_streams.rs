//! Writes the golden streams of `tests/golden` anew, and prints what they hash to.
//!
//! ```text
//! cargo run --release --example golden_streams
//! ```
//!
//! For changes of the format only: other hashes than those in `tests/coded_files.rs` are another
//! format. `photo.lgi` is a photograph and stays as it is; all others are made from it, or made up.

use std::path::Path;

use lgi::codec::coded::{Coded, Order};
use lgi::codec::{ReadLimits, decode_exact, encode_exact};
use lgi::image::Size;

#[path = "../tests/common/coded_pictures.rs"]
mod coded_pictures;

use coded_pictures::{fingerprint, picture};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let photo = std::fs::read(folder.join("photo.lgi"))?;
    let photo = decode_exact(&photo, &ReadLimits::default())?;
    let alpha = picture(5, Size::new(201, 120), 4, 400, 20);
    let gray = picture(6, Size::new(33, 500), 1, 300, 200);
    let streams: [(&str, &Coded, Order); 6] = [
        ("photo", &photo, Order::Sequential),
        ("alpha", &alpha, Order::Sequential),
        ("gray", &gray, Order::Sequential),
        ("photo_progressive", &photo, Order::Progressive),
        ("alpha_progressive", &alpha, Order::Progressive),
        ("gray_progressive", &gray, Order::Progressive),
    ];
    for (name, coded, order) in streams {
        let file = encode_exact(coded, order, 8, None)?;
        let [integers, floats] = fingerprint(&decode_exact(&file, &ReadLimits::default())?);
        println!("{name}: {} bytes, [{integers:#018x}, {floats:#018x}]", file.len());
        std::fs::write(folder.join(name).with_extension("lgi"), file)?;
    }
    Ok(())
}
