//! Arithmetic that writes down what it is asked to do, as lines of WGSL.

use std::cell::{Cell, RefCell};
use std::fmt::{Display, Formatter, Write};
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::arithmetic::Arithmetic;

/// The lines that were written so far: one operation each.
#[derive(Debug, Default)]
pub struct Tape {
    lines: RefCell<String>,
    locals: Cell<usize>,
    uses_value: Cell<bool>,
}

impl Tape {
    /// A number that the kernel has under a name.
    pub fn input(&self, name: Name) -> Recorded<'_> {
        Recorded::Named(self, name)
    }

    /// Whether any line names the parameter's value.
    pub fn uses_value(&self) -> bool {
        self.uses_value.get()
    }

    /// All lines.
    pub fn into_lines(self) -> String {
        self.lines.into_inner()
    }

    /// Writes `let tK = ...;`.
    fn push(&self, expression: std::fmt::Arguments<'_>) -> Recorded<'_> {
        let local = Name::Local(self.locals.get());
        self.locals.set(self.locals.get() + 1);
        // Writing to memory that grows as needed cannot fail.
        let _ = writeln!(self.lines.borrow_mut(), "let {local} = {expression};");
        Recorded::Named(self, local)
    }
}

/// Names of numbers in a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// `value`: the parameter.
    Value,
    /// `gradient`: what the chain is given.
    Gradient,
    /// `constant_K`: the same for all numbers of a group.
    Constant(usize),
    /// `slot_K`: what was remembered.
    Slot(usize),
    /// `tK`: worked out on the way.
    Local(usize),
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value => f.write_str("value"),
            Self::Gradient => f.write_str("gradient"),
            Self::Constant(index) => write!(f, "constant_{index}"),
            Self::Slot(index) => write!(f, "slot_{index}"),
            Self::Local(index) => write!(f, "t{index}"),
        }
    }
}

/// A number of a kernel that does not run yet.
#[derive(Clone, Copy, Debug)]
pub enum Recorded<'t> {
    /// Known already; finite.
    Literal(f32),
    /// Known when the kernel runs.
    Named(&'t Tape, Name),
}

impl From<f32> for Recorded<'_> {
    fn from(value: f32) -> Self {
        Self::Literal(value)
    }
}

impl Display for Recorded<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Literal(value) => write!(f, "{value:?}f"),
            Self::Named(tape, name) => {
                if *name == Name::Value {
                    tape.uses_value.set(true);
                }
                name.fmt(f)
            }
        }
    }
}

/// The tape of the first operand that has one, or the values of all if none has.
fn tape_or_literals<'t, const N: usize>(operands: [Recorded<'t>; N]) -> Result<&'t Tape, [f32; N]> {
    let mut literals = [0.0; N];
    for (literal, operand) in literals.iter_mut().zip(operands) {
        match operand {
            Recorded::Literal(value) => *literal = value,
            Recorded::Named(tape, _) => return Ok(tape),
        }
    }
    Err(literals)
}

/// An operator, on literals at once and else as text.
macro_rules! operator {
    ($operator:ident, $method:ident, $symbol:tt) => {
        impl $operator for Recorded<'_> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                match tape_or_literals([self, other]) {
                    Ok(tape) => {
                        tape.push(format_args!(concat!("{} ", stringify!($symbol), " {}"), self, other))
                    }
                    Err([a, b]) => Self::Literal(a $symbol b),
                }
            }
        }
    };
}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl Neg for Recorded<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        match tape_or_literals([self]) {
            Ok(tape) => tape.push(format_args!("-{self}")),
            Err([a]) => Self::Literal(-a),
        }
    }
}

impl Arithmetic for Recorded<'_> {
    fn sqrt(self) -> Self {
        match tape_or_literals([self]) {
            Ok(tape) => tape.push(format_args!("sqrt({self})")),
            Err([a]) => Self::Literal(Arithmetic::sqrt(a)),
        }
    }

    fn sign(self) -> Self {
        match tape_or_literals([self]) {
            Ok(tape) => tape.push(format_args!("sign({self})")),
            Err([a]) => Self::Literal(Arithmetic::sign(a)),
        }
    }

    fn clamp(self, low: Self, high: Self) -> Self {
        match tape_or_literals([self, low, high]) {
            Ok(tape) => tape.push(format_args!("clamp({self}, {low}, {high})")),
            Err([a, low, high]) => Self::Literal(Arithmetic::clamp(a, low, high)),
        }
    }

    fn if_zero(self, then: Self, otherwise: Self) -> Self {
        match tape_or_literals([self, then, otherwise]) {
            Ok(tape) => tape.push(format_args!("select({otherwise}, {then}, {self} == 0.0)")),
            Err([a, then, otherwise]) => Self::Literal(a.if_zero(then, otherwise)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_become_lines_and_literals_are_worked_out_at_once() {
        let tape = Tape::default();
        let [gradient, slot] = [Name::Gradient, Name::Slot(0)].map(|name| tape.input(name));
        let two = Recorded::from(1.0) + Recorded::from(1.0);
        let sum = two * slot + gradient;
        let update = sum.if_zero(0.0.into(), -gradient / (sum.sqrt() + 1e-15.into()));
        assert_eq!(update.to_string(), "t6");
        assert!(!tape.uses_value());
        let expected = "let t0 = 2.0f * slot_0;\nlet t1 = t0 + gradient;\nlet t2 = -gradient;\n\
                        let t3 = sqrt(t1);\nlet t4 = t3 + 1e-15f;\nlet t5 = t2 / t4;\n\
                        let t6 = select(t5, 0.0f, t1 == 0.0);\n";
        assert_eq!(tape.into_lines(), expected);
    }

    #[test]
    fn it_is_known_whether_the_value_matters() {
        let tape = Tape::default();
        let _ = tape.input(Name::Value) * tape.input(Name::Gradient);
        assert!(tape.uses_value());
    }
}
