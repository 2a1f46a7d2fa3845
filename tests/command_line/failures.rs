//! What goes wrong is said on one line, with the path, and by the exit code.

use super::common::{Place, error_line, json_lines};

#[test]
fn damaged_and_missing_inputs() {
    let place = Place::new();
    let picture = std::fs::read(place.picture("good.png")).unwrap();
    place.encode("good.png").assert().success();
    let scene = place.bytes("good.lgi");
    place.write("cut.png", &picture[..picture.len() / 2]);
    place.write("text.png", "not a picture at all");
    place.write("empty.png", "");
    for input in ["cut.png", "text.png", "empty.png", "missing.png", "good.lgi", "."] {
        let line = error_line(&mut place.encode(&format!("{input} -o x.lgi")), 1);
        assert!(line.ends_with(&format!(": {input}")), "{line}");
    }
    place.write("cut.lgi", &scene[..scene.len() - 20]);
    let mut flipped = scene.clone();
    flipped[200] ^= 4;
    place.write("flipped.lgi", flipped);
    for input in ["cut.lgi", "flipped.lgi", "empty.png", "good.png", "missing.lgi"] {
        for verb in ["decode -o x.png", "info"] {
            let line = error_line(&mut place.lgi(&format!("{verb} {input}")), 1);
            assert!(line.ends_with(&format!(": {input}")), "{line}");
        }
    }
    assert!(!place.has("x.lgi") && !place.has("x.png"));
}

#[test]
fn wrong_usage() {
    let place = Place::new();
    place.picture("a.png");
    place.picture("b.png");
    for arguments in [
        "encode",
        "encode a.png --bogus",
        "encode a.png -n many",
        "encode a.png -q best",
        "encode a.png --covariance nothing",
        "encode a.png --loss l3=1",
        "encode a.png --learning-rate size=1",
        "encode a.png --checkpoint-every 5",
        "encode a.png --log-every 0",
        "encode a.png --reset-momentum",
        "decode x.lgi --scale 2 --width 3",
        "devices more",
        "completions no-such-shell",
        "draw",
        "",
    ] {
        place.lgi(arguments).assert().code(2).stdout("");
    }
    for (arguments, says) in [
        ("encode a.png -n 0", "--gaussians"),
        ("encode a.png --beta1 1.5", "beta1"),
        ("encode a.png --threads 0", "--threads"),
        ("encode a.png --blend additive --blend-epsilon 0.1", "--blend normalized"),
        ("encode a.png --init-colors local --solve-iterations 2", "--init-colors solve"),
        ("encode a.png b.png -o x.lgi", "directory"),
        ("encode a.png a.png", "same output"),
        ("encode a.png -o a.png --force", "replace the input"),
        ("encode a.png ./a.png -o d/", "same output"),
        ("encode a.png --json -o -", "standard output"),
        ("encode a.png --json --csv -", "standard output"),
        ("encode a.png --metrics-csv - --csv -", "standard output"),
        ("encode a.png --metrics-csv m.csv --csv m.csv", "share a file"),
        ("encode a.png b.png --resume c.json", "one input"),
        ("decode x.lgi --scale 0", "--scale"),
        ("decode x.lgi --width 0", "--width"),
        ("decode x.lgi -o - --json", "standard output"),
        ("man no-such-verb", "no-such-verb"),
        ("compare - -", "once"),
    ] {
        let line = error_line(&mut place.lgi(arguments), 2);
        assert!(line.contains(says), "{arguments}: {line}");
    }
    assert_eq!(place.list("."), ["a.png", "b.png"]);
}

#[test]
fn nothing_is_overwritten_without_force() {
    let place = Place::new();
    place.picture("a.png");
    for (output, arguments) in [
        ("a.lgi", "a.png"),
        ("x.png", "a.png -o x.png"),
        ("m.csv", "a.png -o y.lgi --metrics-csv m.csv"),
        ("r.csv", "a.png -o z.lgi --csv r.csv"),
    ] {
        place.write(output, "precious");
        let line = error_line(&mut place.encode(arguments), 1);
        assert!(line.contains("--force") && line.ends_with(&format!(": {output}")), "{line}");
        assert_eq!(place.bytes(output), b"precious");
        place.encode(&format!("{arguments} --force")).assert().success();
        assert_ne!(place.bytes(output), b"precious");
    }
    place.write("a.lgi", "");
    place.encode("a.png --force").assert().success();
    let line = error_line(&mut place.lgi("decode a.lgi"), 1);
    assert!(line.contains("--force") && line.ends_with(": a.png"), "{line}");
}

#[test]
fn one_bad_input_does_not_keep_the_others() {
    let place = Place::new();
    place.picture("a.png");
    place.write("bad.png", "no");
    place.picture("c.png");
    let run = place.encode("a.png bad.png c.png -o out/ --json").assert().code(1);
    let output = run.get_output();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors: Vec<&str> = messages.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 2, "{messages}");
    assert!(errors[0].ends_with(": bad.png"), "{messages}");
    assert_eq!(errors[1], "error: 1 of 3 inputs failed");
    assert_eq!(place.list("out"), ["a.lgi", "c.lgi"]);
    assert_eq!(json_lines(&mut place.lgi("info out/a.lgi out/c.lgi --json")).len(), 2);
}

#[test]
fn places_that_cannot_be_written_to_are_found_before_the_work() {
    let place = Place::new();
    place.picture("a.png");
    place.write("file", "");
    // No time to fit a picture for so long.
    for arguments in [
        "-o file/x.lgi",
        "-o none/x.lgi",
        "-o file/",
        "--checkpoint-dir file/c",
        "--metrics-csv file/m.csv",
        "-o x.jpg --metrics-csv none/m.csv",
        "--csv none/r.csv",
    ] {
        let run = format!("encode a.png --device cpu --iterations 1000000000 {arguments}");
        let line = error_line(&mut place.lgi(&run), 1);
        assert!(line.contains("file") || line.contains("none"), "{line}");
    }
    place.picture_of("alpha.png", 4);
    let run = "encode alpha.png -o x.jpg --device cpu --iterations 1000000000";
    let line = error_line(&mut place.lgi(run), 1);
    assert!(line.contains("alpha") && line.ends_with(": x.jpg"), "{line}");
}

#[test]
fn limits_are_kept_and_named() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png").assert().success();
    for (arguments, option) in [
        ("encode a.png -o x.lgi --max-pixels 100", "max-pixels"),
        ("encode a.png -o x.lgi --max-file-bytes 100", "max-file-bytes"),
        ("encode a.png -o x.lgi --max-memory-bytes 10000", "max-memory-bytes"),
        ("encode a.png -o x.lgi -n 4000000000", "max-gaussians"),
        ("decode a.lgi -o x.png --max-pixels 100", "max-pixels"),
        ("decode a.lgi -o x.png --max-gaussians 10", "max-gaussians"),
        ("decode a.lgi -o x.png --max-pairs 10", "max-pairs"),
        ("decode a.lgi -o x.png --scale 1e9", "max-pixels"),
        ("decode a.lgi -o x.png --width 18446744073709551615", "max-pixels"),
        ("info a.lgi --max-file-bytes 100", "max-file-bytes"),
    ] {
        let line = error_line(&mut place.lgi(arguments), 1);
        assert!(line.contains(option), "{arguments}: {line}");
    }
}

#[test]
fn unknown_devices() {
    let place = Place::new();
    place.picture("a.png");
    let line = error_line(&mut place.lgi("encode a.png --device no-such-device"), 1);
    assert!(line.contains("no-such-device"), "{line}");
    error_line(&mut place.lgi("encode a.png --device 999"), 1);
}
