//! `lgi encode` where all goes well.

use predicates::prelude::*;

use super::common::{Place, REPORT_KEYS, SIZE, json, json_lines, size_of};

#[test]
fn the_output_stands_next_to_the_input() {
    let place = Place::new();
    place.picture("a.b.png");
    place.encode("a.b.png").assert().success().stdout("");
    assert!(place.bytes("a.b.lgi").starts_with(&lgi::codec::MAGIC));
}

#[test]
fn the_line_of_the_documentation_works() {
    let place = Place::new();
    place.picture("in.png");
    place
        .lgi("encode -i in.png -o out.png -n 1000 -q balanced --metrics-csv m.csv")
        .assert()
        .success();
    assert_eq!(size_of(&place.path("out.png")), SIZE);
    let table = String::from_utf8(place.bytes("m.csv")).unwrap();
    assert!(table.starts_with("input,iteration,gaussians,loss_l1,"));
    // From the start to the end of 250 passes, of which line searches and revisions take some.
    let iterations: Vec<u64> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap().parse().unwrap())
        .collect();
    assert_eq!((iterations[0], *iterations.last().unwrap()), (0, 250));
    assert!(iterations.len() > 150 && iterations.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn fit_and_decode_as_a_script_does() {
    let place = Place::new();
    let picture = place.picture("F.png");
    let encode = "encode F.png -o x.lgi --force -n 100 --method adam --iterations 30 --device cpu";
    place.lgi(encode).assert().success();
    place.lgi("decode x.lgi -o x.png --force").assert().success();
    assert_eq!(size_of(&place.path("x.png")), size_of(&picture));
    let compared = json(&mut place.lgi("compare F.png x.png --json"));
    assert!(compared["psnr_db"].as_f64().unwrap() > 25.0, "{compared}");
}

#[test]
fn a_report_has_all_keys_and_the_figures_of_the_file() {
    let place = Place::new();
    place.picture("in.png");
    for precision in ["32", "16"] {
        let arguments = format!("in.png -o x.lgi --json --seed 5 --force --precision {precision}");
        let report = json(&mut place.encode(&arguments));
        for key in REPORT_KEYS {
            assert!(!report[key].is_null(), "{key} in {report}");
        }
        assert_eq!(report.as_object().unwrap().len(), REPORT_KEYS.len());
        assert_eq!(report["input"], "in.png");
        assert_eq!(report["output"], "x.lgi");
        assert_eq!(report["width"], SIZE.width);
        assert_eq!(report["height"], SIZE.height);
        assert_eq!(report["gaussians"], 40);
        assert_eq!(report["iterations"], 10);
        assert_eq!(report["method"], "adam, additive");
        assert_eq!(report["seed"], 5);
        assert_eq!(report["bytes"], place.bytes("x.lgi").len());
        let bpp = place.bytes("x.lgi").len() as f64 * 8.0 / SIZE.pixels() as f64;
        assert!((report["bpp"].as_f64().unwrap() - bpp).abs() < 1e-9);
        let compared = json(&mut place.lgi("compare in.png x.lgi --json"));
        for figure in ["psnr_db", "ssim"] {
            let difference = report[figure].as_f64().unwrap() - compared[figure].as_f64().unwrap();
            assert!(difference.abs() < 1e-9, "{figure}: {report} {compared}");
        }
    }
}

#[test]
fn the_same_command_gives_the_same_bytes() {
    let place = Place::new();
    place.picture("in.png");
    place.encode("in.png -o a.lgi --seed 3").assert().success();
    place.encode("in.png -o b.lgi --seed 3").assert().success();
    place.encode("in.png -o c.lgi --seed 4").assert().success();
    assert_eq!(place.bytes("a.lgi"), place.bytes("b.lgi"));
    assert_ne!(place.bytes("a.lgi"), place.bytes("c.lgi"));
}

#[test]
fn many_inputs_go_into_a_directory() {
    let place = Place::new();
    place.picture("a.png");
    place.picture("b.jpg");
    let reports = json_lines(&mut place.encode("a.png -i b.jpg -o new/dir/ --json"));
    assert_eq!(reports.len(), 2);
    assert_eq!(place.list("new/dir"), ["a.lgi", "b.lgi"]);
    // For people there is a line each, and the means.
    let lines = place.encode("a.png b.jpg -o new/dir --force");
    let output = { lines }.assert().success().get_output().stderr.clone();
    let text = String::from_utf8(output).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.lines().last().unwrap().starts_with("2 pictures, mean "), "{text}");
}

#[test]
fn quiet_says_nothing() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png --quiet").assert().success().stdout("").stderr("");
}

#[test]
fn every_format_and_number_of_channels_is_read_and_written() {
    let place = Place::new();
    for (name, channels) in [
        ("rgb.png", 3),
        ("rgb.jpg", 3),
        ("rgb.webp", 3),
        ("rgb.bmp", 3),
        ("rgb.tif", 3),
        ("rgb.ppm", 3),
        ("gray.png", 1),
        ("gray.pgm", 1),
        ("alpha.png", 4),
    ] {
        place.picture_of(name, channels);
        place.encode(&format!("{name} -o x.lgi --force")).assert().success();
        place.encode(&format!("{name} -o drawn-{name}")).assert().success();
        assert_eq!(size_of(&place.path(&format!("drawn-{name}"))), SIZE, "{name}");
        let info = json(&mut place.lgi("info x.lgi --json"));
        assert_eq!(info["channels"], channels, "{name}");
    }
}

#[test]
fn presets_set_the_iterations_unless_given() {
    let place = Place::new();
    place.picture("a.png");
    let iterations = |arguments: &str| {
        let run = format!("encode a.png -n 10 --device cpu --json -f {arguments}");
        json(&mut place.lgi(&run))["iterations"].as_u64().unwrap()
    };
    assert_eq!(iterations("-q draft"), 30);
    assert_eq!(iterations("-q fast"), 100);
    let usual = iterations("");
    assert!(usual > 100 && usual <= 250, "{usual}: it may settle early");
    assert_eq!(iterations("-q draft --iterations 3"), 3);
}

#[test]
fn fits_end_where_they_are_told_to() {
    let place = Place::new();
    place.picture("a.png");
    let iterations = |arguments: &str| {
        let report = json(&mut place.lgi(&format!(
            "encode a.png -n 40 --device cpu --json --force --iterations 100000 {arguments}"
        )));
        report["iterations"].as_u64().unwrap()
    };
    assert!(iterations("--target-psnr 20") < 1000);
    assert!(iterations("--patience 5 --patience-gain 3") < 1000);
    assert!(iterations("--time 0.05") < 100_000);
    assert_eq!(iterations("--time 0"), 0);
}

#[test]
fn every_option_of_a_fit_is_taken() {
    let place = Place::new();
    place.picture("a.png");
    for options in [
        "--learning-rate 0.5 --beta1 0.9 --beta2 0.99 --epsilon 1e-12",
        "--learning-rate position=0.2,shape=0.1,color=0.01 --clip-value 1 --clip-norm 1",
        "--clip-value off --clip-norm off --patience off --target-psnr off --time off",
        "--schedule constant --warmup 3",
        "--schedule cosine --final-fraction 0.1",
        "--schedule cosine-restarts --period 4 --period-growth 2",
        "--schedule step --period 4 --decay 0.5",
        "--schedule exponential",
        "--schedule inverse-sqrt",
        "--loss l1=0.2,l2=0.8",
        "--blend normalized --blend-epsilon 0.02",
        "--blend additive",
        "--init random --init-colors local",
        "--init grid --init-colors solve --solve-iterations 2",
        "--init gradient-weighted --sigma-min 0.5",
        "--init structure-tensor --precision 16 --threads 1",
        "--covariance isotropic",
        "--covariance cholesky",
        "--method lbfgs --memory 3",
        "--method natural-adam --blend normalized",
        "--method natural-descent",
        "--density on --start-share 0.5 --revise-every 2 --grow-until 0.7 --relocate-until 0.8",
        "--density on --relocate-share 0.5 --eagerness 2 --split-trust 0.5",
        "--density off",
    ] {
        place.encode(&format!("a.png --force {options}")).assert().success();
    }
}

#[test]
fn help_shows_defaults_and_examples() {
    let place = Place::new();
    let mut short = place.lgi("encode -h");
    let has = |text: &'static str| predicate::str::contains(text);
    short.assert().success().stdout(has("[default: balanced]").and(has("Examples").not()));
    let mut long = place.lgi("encode --help");
    let defaults = has("structure-tensor").and(has("body-frame")).and(has("0.01"));
    long.assert().success().stdout(has("Examples").and(defaults));
}

#[test]
fn small_pictures_get_as_many_gaussians_as_they_have_room_for() {
    let place = Place::new();
    place.picture("a.png");
    let report = json(&mut place.lgi("encode a.png --device cpu --iterations 2 --json"));
    let pixels = report["width"].as_u64().unwrap() * report["height"].as_u64().unwrap();
    let count = report["gaussians"].as_u64().unwrap();
    assert!(count > 1 && count <= pixels / 8, "{count} for {pixels} pixels");
}
