//! What becomes of the rows of an optimizer's state when Gaussians come, go or move.

use super::{Groups, PerGroup};

/// For every Gaussian after a change, the Gaussian that it was before; `None` for a new one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowMap {
    sources: Vec<Option<u32>>,
    before: usize,
}

impl RowMap {
    /// The map that changes nothing.
    pub fn identity(count: usize) -> Self {
        Self { sources: (0..count).map(|row| Some(row as u32)).collect(), before: count }
    }

    /// Number of Gaussians before.
    pub fn before(&self) -> usize {
        self.before
    }

    /// Number of Gaussians after.
    pub fn after(&self) -> usize {
        self.sources.len()
    }

    /// The Gaussian in `row` is now another one.
    pub fn renew(&mut self, row: usize) {
        self.sources[row] = None;
    }

    /// A Gaussian was added behind the last.
    pub fn append(&mut self, count: usize) {
        self.sources.resize(self.sources.len() + count, None);
    }

    /// Drops the rows for which `keep` is false.
    pub fn retain(&mut self, keep: &[bool]) {
        let mut kept = keep.iter();
        self.sources.retain(|_| kept.next().copied().unwrap_or(true));
    }

    /// This change, and then `next`.
    pub fn then(&self, next: &Self) -> Self {
        let source = |row: &Option<u32>| self.sources[(*row)? as usize];
        Self { sources: next.sources.iter().map(source).collect(), before: self.before }
    }

    /// Sources of the rows.
    pub fn sources(&self) -> &[Option<u32>] {
        &self.sources
    }

    /// Moves the rows of `values`, `width` numbers each; zeros in new ones.
    pub fn apply<T: Copy + Default>(&self, values: &mut Vec<T>) {
        if values.is_empty() || self.before == 0 {
            values.clear();
            return;
        }
        let width = values.len() / self.before;
        // Sources never point behind their own row: rows are renewed in place, appended, dropped.
        for (row, source) in self.sources.iter().enumerate().take(self.before) {
            let to = row * width..(row + 1) * width;
            match source {
                Some(source) => {
                    let from = *source as usize * width;
                    values.copy_within(from..from + width, to.start);
                }
                None => values[to].fill(T::default()),
            }
        }
        values.resize(self.sources.len() * width, T::default());
        // Rows behind the old end are new.
        if let Some(fresh) = values.get_mut(self.before.min(self.sources.len()) * width..) {
            fresh.fill(T::default());
        }
    }
}

impl Groups {
    /// Moves the rows of every group; zeros in new ones.
    pub fn remap(&mut self, rows: &RowMap) {
        let PerGroup { position, shape, color } = self;
        for values in [position, shape, color] {
            rows.apply(values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_changes_in_one_move_what_both_move_one_after_the_other() {
        let mut first = RowMap::identity(6);
        first.retain(&[true, false, true, true, true, false]);
        first.append(2);
        let mut second = RowMap::identity(6);
        second.renew(1);
        second.retain(&[false, true, true, true, true, true]);
        second.append(1);
        let numbers: Vec<f32> = (1..=12).map(|v| v as f32).collect();
        let (mut in_turn, mut at_once) = (numbers.clone(), numbers);
        first.apply(&mut in_turn);
        second.apply(&mut in_turn);
        first.then(&second).apply(&mut at_once);
        assert_eq!(at_once, in_turn);
        assert_eq!(at_once, [0.0, 0.0, 7.0, 8.0, 9.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
