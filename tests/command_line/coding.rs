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
