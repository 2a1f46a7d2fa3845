//! Standard input and output, pipes that close and disks that are full.

use std::io::Write;
use std::process::{Command, Stdio};

use predicates::prelude::*;

use super::common::{Place, SIZE, size_of};

#[test]
fn pictures_and_scenes_go_through_pipes() {
    let place = Place::new();
    let picture = std::fs::read(place.picture("a.png")).unwrap();
    let encoded = place.encode("- -o -").write_stdin(picture.clone()).assert().success();
    let scene = encoded.get_output().stdout.clone();
    assert!(scene.starts_with(&lgi::codec::MAGIC));
    // Standard output is where it goes without being told, too.
    place.encode("-").write_stdin(picture.clone()).assert().success().stdout(scene.clone());
    place.encode("a.png -o -").assert().success().stdout(scene.clone());

    place.write("scene.lgi", &scene);
    let info = place.lgi("info -").write_stdin(scene.clone()).assert().success();
    assert!(String::from_utf8_lossy(&info.get_output().stdout).starts_with("-:"));
    let drawn = place.lgi("decode -").write_stdin(scene).assert().success();
    place.write("drawn.png", &drawn.get_output().stdout);
    assert_eq!(size_of(&place.path("drawn.png")), SIZE);
    place.lgi("compare - scene.lgi").write_stdin(picture).assert().success();
}

#[test]
fn tables_can_go_to_standard_output() {
    let place = Place::new();
    place.picture("a.png");
    let table = predicate::str::starts_with("input,iteration,");
    place.encode("a.png --metrics-csv -").assert().success().stdout(table);
    let table = predicate::str::starts_with("input,output,").and(predicate::str::contains("mean,"));
    place.encode("a.png --force --csv -").assert().success().stdout(table);
}

/// The reader is gone before anything is written: nothing is written before standard input ends.
#[test]
fn a_closed_pipe_is_no_failure() {
    let place = Place::new();
    let picture = std::fs::read(place.picture("a.png")).unwrap();
    place.encode("a.png -o a.lgi").assert().success();
    let scene = place.bytes("a.lgi");
    for (arguments, input) in [
        ("encode - -o - -n 10 --iterations 3 --device cpu", &picture),
        ("encode - -o x.lgi -n 10 --iterations 3 --device cpu --json", &picture),
        ("encode - -o y.lgi -n 10 --iterations 3 --device cpu --csv -", &picture),
        ("decode - -o -", &scene),
        ("info -", &scene),
        ("info - --json", &scene),
        ("compare a.png -", &scene),
        ("completions bash", &Vec::new()),
        ("man", &Vec::new()),
        ("devices", &Vec::new()),
        ("--help", &Vec::new()),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("lgi"))
            .args(arguments.split_whitespace())
            .current_dir(place.path("."))
            .env("XDG_RUNTIME_DIR", place.path("."))
            .stdin(Stdio::piped())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap_or_default();
        let output = child.wait_with_output().unwrap();
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments}: {messages}");
        assert!(!messages.contains("error") && !messages.contains("panic"), "{messages}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png").assert().success();
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for arguments in [
        "encode a.png -o - -n 10 --iterations 3 --device cpu",
        "decode a.lgi -o -",
        "info a.lgi",
        "info a.lgi --json",
        "compare a.png a.lgi",
        "completions zsh",
        "man decode",
        "--help",
        "--version",
    ] {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("lgi"))
            .args(arguments.split_whitespace())
            .current_dir(place.path("."))
            .stdout(full())
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {messages}");
        let line = messages.lines().last().unwrap_or_default();
        assert!(line.starts_with("error: cannot write: ") && line.ends_with(": standard output"));
    }
    let tables = ["-o x.lgi --metrics-csv /dev/full", "-o x.lgi --csv /dev/full"];
    for arguments in ["-o /dev/full"].iter().chain(&tables) {
        let says = predicate::str::is_match("(?m)^error: cannot write: .*: /dev/full$").unwrap();
        place.encode(&format!("a.png {arguments}")).assert().code(1).stderr(says);
    }
    assert!(!place.has("x.lgi"));
}

#[cfg(unix)]
#[test]
fn devices_are_written_to_and_not_replaced() {
    let place = Place::new();
    place.picture("a.png");
    place.encode("a.png -o /dev/null --metrics-csv /dev/null").assert().success();
    use std::os::unix::fs::FileTypeExt;
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn no_color_turns_colours_off() {
    let place = Place::new();
    let colours = predicate::str::contains("\u{1b}[");
    place.lgi("encode").env("CLICOLOR_FORCE", "1").assert().code(2).stderr(colours.clone());
    let mut plain = place.lgi("encode");
    plain.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    plain.assert().code(2).stderr(colours.not());
}
