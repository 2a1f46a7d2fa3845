//! `lgi decode` at the stored size and at others.

use lgi::image::{Limits, Region, Size, load};

use super::common::{Place, REPORT_KEYS, SIZE, error_line, json, json_lines, size_of};

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
fn a_region_is_the_crop_of_the_whole() {
    let place = Place::new();
    place.picture_of("a.png", 4);
    place.encode("a.png -o plain.lgi").assert().success();
    place.encode("a.png -o normalized.lgi --blend normalized").assert().success();
    place.lgi("encode a.png -o coded.lgi --size 500 -q draft --device cpu").assert().success();
    for file in ["plain.lgi", "normalized.lgi", "coded.lgi"] {
        for (scale, region) in
            [("", "13x9+20+17"), ("--scale 3", "50x1+70+95"), ("--width 20", "20x13+0+0")]
        {
            place.lgi(&format!("decode {file} -o whole.png -f {scale}")).assert().success();
            let run = format!("decode {file} -o part.png -f {scale} --region {region} --json");
            let report = json(&mut place.lgi(&run));
            let region: Region = region.parse().unwrap();
            let [whole, part] = ["whole.png", "part.png"]
                .map(|name| load(&place.path(name), &Limits::default()).unwrap().image);
            assert_eq!(part.size(), region.size);
            assert_eq!(report["width"], region.size.width);
            assert_eq!(part.channels(), whole.channels());
            for channel in 0..part.channels() {
                for y in 0..region.size.height {
                    for x in 0..region.size.width {
                        let at = (region.top + y) * whole.size().width + region.left + x;
                        let expected = whole.plane(channel)[at];
                        let found = part.plane(channel)[y * region.size.width + x];
                        // Floats may round to the neighbouring level.
                        assert!((found - expected).abs() < 1.01 / 255.0, "{file} {x} {y}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_region_of_a_picture_that_is_too_large_to_draw_is_drawn() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png").assert().success();
    let huge = "decode a.lgi -o x.png -f --scale 2000";
    place.lgi(huge).assert().code(1);
    let part = format!("{huge} --region 64x40+50000+30000");
    place.lgi(&part).assert().success();
    assert_eq!(size_of(&place.path("x.png")), Size::new(64, 40));
}

#[test]
fn a_region_that_is_none_is_an_error() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png").assert().success();
    for region in ["49x1+0+0", "1x1+48+0", "0x5+1+1", "1x1+0+18446744073709551615"] {
        let run = format!("decode a.lgi -o x.png --region {region}");
        let line = error_line(&mut place.lgi(&run), 1);
        assert!(line.contains(region) && line.contains("48x32"), "{line}");
    }
    for region in ["5x5", "5x5+1", "5x5+1+-1", "5x5+1+1+1", "x", "5X5+1+1", "5x+5+1+1", "+5x5+1+1"]
    {
        place.lgi(&format!("decode a.lgi -o x.png --region {region}")).assert().code(2);
    }
    assert!(!place.has("x.png"));
}

#[test]
fn the_work_of_drawing_is_limited_at_the_size_that_is_drawn() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png").assert().success();
    let run = "decode a.lgi -o x.png --max-pairs 200000";
    place.lgi(run).assert().success();
    let line = error_line(&mut place.lgi(&format!("{run} -f --scale 20")), 1);
    assert!(line.contains("max-pairs"), "{line}");
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
    place.lgi("decode a.lgi -o x.webp --bit-depth 16").assert().code(1);
    for (bits, depth) in [("16", 16), ("8", 8)] {
        place.lgi(&format!("decode a.lgi -o x.ppm -f --bit-depth {bits}")).assert().success();
        assert_eq!(load(&place.path("x.ppm"), &Limits::default()).unwrap().bit_depth, depth);
    }
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
