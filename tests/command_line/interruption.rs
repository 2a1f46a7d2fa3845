//! Ctrl-C, termination and a sudden death.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::common::{Place, json};

/// Longer than any machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a fit and waits for its first checkpoint.
fn start(place: &Place, arguments: &str) -> Child {
    let checkpoints = "--checkpoint-dir c --checkpoint-every 500";
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("lgi"))
        .args("encode a.png -n 20 --method adam --device cpu".split_whitespace())
        .args(checkpoints.split_whitespace())
        .args(arguments.split_whitespace())
        .current_dir(place.path("."))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !place.has("c/a-000500.json.gz") {
        assert!(started.elapsed() < PATIENCE, "no checkpoint was written");
        assert!(child.try_wait().unwrap().is_none(), "the fit ended by itself");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

fn send(signal: &str, child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

#[test]
fn an_interrupted_fit_leaves_its_best_result_and_a_checkpoint() {
    for signal in ["-INT", "-TERM"] {
        let place = Place::new();
        place.picture("a.png");
        let child = start(&place, "-o x.lgi --iterations 1000000000");
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{messages}");

        let info = json(&mut place.lgi("info x.lgi --json"));
        assert_eq!(info["gaussians"], 20);
        // It says where to go on, and one can.
        let last = place.list("c").pop().unwrap();
        assert!(messages.contains(&format!("--resume c/{last}")), "{messages}");
        let iteration: u64 = last["a-".len()..last.len() - ".json.gz".len()].parse().unwrap();
        assert_eq!(info["iterations"], iteration);
        let iterations = iteration + 5;
        let run = format!(
            "encode a.png -o y.lgi --device cpu --resume c/{last} --iterations {iterations} --json"
        );
        assert_eq!(json(&mut place.lgi(&run))["iterations"], iterations);
    }
}

/// The next input is waited for in the meantime, and never comes.
#[test]
fn an_interrupt_does_not_wait_for_the_next_input() {
    let place = Place::new();
    place.picture("a.png");
    let mut child = start(&place, "- -o out/ --method adam --iterations 1000000000");
    let silent = child.stdin.take();
    send("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(place.list("out"), ["a.lgi"]);
    drop(silent);
}

/// A coded encode has no checkpoints to wait for; its line of progress comes too late. What is
/// certain: however early or late the signal comes, the file is whole and as small as asked for.
#[test]
fn an_interrupted_coded_encode_leaves_a_whole_file_or_none() {
    let place = Place::new();
    place.picture("a.png");
    for delay_ms in [0, 300, 1500] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("lgi"))
            .args("encode a.png -f -o x.lgi --size 500 -q max --device cpu".split_whitespace())
            .current_dir(place.path("."))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay_ms));
        send("-INT", &child);
        let status = child.wait().unwrap();
        if place.has("x.lgi") {
            assert!(matches!(status.code(), Some(130 | 0)), "{status}");
            place.lgi("decode x.lgi -o x.png -f").assert().success();
            assert!(place.bytes("x.lgi").len() <= 500);
            std::fs::remove_file(place.path("x.lgi")).unwrap();
        } else {
            // The signal came before there was anything to be interrupted.
            assert!(status.signal() == Some(2) || status.code() == Some(130), "{status}");
        }
        assert!(place.list(".").iter().all(|name| !name.contains("tmp")), "{:?}", place.list("."));
    }
}

#[test]
fn a_killed_fit_is_gone_on_with_to_the_same_bytes() {
    let place = Place::new();
    place.picture("a.png");
    let fit = "encode a.png -n 20 --method adam --device cpu --iterations 4000 -o whole.lgi";
    place.lgi(fit).assert().success();
    let mut child = start(&place, "--iterations 4000 -o killed.lgi");
    send("-KILL", &child);
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert!(!place.has("killed.lgi"));
    let resume = "encode a.png --device cpu --resume c/a-000500.json.gz -o resumed.lgi";
    place.lgi(resume).assert().success();
    assert_eq!(place.bytes("resumed.lgi"), place.bytes("whole.lgi"));
    // No half-written files are left where the results are.
    assert!(place.list(".").iter().all(|name| !name.contains("tmp")), "{:?}", place.list("."));
}
