//! Strategies and pipelines from the command line.

use predicates::prelude::*;

use super::common::{Place, error_line, json, json_lines};

#[test]
fn strategies_are_listed_with_their_numbers() {
    let place = Place::new();
    let listed = json_lines(&mut place.lgi("methods --json"));
    for name in [
        "block-coordinate",
        "coarse-to-polish",
        "hierarchical",
        "alternating",
        "annealing",
        "particle-swarm",
        "genetic",
        "cmaes",
        "optimal-transport",
        "auto",
    ] {
        let object = listed.iter().find(|object| object["name"] == name);
        assert_eq!(object.unwrap()["kind"], "strategy", "{name}");
    }
    let numbers = predicate::str::contains("population").and(predicate::str::contains("sigma"));
    place.lgi("methods cmaes").assert().success().stdout(numbers);
    let line = error_line(&mut place.lgi("methods cmeas"), 2);
    assert!(line.contains("cmaes"), "{line}");
}

#[test]
fn a_pipeline_runs_resumes_and_says_what_it_was() {
    let place = Place::new();
    place.picture("a.png");
    let run = "encode a.png -n 20 --device cpu --json -f";
    let method = "--method annealing:8+clip-l2,adam:7 --set annealing.sigma=0.2,color.beta1=0.7";
    let saved = "--checkpoint-dir c --checkpoint-every 2";
    let whole = json(&mut place.lgi(&format!("{run} -o whole.lgi {method} {saved}")));
    assert_eq!(whole["method"], "annealing:8+clip-l2,adam:7, additive");
    assert_eq!(whole["iterations"], 15);
    let checkpoints = place.list("c");
    assert!(checkpoints.len() > 4, "{checkpoints:?}");
    for checkpoint in checkpoints {
        place.lgi(&format!("{run} -o x.lgi --resume c/{checkpoint}")).assert().success();
        assert_eq!(place.bytes("x.lgi"), place.bytes("whole.lgi"), "{checkpoint}");
    }
    place.write("m.toml", "method = \"cmaes:3+lbfgs\"\niterations = 6\n[set]\ncmaes.sigma = 0.2\n");
    let read = json(&mut place.lgi(&format!("{run} -o y.lgi --config m.toml --density on")));
    assert_eq!(read["method"], "cmaes:3+lbfgs, growing, additive");
}

#[test]
fn auto_is_the_usual_method_but_for_short_fits_of_much_detail() {
    let place = Place::new();
    place.picture("a.png");
    let run = "encode a.png -n 30 -q fast --device cpu --json -f -o";
    let usual = json(&mut place.lgi(&format!("{run} a.lgi")));
    let auto = json(&mut place.lgi(&format!("{run} b.lgi --method auto")));
    assert_eq!(auto["psnr_db"], usual["psnr_db"]);
    assert_eq!(auto["method"], "auto, growing, normalized");
    let short = "encode a.png -n 9 --iterations 40 --blend additive --device cpu --json -f -o";
    let psnr = |method: &str| {
        json(&mut place.lgi(&format!("{short} c.lgi --method {method}")))["psnr_db"].clone()
    };
    assert_eq!(psnr("auto --density off"), psnr("coarse-to-polish"));
}

#[test]
fn what_does_not_fit_together_is_wrong_usage() {
    let place = Place::new();
    place.picture("a.png");
    for (arguments, says) in [
        ("--method cmaes:20+lbfgs:200 --iterations 100", "220 passes"),
        ("--method cmaes:20+lbfgs --iterations 10", "20 passes"),
        ("--method cmaes:0", "whole number"),
        ("--method cmeas", "cmaes"),
        ("--method cmaes+lbfgs --covariance cholesky", "body frame"),
        ("--method cmaes+adam --set sigam=1", "cmaes.sigma"),
    ] {
        let run = format!("encode a.png --device cpu {arguments}");
        let says = predicate::str::contains(says);
        place.lgi(&run).assert().code(2).stdout("").stderr(says);
    }
    assert_eq!(place.list("."), ["a.png"]);
}

#[test]
fn every_method_takes_a_curriculum() {
    let place = Place::new();
    place.picture("a.png");
    let run = "encode a.png -o x.lgi -n 20 --iterations 8 --device cpu --json -f";
    for method in ["adam", "lbfgs --density on", "cmaes:3+lbfgs:5"] {
        let plain = json(&mut place.lgi(&format!("{run} --method {method}")));
        let with = format!("{run} --method {method} --curriculum linear(1,0)");
        let report = json(&mut place.lgi(&with));
        let what = format!("{}, small pictures first", plain["method"].as_str().unwrap());
        assert_eq!(report["method"], what);
        assert_ne!(report["psnr_db"], plain["psnr_db"], "{method}");
    }
    let says = predicate::str::contains("exponential(1,0.02)");
    let says = says.and(predicate::str::contains("from 0 to 2"));
    place.lgi("encode a.png --curriculum linear(0,2)").assert().code(2).stderr(says);
    let listed = json_lines(&mut place.lgi("methods curriculum --json"));
    assert_eq!(listed[0]["kind"], "schedule");
}
