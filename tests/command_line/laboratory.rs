//! Methods put together from parts: their list, names and numbers.

use predicates::prelude::*;

use super::common::{Place, error_line, json, json_lines};

fn encode(place: &Place, arguments: &str) -> serde_json::Value {
    let run = "encode a.png -o x.lgi -n 20 --iterations 4 --device cpu --json -f";
    json(&mut place.lgi(&format!("{run} {arguments}")))
}

#[test]
fn the_list_has_a_line_with_the_source_of_each_and_objects_with_names() {
    let place = Place::new();
    let listed = json_lines(&mut place.lgi("methods --json"));
    let text = place.lgi("methods").assert().success().get_output().stdout.clone();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().count(), listed.len());
    for (line, object) in text.lines().zip(&listed) {
        let name = object["name"].as_str().unwrap();
        assert!(line.starts_with(&format!("{name} ")), "{line}");
        assert!(object["help"].is_string() && object["source"].is_string(), "{object}");
    }
    for name in ["adam", "lookahead", "clip-l2", "non-negative", "l1", "one-cycle"] {
        assert!(listed.iter().any(|object| object["name"] == name), "{name}");
    }
    let numbers = predicate::str::contains("beta1").and(predicate::str::contains("default: 0.8"));
    place.lgi("methods adam").assert().success().stdout(numbers);
    let line = error_line(&mut place.lgi("methods adm"), 2);
    assert!(line.contains("adam, adamw"), "{line}");
}

#[test]
fn methods_of_several_parts_run_and_say_what_they_are() {
    let place = Place::new();
    place.picture("a.png");
    let report = encode(&place, "--method clip-l2,lookahead,adam --set lookahead.every=2");
    assert_eq!(report["method"], "clip-l2,lookahead,adam, additive");
    let plain = encode(&place, "--method adam")["psnr_db"].clone();
    for settings in [
        "--set beta1=0.5",
        "--set rate=0.001",
        "--set color.rate=0.001,position.rate=0.1",
        "--set rate=cosine(0.001,0)",
        "--set color.beta1=table(0=0.1,4=0.9) --set epsilon=1e-3",
    ] {
        let psnr = encode(&place, &format!("--method adam {settings}"))["psnr_db"].clone();
        assert_ne!(psnr, plain, "{settings}");
    }
    let flag = encode(&place, "--method adam --beta1 0.5")["psnr_db"].clone();
    assert_eq!(encode(&place, "--method adam --set beta1=0.5")["psnr_db"], flag);
}

#[test]
fn a_file_says_the_same_as_the_command_line() {
    let place = Place::new();
    place.picture("a.png");
    place.write(
        "m.toml",
        "method = \"clip-l2,adam\"\n[set]\nbeta1 = 0.5\nrate = \"linear(0.1,0)\"\n\
         clip-l2.limit = 1e-3\n[set.color]\nrate = 0.02\n",
    );
    let settings = "beta1=0.5,rate=linear(0.1,0),clip-l2.limit=1e-3 --set color.rate=0.02";
    let typed = encode(&place, &format!("--method clip-l2,adam --set {settings}"));
    let read = encode(&place, "--config m.toml");
    assert_eq!((&read["psnr_db"], &read["method"]), (&typed["psnr_db"], &typed["method"]));
}

#[test]
fn what_is_not_known_is_said_with_near_names() {
    let place = Place::new();
    place.picture("a.png");
    let near = |arguments: &str, name: &str| {
        let run = format!("encode a.png --device cpu {arguments}");
        let says = predicate::str::contains(name);
        place.lgi(&run).assert().code(2).stdout("").stderr(says);
    };
    near("--method adm", "near ones are adam");
    near("--method lookahead,lbfgs", "line search");
    near("--method adam --set bta1=0.5", "adam.beta1");
    near("--method adam --set beta1=1.5", "below 1");
    near("--method adam --set rate=cosin(1,0)", "cosine");
    near("--set beta1=0.5", "lbfgs");
    near("--method natural-adam --covariance cholesky", "body frame");
    assert_eq!(place.list("."), ["a.png"]);
}
