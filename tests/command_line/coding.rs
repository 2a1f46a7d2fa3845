//! Coded files on the command line.

use crate::common::{Place, error_line, json};

#[test]
fn a_size_is_kept_and_the_file_is_read_like_any_other() {
    let place = Place::new();
    place.picture("a.png");
    let coded = "encode a.png -o a.lgi --size 300 -q draft --device cpu --json";
    let report = json(&mut place.lgi(coded));
    let bytes = place.bytes("a.lgi").len();
    assert!((200..=300).contains(&bytes), "{bytes}");
    assert_eq!(report["bytes"].as_u64().unwrap(), bytes as u64);

    let shown = json(&mut place.lgi("info a.lgi --json"));
    assert_eq!((shown["version"].as_u64(), shown["channels"].as_u64()), (Some(2), Some(3)));
    assert!(shown["precision_bits"].is_null());
    place.lgi("info a.lgi").assert().success();
    place.lgi("decode a.lgi -o back.png --device cpu").assert().success();
    place.lgi("decode a.lgi -o large.png --scale 2 --device cpu").assert().success();
    let compared = json(&mut place.lgi("compare a.png a.lgi --json"));
    let [told, measured] = [&report, &compared].map(|report| report["psnr_db"].as_f64().unwrap());
    assert!(told > 20.0 && (told - measured).abs() < 0.01, "{told} {measured}");
}

#[test]
fn bits_per_pixel_steps_and_quality_are_targets_too() {
    let place = Place::new();
    place.picture("a.png");
    for (target, most) in [("--bpp 1.5", 288), ("--step 0.5", 2000), ("--coded --psnr 25", 2000)] {
        let command = format!("encode a.png -f -o a.lgi {target} -q draft --device cpu --json");
        let report = json(&mut place.lgi(&command));
        assert!(place.bytes("a.lgi").len() <= most, "{target}");
        assert!(report["psnr_db"].as_f64().unwrap() > 20.0, "{target}");
    }
}

#[test]
fn the_smallest_pictures_are_coded_without_a_target() {
    let place = Place::new();
    for (picture, bytes) in [("1 1", &b"\x80"[..]), ("3 1", &b"\x00\x80\xff"[..])] {
        place.write("a.pgm", [format!("P5 {picture} 255\n").as_bytes(), bytes].concat());
        let report = json(&mut place.lgi("encode a.pgm -f -o a.lgi --coded --device cpu --json"));
        assert!(place.bytes("a.lgi").len() <= 256, "{picture}");
        assert!(report["psnr_db"].as_f64().is_none_or(|psnr_db| psnr_db > 40.0), "{report}");
    }
}

#[test]
fn what_has_arrived_of_a_file_is_drawn_if_that_is_asked_for() {
    let place = Place::new();
    place.picture("a.png");
    for (order, part) in [("", 0.7), ("--progressive", 0.9)] {
        let run = format!("encode a.png -f -o a.lgi --size 900 -q draft --device cpu {order}");
        place.lgi(&run).assert().success();
        let bytes = place.bytes("a.lgi");
        assert!(bytes.len() <= 900, "{} bytes", bytes.len());
        place.write("cut.lgi", &bytes[..(part * bytes.len() as f64) as usize]);
        let line = error_line(&mut place.lgi("decode cut.lgi -o cut.png"), 1);
        assert!(line.contains("cut off"), "{line}");
        assert!(!place.has("cut.png"));

        let output = place.lgi("decode cut.lgi -o cut.png --partial").assert().success();
        let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(said.contains("cut.lgi: cut off") && !said.contains("error"), "{said}");
        place.lgi("decode a.lgi -o whole.png -f").assert().success();
        place.lgi("decode a.lgi -o same.png -f --partial --quiet").assert().success().stderr("");
        assert_eq!(place.bytes("same.png"), place.bytes("whole.png"));
        let psnr = |name: &str| {
            let compared = json(&mut place.lgi(&format!("compare a.png {name} --json")));
            compared["psnr_db"].as_f64().unwrap()
        };
        let (partly, wholly) = (psnr("cut.png"), psnr("whole.png"));
        assert!(partly > 12.0 && partly < wholly, "{order}: {partly} {wholly}");
        std::fs::remove_file(place.path("cut.png")).unwrap();
        place.write("cut.lgi", &bytes[..9]);
        error_line(&mut place.lgi("decode cut.lgi -o cut.png --partial"), 1);
    }
}

#[test]
fn plain_files_show_nothing_before_they_are_whole() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png").assert().success();
    let bytes = place.bytes("a.lgi");
    place.lgi("decode a.lgi -o whole.png --partial").assert().success();
    place.write("cut.lgi", &bytes[..bytes.len() - 1]);
    let line = error_line(&mut place.lgi("decode cut.lgi -o cut.png --partial"), 1);
    assert!(line.contains("cut off"), "{line}");
}

#[test]
fn the_bits_of_all_parts_are_those_of_the_file() {
    let place = Place::new();
    place.picture("a.png");
    for order in ["", "--progressive"] {
        let command = format!("encode a.png -f -o a.lgi --size 900 -q draft --device cpu {order}");
        place.lgi(&command).assert().success();
        let shown = json(&mut place.lgi("info a.lgi --bits --json"));
        let parts = shown["parts"].as_array().unwrap();
        let bits: f64 = parts.iter().map(|part| part["bits"].as_f64().unwrap()).sum();
        let payloads = shown["chunks"].as_array().unwrap().iter();
        let bytes: f64 = payloads.map(|chunk| chunk["payload_bytes"].as_f64().unwrap()).sum();
        // Whole bytes and counts stand beside the bits of each chunk; once, the colour step and the
        // basis of colours.
        let layers = shown["chunks"].as_array().unwrap().len() as f64;
        assert!((0.0..=3.0 + 6.0 * layers).contains(&(bytes - bits / 8.0)), "{bytes} {bits}");
    }
    place.lgi("encode a.png -o plain.lgi -n 5 --device cpu").assert().success();
    let line = error_line(&mut place.lgi("info plain.lgi --bits"), 1);
    assert!(line.contains("not coded"), "{line}");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let place = Place::new();
    place.picture_of("a.png", 4);
    for name in ["a.lgi", "b.lgi"] {
        let command = format!("encode a.png -o {name} --size 400 -q draft --seed 5 --device cpu");
        place.lgi(&command).assert().success();
    }
    assert_eq!(place.bytes("a.lgi"), place.bytes("b.lgi"));
}

#[test]
fn targets_that_mean_nothing_are_wrong_usage() {
    let place = Place::new();
    place.picture("a.png");
    for (options, reason) in [("--bpp 0", "--bpp"), ("--bpp nan", "--bpp"), ("--step 0", "--step")]
    {
        let line = error_line(&mut place.lgi(&format!("encode a.png {options}")), 2);
        assert!(line.contains(reason), "{line}");
    }
    for options in ["--bpp 1 -n 50", "--size 100 --bpp 1", "--size 100 --method adam"] {
        place.lgi(&format!("encode a.png {options}")).assert().code(2);
    }
    let line = error_line(&mut place.lgi("encode a.png --size 9 -q draft --device cpu"), 1);
    assert!(line.contains("9 bytes"), "{line}");
}
