#![no_main]
//! Any pixels and any target through a small encoder; what it writes can be read, and is the same.

use std::sync::Arc;

use lgi::backend::cpu::Cpu;
use lgi::codec::coded::Order;
use lgi::codec::{ReadLimits, decode_exact, encode_exact};
use lgi::compress::{CompressOptions, Dense, Effort, Parts, Target, compress};
use lgi::image::{Image, Size};
use lgi_fuzz::take;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let channels = [1, 3, 4][usize::from(take(&mut data) % 3)];
    let size = Size::new(usize::from(take(&mut data) % 24), usize::from(take(&mut data) % 24));
    let number = f64::from(take(&mut data));
    let target = match take(&mut data) % 3 {
        0 => Target::Bytes(4 * number as u64),
        1 => Target::PsnrDb(number / 4.0),
        _ => Target::Step(number / 64.0),
    };
    let order = [Order::Sequential, Order::Progressive][usize::from(take(&mut data) % 2)];
    let mut image = Image::zeros(size, channels);
    for value in image.data_mut() {
        let byte = take(&mut data);
        *value = f32::from(byte) / 255.0;
        data = if data.is_empty() { &[255, 7, 0, 200] } else { data };
    }
    let dense = Dense { iterations: 4, rounds: 2, refit_iterations: 2 };
    let effort = Effort {
        surplus: 2,
        iterations: 4,
        rounds: 2,
        sweeps: 1,
        last_sweeps: 1,
        refit_iterations: 2,
        groups: 2,
        group_iterations: 1,
        dense,
    };
    let options = CompressOptions { target, order, effort, parts: Parts::default(), seed: 0 };
    // One thread: what two do at once, a fuzzer cannot repeat.
    let mut backend = Cpu::with_threads(1).expect("a thread");
    let Ok(coded) = compress(&mut backend, &Arc::new(image), &options) else { return };
    let file = encode_exact(&coded, order, 8, None).expect("it can be written");
    if let Target::Bytes(bytes) = target {
        assert!(file.len() as u64 <= bytes);
    }
    let back = decode_exact(&file, &ReadLimits::default()).expect("it can be read");
    assert_eq!(encode_exact(&back, order, 8, None).expect("it can be written"), file);
    let mut atoms = [back.atoms, coded.atoms];
    for atoms in &mut atoms {
        atoms.sort_by_key(|a| (a.color, a.scale, a.angle, a.place));
    }
    assert_eq!(atoms[0], atoms[1]);
});
