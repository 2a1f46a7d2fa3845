//! `--config`: between the preset and the command line.

use super::common::{Place, error_line, json};

fn iterations(place: &Place, arguments: &str) -> u64 {
    let run = format!("encode a.png -n 10 --device cpu --json --force {arguments}");
    json(&mut place.lgi(&run))["iterations"].as_u64().unwrap()
}

#[test]
fn the_command_line_wins_over_the_file_and_the_file_over_the_preset() {
    let place = Place::new();
    place.picture("a.png");
    place.write("o.toml", "quality = \"draft\"\n");
    assert_eq!(iterations(&place, "--config o.toml"), 30);
    assert_eq!(iterations(&place, "--config o.toml -q fast"), 100);
    place.write("o.toml", "iterations = 7\nquality = \"draft\"\n");
    assert_eq!(iterations(&place, "--config o.toml"), 7);
    assert_eq!(iterations(&place, "--config o.toml -q fast"), 7);
    assert_eq!(iterations(&place, "--config o.toml --iterations 5"), 5);
}

#[test]
fn keys_are_the_long_options() {
    let place = Place::new();
    place.picture("a.png");
    place.write(
        "o.toml",
        "gaussians = 12\nseed = 9\njson = true\nforce = false\nlearning-rate = 0.5\n\
         output = \"x.lgi\"\nloss = { l1 = 0.5, l2 = 0.5 }\niterations = 3\ndevice = \"cpu\"\n",
    );
    let report = json(&mut place.lgi("encode a.png --config o.toml"));
    assert_eq!(report["gaussians"], 12);
    assert_eq!(report["seed"], 9);
    assert_eq!(report["output"], "x.lgi");
    assert_eq!(json(&mut place.lgi("encode a.png --config o.toml -n 5 -f"))["gaussians"], 5);
}

#[test]
fn unknown_keys_and_wrong_values_are_named() {
    let place = Place::new();
    place.picture("a.png");
    for (text, says) in [
        ("iteration = 7", "unknown key \"iteration\""),
        ("config = \"b.toml\"", "unknown key \"config\""),
        ("iterations = \"many\"", "'many' for '--iterations"),
        ("iterations = true", "\"iterations\" must be a number"),
        ("force = 1", "\"force\" must be true or false"),
        ("method = \"magic\"", "'magic' for '--method"),
        ("seed =", "line 1"),
    ] {
        place.write("o.toml", text);
        let line = error_line(&mut place.lgi("encode a.png --config o.toml"), 2);
        assert!(line.contains(says) && line.ends_with(": o.toml"), "{text}: {line}");
    }
    let line = error_line(&mut place.lgi("encode a.png --config none.toml"), 1);
    assert!(line.ends_with(": none.toml"), "{line}");
}
