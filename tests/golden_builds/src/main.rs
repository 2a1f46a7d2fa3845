//! Decodes every golden stream and compares the hashes of its parameters. `tests/golden_builds/run`
//! builds it in every way.

use std::process::ExitCode;

use lgi::codec::{ReadLimits, decode_exact, encode_exact};

#[path = "../../common/coded_pictures.rs"]
#[allow(dead_code)]
mod coded_pictures;
#[path = "../../common/golden_streams.rs"]
mod golden_streams;

fn main() -> ExitCode {
    let mut wrong = 0;
    for (name, order, bytes, expected) in golden_streams::GOLDEN {
        let coded = match decode_exact(bytes, &ReadLimits::default()) {
            Ok(coded) => coded,
            Err(error) => {
                println!("{name}: {error}");
                wrong += 1;
                continue;
            }
        };
        let found = coded_pictures::fingerprint(&coded);
        let again = encode_exact(&coded, order, 8, None);
        if found != expected || again.is_ok_and(|again| again != bytes) {
            println!("{name}: {found:#018x?} and not {expected:#018x?}");
            wrong += 1;
        }
    }
    println!("{} streams, {wrong} wrong", golden_streams::GOLDEN.len());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
