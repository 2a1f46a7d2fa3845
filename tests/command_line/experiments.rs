//! `lgi experiment` and `lgi tune`.

use predicates::prelude::*;

use super::common::{Place, error_line, json};

const EXPERIMENT: &str = "title = \"mine\"\npictures = \"a.png\"\ngaussians = 8\nseeds = [0, 1]\n\
                          figures = [\"psnr\", \"loss\"]\n[settings]\niterations = 6\n\
                          method = \"adam\"\n";

#[test]
fn built_in_experiments_are_listed_and_show_how_they_are_written() {
    let place = Place::new();
    let listed = place.lgi("experiment --list").assert().success().get_output().stdout.clone();
    let listed = String::from_utf8(listed).unwrap();
    let names: Vec<&str> =
        listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for name in [
        "divergence",
        "adam",
        "covariance",
        "optimizers",
        "strategies",
        "starts",
        "schedules",
        "claims",
    ] {
        assert!(names.contains(&name), "{name}");
        let mut print = place.lgi(&format!("experiment {name} --print"));
        print.assert().success().stdout(predicate::str::starts_with("title = "));
    }
    let line = error_line(&mut place.lgi("experiment divergance -o out"), 2);
    assert!(line.contains("divergence, "), "{line}");
}

#[test]
fn an_experiment_of_a_file_leaves_curves_plots_and_a_report() {
    let place = Place::new();
    place.picture("a.png");
    place.write("mine.toml", EXPERIMENT);
    let run = "experiment mine.toml -o out --device cpu";
    let first = place.lgi(run).assert().success();
    first.stderr(predicate::str::contains("2/2 a_n8_adam_s"));
    assert_eq!(place.list("out"), ["curves.csv", "loss.svg", "psnr.svg", "report.md", "runs"]);
    let report = String::from_utf8(place.bytes("out/report.md")).unwrap();
    assert!(report.contains("    lgi experiment mine.toml -o DIRECTORY --device cpu"), "{report}");
    let again = place.lgi(run).assert().success();
    again.stderr(predicate::str::contains("finished before"));
    place.picture("b.png");
    let other = place.lgi("experiment mine.toml b.png -o out --device cpu").assert().success();
    other.stderr(predicate::str::contains("b_n8_"));
}

#[test]
fn what_is_wrong_with_an_experiment_is_said_with_its_key_and_file() {
    let place = Place::new();
    place.picture("a.png");
    for (text, says) in [
        ("title =", "line 1"),
        ("titel = \"mine\"", "titel"),
        (&EXPERIMENT.replace("iterations", "iteration"), "settings: unknown field `iteration`"),
        (&EXPERIMENT.replace("adam", "adm"), "no method \"adm\""),
    ] {
        place.write("mine.toml", text);
        let line = error_line(&mut place.lgi("experiment mine.toml -o out --device cpu"), 1);
        assert!(line.contains(says) && line.ends_with(": mine.toml"), "{line}");
    }
    let line = error_line(&mut place.lgi("experiment none.toml -o out"), 1);
    assert!(line.ends_with(": none.toml"), "{line}");
    assert_eq!(place.list("."), ["a.png", "mine.toml"]);
}

#[test]
fn tuning_writes_settings_that_encode_reads_and_goes_on_where_it_ended() {
    let place = Place::new();
    place.picture("a.png");
    let tune = "tune a.png -n 10 --iterations 8 --method adam --device cpu -o t.toml \
                --range color.rate=factor(0.01,10) --range beta1=linear(0.1,0.95) --set beta1=0.9";
    place.lgi(&format!("{tune} --trials 3")).assert().success();
    let trials = |place: &Place| {
        String::from_utf8(place.bytes("t.toml.trials")).unwrap().lines().count() - 1
    };
    assert_eq!(trials(&place), 3);
    let goes_on = place.lgi(&format!("{tune} --trials 9")).assert().success();
    goes_on.stderr(predicate::str::contains("4/9").and(predicate::str::contains("3/9").not()));
    assert_eq!(trials(&place), 9);
    let text = String::from_utf8(place.bytes("t.toml")).unwrap();
    let best: f64 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    let run = "encode a.png -o a.lgi -n 10 --iterations 8 --device cpu --json --config t.toml";
    let psnr = json(&mut place.lgi(run))["psnr_db"].as_f64().unwrap();
    assert!((psnr - best).abs() < 0.01, "{psnr}, not {best}:\n{text}");
}

#[test]
fn settings_of_a_pipeline_are_tuned_and_read_back() {
    let place = Place::new();
    place.picture("a.png");
    let tune = "tune a.png -n 10 --method annealing:8+lbfgs:6 --blend normalized --device cpu \
                -o t.toml --range annealing.sigma=log(0.01,1) --range memory=linear(2,20)";
    place.lgi(&format!("{tune} --trials 8")).assert().success();
    let text = String::from_utf8(place.bytes("t.toml")).unwrap();
    assert!(text.contains("[set.annealing]") && text.contains("[set.lbfgs]"), "{text}");
    let best: f64 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    let run = "encode a.png -o a.lgi -n 10 --device cpu --json --config t.toml";
    let report = json(&mut place.lgi(run));
    assert_eq!(report["method"], "annealing:8+lbfgs:6, normalized");
    let psnr = report["psnr_db"].as_f64().unwrap();
    assert!((psnr - best).abs() < 0.01, "{psnr}, not {best}:\n{text}");
}

#[test]
fn what_tuning_cannot_do_is_said_before_it_begins() {
    let place = Place::new();
    place.picture("a.png");
    let says = |arguments: &str, says: &str| {
        let run = format!("tune a.png --device cpu {arguments}");
        let says = predicate::str::contains(says);
        place.lgi(&run).assert().code(2).stdout("").stderr(says);
    };
    says("-n 5 -o t.toml", "--range");
    says("-n 5 -o t.toml --range rate=0.1", "NAME=log(LOW,HIGH)");
    says("-n 5 --method adam --range rate=log(1e-3,1)", "--output");
    says("-o t.toml --method adam --range rate=log(1e-3,1)", "--gaussians is needed");
    says("-n 5 -o t.toml --method adam --range bta1=linear(0,0.9)", "adam.beta1");
    says("-n 5 -o t.toml --method adam --range rate=factor(0.1,2)", "color.rate, not rate");
    says("-n 5 -o t.toml --method annealing --range tempreature=log(1e-6,1)", "annealing.temp");
    says("-n 5 -o t.toml --method cmaes --range color.rate=factor(0.1,2)", "no learning rates");
    says("-n 5 -o t.toml --method adam --range rate=log(1e-3,1) --json", "--json has no place");
    assert_eq!(place.list("."), ["a.png"]);
}
