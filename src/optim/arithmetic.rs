//! The arithmetic that elementwise rules are written in: on numbers, or on the text of a kernel.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// What a rule may do with a number, be it one ([`f32`]) or the name of one in a kernel
/// ([`super::recording::Recorded`]).
pub trait Arithmetic:
    Copy
    + From<f32>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The square root.
    #[must_use]
    fn sqrt(self) -> Self;

    /// -1, 0 or 1.
    #[must_use]
    fn sign(self) -> Self;

    /// The nearest number between two bounds.
    #[must_use]
    fn clamp(self, low: Self, high: Self) -> Self;

    /// One number where this is zero, of either sign, and another one elsewhere. Both are worked
    /// out: what is not wanted may be infinite or none.
    #[must_use]
    fn if_zero(self, then: Self, otherwise: Self) -> Self;
}

impl Arithmetic for f32 {
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }

    fn sign(self) -> Self {
        if self == 0.0 { 0.0 } else { self.signum() }
    }

    /// Unlike that of the standard library it takes bounds that cross each other.
    fn clamp(self, low: Self, high: Self) -> Self {
        if self < low {
            low
        } else if self > high {
            high
        } else {
            self
        }
    }

    fn if_zero(self, then: Self, otherwise: Self) -> Self {
        if self == 0.0 { then } else { otherwise }
    }
}
