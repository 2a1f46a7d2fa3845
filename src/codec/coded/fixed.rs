//! Powers, logarithms and directions in integers: the same on every machine.
//!
//! Logarithms are to base 2 in units of [`OCTAVE`]`^-1`, so that products, quotients and roots of
//! scales are sums, differences and halves of integers.

use super::fixed_tables::{EXP2, SINE};

/// One octave of a logarithm.
pub const OCTAVE: i32 = 256;

/// Steps of a half turn of [`direction`].
pub const HALF_TURN: u32 = 1024;

/// Fraction bits of [`direction`].
pub const DIRECTION_BITS: u32 = 30;

/// `2^(log / 256)` with `fraction_bits` bits behind the point, rounded half up; what does not fit
/// into 62 bits saturates.
pub fn exp2(log: i32, fraction_bits: u32) -> i64 {
    let (whole, part) = (log.div_euclid(OCTAVE), log.rem_euclid(OCTAVE));
    let mantissa = i64::from(EXP2[part as usize]);
    match whole + fraction_bits as i32 - 30 {
        up @ 0..=31 => mantissa << up,
        32.. => i64::MAX >> 1,
        down @ -61..=-1 => (mantissa + (1 << (-down - 1))) >> -down,
        _ => 0,
    }
}

/// The largest `log` with `2^(log / 256) <= value`, up to the rounding of the table; that of 1
/// for 0.
pub fn log2(value: u64) -> i32 {
    let value = value.max(1);
    let whole = 63 - value.leading_zeros();
    let mantissa = if whole <= 30 { value << (30 - whole) } else { value >> (whole - 30) };
    let part = EXP2.partition_point(|power| u64::from(*power) <= mantissa) - 1;
    whole as i32 * OCTAVE + part as i32
}

/// Cosine and sine of `turn / 1024` half turns, with 30 bits behind the point.
pub fn direction(turn: u32) -> [i64; 2] {
    let quarter = HALF_TURN / 2;
    let turn = turn % HALF_TURN;
    if turn <= quarter {
        [SINE[(quarter - turn) as usize], SINE[turn as usize]].map(i64::from)
    } else {
        let [sine, cosine] =
            [SINE[(turn - quarter) as usize], SINE[(HALF_TURN - turn) as usize]].map(i64::from);
        [-sine, cosine]
    }
}

/// `a b / 2^bits`, rounded half up.
pub fn multiply(a: i64, b: i64, bits: u32) -> i64 {
    ((i128::from(a) * i128::from(b) + (1 << (bits - 1))) >> bits) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_logarithms_and_directions_are_close_to_those_of_floats() {
        for log in -2000..2000 {
            let exact = (f64::from(log) / 256.0).exp2();
            let got = exp2(log, 24) as f64 / f64::from(1 << 24);
            assert!((got - exact).abs() <= 1e-8 * exact + 3.1e-8, "{log}: {got} {exact}");
        }
        for value in (1..5000_u64).chain([1 << 31, (1 << 40) - 1, u64::MAX]) {
            let exact = (value as f64).log2() * 256.0;
            let got = f64::from(log2(value));
            assert!(got <= exact + 1e-4 && got > exact - 1.0 - 1e-4, "{value}: {got} {exact}");
        }
        for turn in 0..HALF_TURN {
            let angle = f64::from(turn) * std::f64::consts::PI / f64::from(HALF_TURN);
            let [cosine, sine] = direction(turn).map(|v| v as f64 / f64::from(1 << 30));
            assert!((cosine - angle.cos()).abs() < 1e-9 && (sine - angle.sin()).abs() < 1e-9);
        }
    }
}
