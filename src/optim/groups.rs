//! The parameter groups: position, shape and colour, each with its own unit and rate.

use serde::{Deserialize, Serialize};

/// A group of parameters that share a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Centres, 2 numbers a Gaussian.
    Position,
    /// Covariances, 1 to 3 numbers a Gaussian.
    Shape,
    /// Colours, one number a channel.
    Color,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 3] = [Self::Position, Self::Shape, Self::Color];

    /// Name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Shape => "shape",
            Self::Color => "color",
        }
    }
}

/// One value for each group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerGroup<T> {
    /// Of the centres.
    pub position: T,
    /// Of the covariances.
    pub shape: T,
    /// Of the colours.
    pub color: T,
}

impl<T> PerGroup<T> {
    /// The three values with their groups.
    pub fn iter(&self) -> impl Iterator<Item = (Group, &T)> {
        [
            (Group::Position, &self.position),
            (Group::Shape, &self.shape),
            (Group::Color, &self.color),
        ]
        .into_iter()
    }

    /// The three values, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Group, &mut T)> {
        [
            (Group::Position, &mut self.position),
            (Group::Shape, &mut self.shape),
            (Group::Color, &mut self.color),
        ]
        .into_iter()
    }

    /// The value of one group.
    pub fn get(&self, group: Group) -> &T {
        match group {
            Group::Position => &self.position,
            Group::Shape => &self.shape,
            Group::Color => &self.color,
        }
    }

    /// The value of one group, to change.
    pub fn get_mut(&mut self, group: Group) -> &mut T {
        match group {
            Group::Position => &mut self.position,
            Group::Shape => &mut self.shape,
            Group::Color => &mut self.color,
        }
    }

    /// Applies a function to each value.
    pub fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> PerGroup<U> {
        PerGroup { position: f(&self.position), shape: f(&self.shape), color: f(&self.color) }
    }
}

/// Gradients, moments or steps: flat arrays, Gaussian after Gaussian, one for each group.
pub type Groups = PerGroup<Vec<f32>>;

impl Groups {
    /// Euclidean norm of each group, summed in order in float64.
    pub fn norms(&self) -> PerGroup<f64> {
        self.map(|values| values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt())
    }

    /// Whether every entry is a finite number.
    pub fn is_finite(&self) -> bool {
        self.iter().all(|(_, values)| values.iter().all(|v| v.is_finite()))
    }

    /// Makes every array as long as in `other`, zeros where it grows.
    pub fn resize_like(&mut self, other: &Self) {
        for (group, values) in self.iter_mut() {
            values.resize(other.get(group).len(), 0.0);
        }
    }
}
