#![no_main]
//! Any bytes as a file, and any beginning of it; what can be read can be drawn.

use lgi::backend::cpu::Cpu;
use lgi::codec::decode_partial;
use lgi::renderer::Renderer;
use lgi_fuzz::{LIMITS, read_in_every_way};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read_in_every_way(data);
    let Some((cut, file)) = data.split_first() else { return };
    let part = &file[..file.len() * usize::from(*cut) / 255];
    read_in_every_way(part);
    if let Ok(partial) = decode_partial(part, &LIMITS) {
        let scene = partial.scene;
        if scene.size.pixels() <= 1 << 14 {
            let mut backend = Cpu::new();
            let mut renderer = Renderer::new(&mut backend, scene.blend, scene.size);
            renderer.set(&scene.gaussians);
            renderer.render().expect("what can be read can be drawn");
        }
    }
});
