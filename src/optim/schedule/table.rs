//! Points, and straight lines between them.

use super::SCHEDULE;
use crate::optim::part::{Build, Part};

/// `table(0=0.1,100=0.05,300=0)`: the value at given iterations, straight lines between, constant
/// outside.
pub const PART: Part = Part {
    name: "table",
    help: "ITERATION=VALUE points, straight lines between them",
    source: "-",
    build: Build::Schedule(|numbers, clock| {
        let time = clock.iteration as f64;
        let mut before: Option<[f64; 2]> = None;
        for point in numbers.chunks_exact(2) {
            let [at, value] = [point[0], point[1]];
            if time <= at {
                let Some([start, from]) = before else { return value };
                return from + (value - from) * (time - start) / (at - start);
            }
            before = Some([at, value]);
        }
        before.map_or(1.0, |[_, value]| value)
    }),
    ..SCHEDULE
};

/// Orders the points by time.
pub(super) fn sort(numbers: &mut Vec<f64>) {
    let mut points: Vec<[f64; 2]> =
        numbers.chunks_exact(2).map(|point| [point[0], point[1]]).collect();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    *numbers = points.concat();
}
