//! `info`, `compare`, `devices`, `completions` and `man`.

use predicates::prelude::*;

use super::common::{Place, REPORT_KEYS, json, json_lines};

#[test]
fn info_tells_what_a_file_holds() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png --precision 16 --blend normalized --seed 8").assert().success();
    let has = |text: &'static str| predicate::str::contains(text);
    let text = has("48x32").and(has("40")).and(has("normalized")).and(has("GU16")).and(has("bits"));
    place.lgi("info a.lgi").assert().success().stdout(text);

    let info = json(&mut place.lgi("info a.lgi --json"));
    for key in REPORT_KEYS {
        assert!(info.get(key).is_some(), "{key} in {info}");
    }
    assert_eq!(info["gaussians"], 40);
    assert_eq!(info["seed"], 8);
    assert_eq!(info["iterations"], 10);
    assert_eq!(info["precision_bits"], 16);
    assert_eq!(info["blend"]["name"], "normalized");
    let chunks: u64 = info["chunks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chunk| chunk["payload_bytes"].as_u64().unwrap() + 12)
        .sum();
    assert_eq!(chunks + 36, info["bytes"].as_u64().unwrap());
    let sigma = &info["sigma_px"];
    assert!(sigma["smallest"].as_f64().unwrap() <= sigma["median"].as_f64().unwrap());
}

#[test]
fn compare_gives_figures_of_two_pictures() {
    let place = Place::new();
    place.picture("a.png");
    place.picture_of("gray.png", 1);
    place.encode("a.png").assert().success();
    let same = json(&mut place.lgi("compare a.png a.png --json"));
    assert_eq!(same["mse"], 0.0);
    assert!(same["psnr_db"].is_null() && (same["ssim"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let fitted = json(&mut place.lgi("compare a.png a.lgi --json"));
    for key in REPORT_KEYS {
        assert!(fitted.get(key).is_some(), "{key} in {fitted}");
    }
    assert!(fitted["mse"].as_f64().unwrap() > 0.0);
    assert!(fitted["psnr_db"].as_f64().unwrap() > 15.0);
    assert_eq!(fitted["bytes"], place.bytes("a.lgi").len());
    let text = predicate::str::contains("PSNR").and(predicate::str::contains("MS-SSIM"));
    place.lgi("compare a.lgi a.png").assert().success().stdout(text);
    place.lgi("compare gray.png a.png").assert().success();
    place.lgi("decode a.lgi -o small.png --scale 0.5").assert().success();
    let differ = predicate::str::contains("differ in size").and(predicate::str::contains("24x16"));
    place.lgi("compare a.png small.png").assert().code(1).stderr(differ);
}

/// The loader of Vulkan tells on standard error what it does, if it is asked to.
#[cfg(all(target_os = "linux", feature = "gpu"))]
#[test]
fn only_who_wants_a_graphics_device_wakes_its_drivers() {
    let place = Place::new();
    place.picture("a.png");
    let loader_speaks = |arguments: &str| {
        let output = place.lgi(arguments).env("VK_LOADER_DEBUG", "all").output().unwrap();
        assert!(output.status.success(), "{arguments}");
        String::from_utf8_lossy(&output.stderr).contains("Vulkan Loader")
    };
    assert!(loader_speaks("devices"));
    assert!(!loader_speaks("encode a.png -o a.lgi -n 5 --iterations 2 --device cpu"));
    assert!(!loader_speaks("decode a.lgi -o b.png"));
}

#[test]
fn devices_lists_the_native_backend_and_one_for_auto() {
    let place = Place::new();
    let devices = json_lines(&mut place.lgi("devices --json"));
    assert!(devices.iter().any(|device| device["kind"] == "cpu"));
    assert_eq!(devices.iter().filter(|device| device["auto"] == true).count(), 1);
    place.lgi("devices").assert().success().stdout(predicate::str::contains("(auto)"));
}

#[test]
fn completions_and_manual() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let names_options = predicate::str::contains("metrics-csv");
        place.lgi(&format!("completions {shell}")).assert().success().stdout(names_options);
    }
    place.lgi("man").assert().success().stdout(predicate::str::contains(".TH lgi 1"));
    let encode = predicate::str::contains("lgi\\-encode").and(predicate::str::contains("EXIT"));
    place.lgi("man encode").assert().success().stdout(encode.or(predicate::str::contains("lgi")));
    place.lgi("man --dir pages").assert().success().stdout("");
    let pages = place.list("pages");
    for verb in ["lgi", "lgi-encode", "lgi-decode", "lgi-info", "lgi-compare", "lgi-devices"] {
        assert!(pages.contains(&format!("{verb}.1")), "{pages:?}");
    }
}

#[test]
fn every_verb_has_help() {
    let place = Place::new();
    for verb in ["encode", "decode", "info", "compare", "devices", "completions", "man"] {
        for help in ["-h", "--help"] {
            let usage = predicate::str::contains(format!("Usage: lgi {verb}"));
            place.lgi(&format!("{verb} {help}")).assert().success().stdout(usage).stderr("");
        }
    }
    place.lgi("--version").assert().success().stdout(predicate::str::starts_with("lgi 0."));
}
