//! Tables and checkpoints.

use predicates::prelude::*;

use super::common::{Place, REPORT_KEYS, error_line, json};

fn rows(place: &Place, name: &str) -> Vec<csv::StringRecord> {
    let bytes = place.bytes(name);
    csv::Reader::from_reader(bytes.as_slice()).records().map(|row| row.unwrap()).collect()
}

#[test]
fn a_table_has_a_row_for_every_logged_iteration() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png --metrics-csv m.csv --log-every 4").assert().success();
    let header = String::from_utf8(place.bytes("m.csv")).unwrap();
    assert_eq!(
        header.lines().next().unwrap(),
        "input,iteration,gaussians,loss_l1,loss_l2,loss_ssim,loss_total,psnr_db,best_psnr_db,\
         learning_rate_position,learning_rate_shape,learning_rate_color,gradient_norm_position,\
         gradient_norm_shape,gradient_norm_color,momentum_norm_position,momentum_norm_shape,\
         momentum_norm_color,sigma_min_px,sigma_median_px,sigma_max_px,condition_median,\
         condition_max,uncovered_pixels,seconds"
    );
    let rows = rows(&place, "m.csv");
    let iterations: Vec<&str> = rows.iter().map(|row| &row[1]).collect();
    assert_eq!(iterations, ["0", "4", "8", "10"]);
    for row in &rows {
        assert_eq!(&row[0], "a.png");
        assert_eq!(&row[5], "", "without weight SSIM is not worked out");
        let momentum = row.iter().skip(15).take(3).filter(|cell| !cell.is_empty()).count();
        assert_eq!(momentum, if &row[1] == "0" { 0 } else { 3 }, "before the first step: none");
        for number in (2..25).filter(|number| ![5, 15, 16, 17].contains(number)) {
            assert!(row[number].parse::<f64>().unwrap().is_finite(), "{row:?}");
        }
    }
}

#[test]
fn several_inputs_share_a_table() {
    let place = Place::new();
    place.picture("a.png");
    place.picture("b.png");
    place.encode("a.png b.png --metrics-csv m.csv --log-every 10").assert().success();
    let rows = rows(&place, "m.csv");
    let keys: Vec<(&str, &str)> = rows.iter().map(|row| (&row[0], &row[1])).collect();
    assert_eq!(keys, [("a.png", "0"), ("a.png", "10"), ("b.png", "0"), ("b.png", "10")]);
}

#[test]
fn results_are_a_table_with_means() {
    let place = Place::new();
    place.picture("a.png");
    place.write("bad.png", "no");
    place.picture_of("c.png", 1);
    let run = place.encode("a.png bad.png c.png --csv r.csv").assert().code(1);
    run.stderr(predicate::str::contains("2 pictures, mean "));
    let header = String::from_utf8(place.bytes("r.csv")).unwrap();
    assert_eq!(header.lines().next().unwrap(), REPORT_KEYS.join(","));
    let rows = rows(&place, "r.csv");
    let firsts: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(firsts, ["a.png", "c.png", "mean"]);
    for (column, key) in REPORT_KEYS.iter().enumerate().skip(1) {
        let [a, c, mean] = [0, 1, 2].map(|row| &rows[row][column]);
        if ["output", "method", "device", "seed"].contains(key) {
            assert!(!a.is_empty() && !c.is_empty() && mean.is_empty(), "{key}");
            continue;
        }
        let [a, c, mean] = [a, c, mean].map(|figure| figure.parse::<f64>().unwrap());
        assert!((mean - (a + c) / 2.0).abs() < 1e-9 * mean, "{key}: {a}, {c}, {mean}");
        if *key == "bytes" {
            assert_eq!(a, place.bytes("a.lgi").len() as f64);
        }
    }
}

#[test]
fn records_change_nothing() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png -o plain.lgi").assert().success();
    let records = "--metrics-csv m.csv --checkpoint-dir c --checkpoint-every 3";
    place.encode(&format!("a.png -o recorded.lgi {records}")).assert().success();
    assert_eq!(place.bytes("plain.lgi"), place.bytes("recorded.lgi"));
    assert_eq!(place.list("c"), ["a-000003.json.gz", "a-000006.json.gz", "a-000009.json.gz"]);
}

#[test]
fn a_resumed_fit_ends_in_the_same_bytes() {
    let place = Place::new();
    place.picture("a.png");
    let options = "--seed 6 --learning-rate 0.7 --blend normalized --schedule step --period 3";
    let checkpoints = "--checkpoint-dir c --checkpoint-every 4";
    place.encode(&format!("a.png -o whole.lgi {options} {checkpoints}")).assert().success();
    // Nothing but the picture is needed, and the options of the first run do no harm.
    for (output, again) in [("bare.lgi", ""), ("full.lgi", options)] {
        let run = format!(
            "encode a.png --device cpu -o {output} --resume c/a-000004.json.gz {again} --json"
        );
        let report = json(&mut place.lgi(&run));
        assert_eq!(report["gaussians"], 40);
        assert_eq!(report["iterations"], 10);
        assert_eq!(report["seed"], 6);
        assert_eq!(place.bytes(output), place.bytes("whole.lgi"), "{output}");
    }
}

#[test]
fn a_resumed_fit_can_branch_off() {
    let place = Place::new();
    place.picture("a.png");
    let checkpoints = "--checkpoint-dir c --checkpoint-every 4";
    place.encode(&format!("a.png -o whole.lgi {checkpoints}")).assert().success();
    let resume = "encode a.png --device cpu --resume c/a-000004.json.gz --json -o";
    let longer = json(&mut place.lgi(&format!("{resume} longer.lgi --iterations 20")));
    assert_eq!(longer["iterations"], 20);
    place.lgi(&format!("{resume} reset.lgi --reset-momentum")).assert().success();
    assert_ne!(place.bytes("reset.lgi"), place.bytes("whole.lgi"));
    place.lgi(&format!("{resume} slow.lgi --learning-rate 0.1")).assert().success();
    assert_ne!(place.bytes("slow.lgi"), place.bytes("whole.lgi"));
}

#[test]
fn what_cannot_be_resumed_is_said() {
    let place = Place::new();
    place.picture("a.png");
    place.picture_of("other.png", 1);
    place.encode("a.png --checkpoint-dir c --checkpoint-every 5").assert().success();
    place.write("bad.json", "{\"version\": 2");
    for (arguments, says) in [
        ("a.png --resume none.json", "none.json"),
        ("a.png --resume bad.json", "bad.json"),
        ("a.png --resume a.png", "checkpoint"),
        ("other.png --resume c/a-000005.json.gz", "another picture"),
        ("a.png --resume c/a-000005.json.gz -n 5", "number of Gaussians"),
        ("a.png --resume c/a-000005.json.gz --covariance isotropic", "covariance"),
    ] {
        let run = format!("encode {arguments} -o x.lgi --device cpu");
        let line = error_line(&mut place.lgi(&run), 1);
        assert!(line.contains(says), "{arguments}: {line}");
    }
}

#[test]
fn a_profile_says_where_the_time_went() {
    let place = Place::new();
    place.picture("a.png");
    let report = json(&mut place.lgi("encode a.png --device cpu --iterations 4 --profile --json"));
    let stages = report["stages"].as_array().unwrap();
    let names: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert!(names.contains(&"draw") && names.last() == Some(&"host"), "{names:?}");
    let total: f64 = stages.iter().map(|stage| stage["seconds"].as_f64().unwrap()).sum();
    assert!(total > 0.0 && total <= report["seconds"].as_f64().unwrap());
    let lines = place.lgi("encode a.png --force --device cpu --iterations 4 --profile");
    { lines }.assert().success().stderr(predicate::str::contains("host"));
}
