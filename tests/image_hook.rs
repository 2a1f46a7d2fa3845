//! `.lgi` files as `image` reads them.

use lgi::backend::cpu::Cpu;
use lgi::codec::{ReadLimits, read_file};
use lgi::image_hook;
use lgi::renderer::Renderer;

#[test]
fn image_opens_coded_files_by_content_and_by_name() {
    assert!(image_hook::register(ReadLimits::default()));
    assert!(!image_hook::register(ReadLimits::default()), "once is enough");
    for (name, channels) in [("photo", 3), ("alpha", 4), ("gray", 1)] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(name)
            .with_extension("lgi");
        let opened = image::open(&path).unwrap();
        let scene = read_file(&path, &ReadLimits::default()).unwrap();
        let size = (scene.size.width as u32, scene.size.height as u32);
        assert_eq!((opened.width(), opened.height()), size);
        assert_eq!(usize::from(opened.color().channel_count()), channels);
        let mut backend = Cpu::new();
        let mut renderer = Renderer::new(&mut backend, scene.blend, scene.size);
        renderer.set(&scene.gaussians);
        assert_eq!(opened.as_bytes(), renderer.render().unwrap().to_8bit());

        let bytes = std::fs::read(&path).unwrap();
        let by_content = image::ImageReader::new(std::io::Cursor::new(&bytes));
        let by_content = by_content.with_guessed_format().unwrap().decode().unwrap();
        assert_eq!(by_content, opened);
        let damaged = std::io::Cursor::new(&bytes[..bytes.len() - 1]);
        assert!(image::ImageReader::new(damaged).with_guessed_format().unwrap().decode().is_err());
    }
}
