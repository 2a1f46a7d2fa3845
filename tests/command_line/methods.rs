//! The default method, presets, time and quality to be reached.

use predicates::prelude::*;

use super::common::{Place, error_line, json};

fn encode(place: &Place, arguments: &str) -> serde_json::Value {
    json(&mut place.lgi(&format!("encode a.png -o x.lgi -f --device cpu --json {arguments}")))
}

#[test]
fn a_psnr_is_reached_with_little_to_spare() {
    let place = Place::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.png");
    std::fs::copy(sample, place.path("sample.png")).unwrap();
    // Short fits of few Gaussians differ by a decibel or two from one number to the next.
    let run = "encode sample.png --psnr 39 -q draft --device cpu --json";
    let psnr = json(&mut place.lgi(run))["psnr_db"].as_f64().unwrap();
    assert!((39.0..41.0).contains(&psnr), "{psnr} dB");
    place.picture("a.png");
    for target in [30.0, 36.0] {
        for precision in ["32", "16"] {
            let arguments = format!("--psnr {target} -q draft --precision {precision}");
            let psnr = encode(&place, &arguments)["psnr_db"].as_f64().unwrap();
            assert!((target..target + 2.5).contains(&psnr), "{arguments}: {psnr} dB");
        }
    }
}

#[test]
fn a_psnr_out_of_reach_is_said_and_the_best_is_written() {
    let place = Place::new();
    place.picture("a.png");
    let run = "encode a.png --psnr 99 --iterations 2 --device cpu";
    let warns = predicate::str::contains("warning: a.png: 99 dB is out of reach");
    place.lgi(run).assert().success().stderr(warns);
    let compared = json(&mut place.lgi("compare a.png a.lgi --json"));
    assert!(compared["psnr_db"].as_f64().unwrap() > 20.0, "{compared}");
    place.lgi(&format!("{run} --quiet --force")).assert().success().stderr("");
}

#[test]
fn what_contradicts_a_psnr_is_wrong_usage() {
    let place = Place::new();
    place.picture("a.png");
    for other in ["-n 100", "--resume c.json", "--time 3"] {
        let run = format!("encode a.png --psnr 30 {other}");
        place.lgi(&run).assert().code(2).stdout("").stderr(predicate::str::contains("--psnr"));
    }
    for psnr in ["nan", "inf"] {
        let line = error_line(&mut place.lgi(&format!("encode a.png --psnr {psnr}")), 2);
        assert!(line.contains("--psnr"), "{line}");
    }
    assert_eq!(place.list("."), ["a.png"]);
}

#[test]
fn a_fit_makes_the_most_of_its_time() {
    let place = Place::new();
    place.picture("a.png");
    let report = encode(&place, "-n 60 --time 1");
    let seconds = report["seconds"].as_f64().unwrap();
    // Generous: the machine may be busy with something else.
    assert!(seconds < 20.0, "{report}");
    assert!(report["iterations"].as_u64().unwrap() >= 1, "{report}");
    assert!(report["psnr_db"].as_f64().unwrap() > 20.0, "{report}");
}

#[test]
fn the_number_of_gaussians_can_be_left_to_the_program() {
    let place = Place::new();
    place.picture("a.png");
    let auto = encode(&place, "-n auto --iterations 5");
    assert_eq!(auto["gaussians"], encode(&place, "--iterations 5")["gaussians"]);
    place.lgi("encode a.png -n some").assert().code(2);
}

#[test]
fn the_method_is_told_and_stored() {
    let place = Place::new();
    place.picture("a.png");
    for (arguments, method) in [
        ("-q draft", "lbfgs, growing, normalized"),
        ("-q draft --density off", "lbfgs, normalized"),
        ("-q draft --blend additive", "lbfgs, growing, additive"),
        ("-q draft --method adam", "adam, additive"),
        ("-q draft --method natural-adam --blend normalized", "natural-adam, normalized"),
        ("-q draft --beta1 0.7", "adam, additive"),
        ("-q max --iterations 20", "lbfgs, growing, normalized"),
    ] {
        assert_eq!(encode(&place, &format!("-n 30 {arguments}"))["method"], method);
        let info = json(&mut place.lgi("info x.lgi --json"));
        assert_eq!(info["method"], method, "{arguments}: {info}");
        place.lgi("info x.lgi").assert().success().stdout(predicate::str::contains(method));
    }
}

#[test]
fn the_default_method_draws_the_picture_better_than_plain_adam() {
    let place = Place::new();
    place.picture("a.png");
    let psnr = |arguments: &str| {
        let report = encode(&place, &format!("-n 60 {arguments}"));
        assert_eq!(report["gaussians"], 60, "{arguments}");
        report["psnr_db"].as_f64().unwrap()
    };
    let (usual, adam) = (psnr("-q fast"), psnr("-q fast --method adam"));
    assert!(usual > adam, "{usual} dB; {adam} dB by Adam");
}

#[test]
fn a_default_fit_that_was_stopped_ends_in_the_same_bytes() {
    let place = Place::new();
    place.picture("a.png");
    let checkpoints = "--checkpoint-dir c --checkpoint-every 9";
    place
        .lgi(&format!("encode a.png -o whole.lgi -q draft -n 40 --device cpu {checkpoints}"))
        .assert()
        .success();
    let saved = place.list("c");
    assert_eq!(saved.len(), 3, "{saved:?}");
    for checkpoint in saved {
        let run = format!("encode a.png -o x.lgi -f --device cpu --resume c/{checkpoint}");
        place.lgi(&run).assert().success();
        assert_eq!(place.bytes("x.lgi"), place.bytes("whole.lgi"), "{checkpoint}");
    }
}

#[test]
fn a_method_that_needs_another_parameterisation_is_refused() {
    let place = Place::new();
    place.picture("a.png");
    let run = "encode a.png --method lbfgs --covariance cholesky";
    let line = error_line(&mut place.lgi(run), 2);
    assert!(line.contains("body frame"), "{line}");
    let run = "encode a.png -q draft -n 9 --revise-every 18446744073709551615 --device cpu";
    place.lgi(run).assert().success();
}

#[test]
fn groups_and_gaussians_stay_as_they_are_where_that_is_asked_for() {
    let place = Place::new();
    place.picture("a.png");
    place.picture("mask.png");
    let plain = encode(&place, "--method adam");
    for given in ["--freeze position", "--freeze shape,color", "--mask mask.png"] {
        let report = encode(&place, &format!("--method adam {given}"));
        assert_ne!(report["psnr_db"], plain["psnr_db"], "{given}");
        // The preset's growth gives way.
        let preset = encode(&place, given);
        assert!(!preset["method"].as_str().unwrap().contains("growing"), "{preset}");
    }
    let says = |arguments: &str, code: i32, says: &str| {
        let run = format!("encode a.png -o y.lgi -n 20 --device cpu {arguments}");
        let says = predicate::str::contains(says);
        place.lgi(&run).assert().code(code).stdout("").stderr(says);
    };
    says("--freeze colour", 2, "position, shape, color");
    says("--mask none.png", 1, "none.png");
    says("--freeze color --density on", 2, "density control off");
    says("--freeze color --method cmaes", 2, "cmaes moves everything");
    place.write("tiny.pgm", b"P5 2 1 255 \x00\xff");
    says("--mask tiny.pgm", 1, "a mask of 2x1 does not fit a picture of 48x32");
    assert!(!place.has("y.lgi"));
}

#[test]
fn a_placement_that_is_not_possible_is_refused_with_the_reason() {
    let place = Place::new();
    place.picture("a.png");
    let run = "encode a.png -n 40 --iterations 10 --placement device";
    let line = error_line(&mut place.lgi(&format!("{run} --method adam --device cpu")), 1);
    assert!(line.contains("placement on the device is not supported"), "{line}");
    assert!(line.contains("cpu backend"), "{line}");
    let method = "--method natural-adam --device software";
    let line = error_line(&mut place.lgi(&format!("{run} {method}")), 1);
    assert!(line.contains("neither lbfgs alone nor parts that treat numbers one by one"), "{line}");
    assert!(!place.path("a.lgi").exists());
}
