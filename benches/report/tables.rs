//! Tables on disk, whose rows are there as soon as they are measured.

use std::fs::File;
use std::path::Path;

use serde::Serialize;

use crate::Result;

/// A CSV file whose columns are the fields of `R`.
pub struct Table<R> {
    writer: csv::Writer<File>,
    row: std::marker::PhantomData<R>,
}

impl<R: Serialize> Table<R> {
    /// Starts the table, replacing an older one.
    ///
    /// # Errors
    /// Those of writing.
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self { writer: csv::Writer::from_path(path)?, row: std::marker::PhantomData })
    }

    /// Adds a row; the first brings the header.
    ///
    /// # Errors
    /// Those of writing.
    pub fn add(&mut self, row: &R) -> Result<()> {
        self.writer.serialize(row)?;
        Ok(self.writer.flush()?)
    }
}

/// A Markdown table.
pub fn markdown(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = vec!["---".to_owned(); header.len()];
    let rows = rows.iter().map(|row| line(row));
    [line(header), line(&rule)].into_iter().chain(rows).collect()
}

/// A whole number as people read it: `10 000`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Mean of some figures; NaN of none.
pub fn mean(figures: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = figures.into_iter().fold((0.0, 0), |(sum, n), figure| (sum + figure, n + 1));
    sum / f64::from(count)
}
