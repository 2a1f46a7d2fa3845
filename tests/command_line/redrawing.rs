//! `lgi decode` at the stored size and at others.

use lgi::image::{Limits, Size, load};

use super::common::{Place, REPORT_KEYS, SIZE, json, json_lines, size_of};

#[test]
fn sizes_are_as_asked_for() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png").assert().success();
    for (arguments, width, height) in [
        ("", SIZE.width, SIZE.height),
        ("--scale 2", 96, 64),
        ("--scale 0.25", 12, 8),
        ("--scale 0.001", 1, 1),
        ("--width 24", 24, 16),
        ("--height 64", 96, 64),
        ("--width 7 --height 90", 7, 90),
    ] {
        let run = format!("decode a.lgi -o x.png --force {arguments} --json");
        let report = json(&mut place.lgi(&run));
        assert_eq!(size_of(&place.path("x.png")), Size::new(width, height), "{arguments}");
        assert_eq!((&report["width"], &report["height"]), (&width.into(), &height.into()));
        assert_eq!(report.as_object().unwrap().len(), REPORT_KEYS.len());
        assert_eq!(report["gaussians"], 40);
    }
}

#[test]
fn bit_depths() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png").assert().success();
    for (arguments, depth) in [("", 8), ("--bit-depth 16", 16), ("--bit-depth 8", 8)] {
        place.lgi(&format!("decode a.lgi -o x.png -f {arguments}")).assert().success();
        let loaded = load(&place.path("x.png"), &Limits::default()).unwrap();
        assert_eq!(loaded.bit_depth, depth);
        let name = "encode x.png -o y.lgi -f -n 10 --iterations 1 --device cpu";
        place.lgi(name).assert().success();
        let info = json(&mut place.lgi("info y.lgi --json"));
        assert_eq!(info["bit_depth"], depth, "{info}");
    }
    place.lgi("decode a.lgi -o x.jpg --bit-depth 16").assert().code(1);
}

#[test]
fn many_files_and_other_formats() {
    let place = Place::new();
    place.picture("a.png");
    place.picture("b.png");
    place.encode("a.png b.png -o enc/").assert().success();
    let reports = json_lines(&mut place.lgi("decode enc/a.lgi -i enc/b.lgi -o dec/ --json"));
    assert_eq!(reports.len(), 2);
    assert_eq!(place.list("dec"), ["a.png", "b.png"]);
    for name in ["x.jpg", "x.webp", "x.bmp", "x.tiff", "x.ppm"] {
        place.lgi(&format!("decode enc/a.lgi -o {name}")).assert().success();
        assert_eq!(size_of(&place.path(name)), SIZE, "{name}");
    }
    place.lgi("decode enc/a.lgi -o x.unknown").assert().code(1);
}

#[test]
fn what_encode_draws_is_what_decode_draws() {
    let place = Place::new();
    place.picture("a.png");
    for blend in ["additive", "normalized"] {
        place.encode(&format!("a.png -o x.lgi -f --blend {blend}")).assert().success();
        place.encode(&format!("a.png -o x.png -f --blend {blend}")).assert().success();
        place.lgi("decode x.lgi -o y.png -f").assert().success();
        assert_eq!(place.bytes("x.png"), place.bytes("y.png"), "{blend}");
    }
}
