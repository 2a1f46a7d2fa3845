//! Pictures, temporary directories and runs of the command.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use lgi::image::{Image, SaveOptions, Size, save};
use serde_json::Value;
use tempfile::TempDir;

pub const SIZE: Size = Size::new(48, 32);

/// Keys that every report has.
pub const REPORT_KEYS: [&str; 14] = [
    "input",
    "output",
    "width",
    "height",
    "gaussians",
    "iterations",
    "method",
    "psnr_db",
    "ssim",
    "bytes",
    "bpp",
    "seconds",
    "device",
    "seed",
];

/// A directory of its own for every test.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `lgi` with this directory as its own, and quick.
    pub fn lgi(&self, arguments: &str) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("lgi");
        command.current_dir(self.directory.path());
        // Graphics drivers complain about a missing one on standard error.
        command.env("XDG_RUNTIME_DIR", self.directory.path());
        command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
        command.args(arguments.split_whitespace());
        command
    }

    /// Encodes with few Gaussians and iterations on the CPU, by plain Adam: every iteration is one
    /// update, and all Gaussians are there from the start.
    pub fn encode(&self, arguments: &str) -> Command {
        let mut command = self.lgi("encode -n 40 --iterations 10 --method adam --device cpu");
        command.args(arguments.split_whitespace());
        command
    }

    /// A small picture called `name`, of `channels` channels.
    pub fn picture_of(&self, name: &str, channels: usize) -> PathBuf {
        let path = self.path(name);
        save(&path, &picture(channels), &SaveOptions::default()).expect("the picture is written");
        path
    }

    /// A small RGB picture called `name`.
    pub fn picture(&self, name: &str) -> PathBuf {
        self.picture_of(name, 3)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("the file is written");
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Names of the files in a directory inside, sorted.
    pub fn list(&self, directory: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(directory)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// Smooth shades with an edge in them.
fn picture(channels: usize) -> Image {
    let mut image = Image::zeros(SIZE, channels);
    for channel in 0..channels {
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let wave = (x as f32 * 0.21 + channel as f32).sin() * (y as f32 * 0.17).cos();
                let edge = if x > 2 * y { 0.2 } else { -0.2 };
                image.plane_mut(channel)[y * SIZE.width + x] = 0.5 + 0.25 * wave + edge;
            }
        }
    }
    image
}

/// Size of a picture file.
pub fn size_of(path: &Path) -> Size {
    lgi::image::load(path, &lgi::image::Limits::default()).expect("a picture").image.size()
}

/// Standard output of a run that succeeds, as lines of JSON.
pub fn json_lines(command: &mut Command) -> Vec<Value> {
    let output = command.assert().success().get_output().stdout.clone();
    let text = String::from_utf8(output).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

/// The only line of JSON of a run that succeeds.
pub fn json(command: &mut Command) -> Value {
    let mut lines = json_lines(command);
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

/// Runs a command that fails with `code`, and gives the only line on standard error.
pub fn error_line(command: &mut Command, code: i32) -> String {
    let output = command.assert().code(code).get_output().clone();
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(text.lines().count(), 1, "{text}");
    let line = text.lines().next().unwrap_or_default().to_owned();
    assert!(line.starts_with("error: "), "{line}");
    line
}
