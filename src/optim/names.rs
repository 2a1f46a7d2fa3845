//! Names that are not known, and those that may have been meant.

use crate::error::Error;

/// Most names that a message lists.
const MOST: usize = 5;

/// Says that there is no `what` called `name`, and lists near names.
pub(crate) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let mut known: Vec<&str> = known.collect();
    known.sort_by_key(|candidate| distance(name, candidate));
    known.dedup();
    let count = known.len();
    known.truncate(MOST);
    let listed = known.join(", ");
    let there_are = if count > MOST { "near ones are" } else { "there are" };
    Error::Invalid(format!("no {what} {name:?}; {there_are} {listed}"))
}

/// Letters to insert, delete or replace (Levenshtein 1966); names that begin or end with the other
/// are nearest.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if !a.is_empty() && (b.starts_with(a) || b.ends_with(a)) {
        return 0;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
