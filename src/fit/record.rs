//! One logged iteration as a row of a table.

use super::{Details, Progress};
use crate::loss::Loss;
use crate::optim::PerGroup;

/// Names of the columns, in order.
pub const RECORD_COLUMNS: [&str; 24] = [
    "iteration",
    "gaussians",
    "loss_l1",
    "loss_l2",
    "loss_ssim",
    "loss_total",
    "psnr_db",
    "best_psnr_db",
    "learning_rate_position",
    "learning_rate_shape",
    "learning_rate_color",
    "gradient_norm_position",
    "gradient_norm_shape",
    "gradient_norm_color",
    "momentum_norm_position",
    "momentum_norm_shape",
    "momentum_norm_color",
    "sigma_min_px",
    "sigma_median_px",
    "sigma_max_px",
    "condition_median",
    "condition_max",
    "uncovered_pixels",
    "seconds",
];

/// The cells of a row, in the order of [`RECORD_COLUMNS`]. What is not worked out is empty: SSIM
/// without weight, the momentum of methods that have none, and all details of searches.
pub fn record(
    loss: &Loss,
    progress: &Progress,
    details: Option<&Details>,
) -> [String; RECORD_COLUMNS.len()] {
    let terms = &progress.terms;
    // Without weight it is not worked out, and zero would claim a perfect picture.
    let ssim = if loss.ssim == 0.0 { String::new() } else { terms.ssim.to_string() };
    let [rate_position, rate_shape, rate_color] = cells(&progress.rates);
    let [gradient_position, gradient_shape, gradient_color] =
        details.map(|details| cells(&details.gradient_norm)).unwrap_or_default();
    let momentum = details.and_then(|details| details.momentum_norm.as_ref());
    let [momentum_position, momentum_shape, momentum_color] =
        momentum.map(cells).unwrap_or_default();
    let number = |of: fn(&Details) -> String| details.map(of).unwrap_or_default();
    [
        progress.iteration.to_string(),
        progress.gaussians.to_string(),
        terms.l1.to_string(),
        terms.l2.to_string(),
        ssim,
        progress.loss.to_string(),
        progress.psnr_db.to_string(),
        progress.best_psnr_db.to_string(),
        rate_position,
        rate_shape,
        rate_color,
        gradient_position,
        gradient_shape,
        gradient_color,
        momentum_position,
        momentum_shape,
        momentum_color,
        number(|details| details.sigma_min_px.to_string()),
        number(|details| details.sigma_median_px.to_string()),
        number(|details| details.sigma_max_px.to_string()),
        number(|details| details.condition_median.to_string()),
        number(|details| details.condition_max.to_string()),
        number(|details| details.uncovered_pixels.to_string()),
        format!("{:.6}", progress.seconds),
    ]
}

fn cells<T: ToString>(values: &PerGroup<T>) -> [String; 3] {
    [&values.position, &values.shape, &values.color].map(T::to_string)
}
