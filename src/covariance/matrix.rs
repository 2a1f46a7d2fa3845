//! 2x2 matrices in float64, row-major `[m00, m01, m10, m11]`.

/// A row-major 2x2 matrix.
pub(super) type Matrix = [f64; 4];

pub(super) fn widen(matrix: [f32; 4]) -> Matrix {
    matrix.map(f64::from)
}

pub(super) fn narrow(matrix: Matrix) -> [f32; 4] {
    matrix.map(|v| v as f32)
}

pub(super) fn determinant(m: Matrix) -> f64 {
    m[0] * m[3] - m[1] * m[2]
}

pub(super) fn inverse(m: Matrix) -> Matrix {
    let determinant = determinant(m);
    [m[3], -m[1], -m[2], m[0]].map(|v| v / determinant)
}

pub(super) fn transpose(m: Matrix) -> Matrix {
    [m[0], m[2], m[1], m[3]]
}

pub(super) fn multiply(a: Matrix, b: Matrix) -> Matrix {
    [
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
    ]
}

pub(super) fn apply(m: Matrix, v: [f64; 2]) -> [f64; 2] {
    [m[0] * v[0] + m[1] * v[1], m[2] * v[0] + m[3] * v[1]]
}

/// Counter-clockwise in coordinates with y up, from x towards y.
pub(super) fn rotation(angle: f64) -> Matrix {
    let (sine, cosine) = angle.sin_cos();
    [cosine, -sine, sine, cosine]
}

/// `m m^T`, the covariance of a factor.
pub(super) fn gram(m: Matrix) -> Matrix {
    multiply(m, transpose(m))
}

/// Length of a vector whose numbers came from float32: their squares do not overflow.
fn length([x, y]: [f64; 2]) -> f64 {
    (x * x + y * y).sqrt()
}

/// The first singular value the largest and not negative, the second with the sign of the
/// determinant.
pub(super) fn singular_values(m: Matrix) -> [f64; 2] {
    let rotating = length([0.5 * (m[0] + m[3]), 0.5 * (m[2] - m[1])]);
    let reflecting = length([0.5 * (m[0] - m[3]), 0.5 * (m[2] + m[1])]);
    let largest = rotating + reflecting;
    // The difference of the two cancels for thin matrices, the determinant does not.
    let smallest = if largest > 0.0 { determinant(m) / largest } else { 0.0 };
    [largest, smallest]
}

/// `rotation(left) diag(values) rotation(right)`, with [`singular_values`].
#[derive(Clone, Copy, Debug)]
pub(super) struct SingularValues {
    pub(super) left: f64,
    pub(super) values: [f64; 2],
    pub(super) right: f64,
}

impl SingularValues {
    /// Splits a matrix into a part that scales and rotates and one that scales and reflects;
    /// their sizes add up to the singular values, their angles to the two rotations.
    pub(super) fn of(m: Matrix) -> Self {
        let (rotating, reflecting) = (
            [0.5 * (m[0] + m[3]), 0.5 * (m[2] - m[1])],
            [0.5 * (m[0] - m[3]), 0.5 * (m[2] + m[1])],
        );
        let (turn, mirror) =
            (f64::atan2(rotating[1], rotating[0]), f64::atan2(reflecting[1], reflecting[0]));
        Self {
            left: 0.5 * (turn + mirror),
            values: singular_values(m),
            right: 0.5 * (turn - mirror),
        }
    }

    pub(super) fn matrix(&self) -> Matrix {
        let [a, b] = self.values;
        multiply(multiply(rotation(self.left), [a, 0.0, 0.0, b]), rotation(self.right))
    }
}

/// The symmetric matrix with the given eigenvalues, the first along `angle`.
pub(super) fn symmetric(angle: f64, values: [f64; 2]) -> Matrix {
    SingularValues { left: angle, values, right: -angle }.matrix()
}

/// `[[a, b], [b, c]]` with `function` of each eigenvalue in its place; no angle is worked out on
/// the way, for this is done for every Gaussian in every iteration.
pub(super) fn map_eigenvalues([a, b, c]: [f64; 3], function: impl Fn(f64) -> f64) -> Matrix {
    let (middle, difference) = (0.5 * (a + c), 0.5 * (a - c));
    let half = length([difference, b]);
    let largest = middle + half;
    // Take the product where it is known better than the difference.
    let smallest = if middle > 0.0 { (a * c - b * b) / largest } else { middle - half };
    let [first, second] = [largest, smallest].map(function);
    let mean = 0.5 * (first + second);
    if half == 0.0 {
        return [mean, 0.0, 0.0, mean];
    }
    let slope = 0.5 * (first - second) / half;
    [mean + slope * difference, slope * b, slope * b, mean - slope * difference]
}

/// The lower triangular factor with a positive diagonal of the same `m m^T`.
pub(super) fn lower_triangular(m: Matrix) -> Matrix {
    let first = m[0].hypot(m[1]);
    if first > 0.0 {
        [first, 0.0, (m[0] * m[2] + m[1] * m[3]) / first, determinant(m).abs() / first]
    } else {
        [0.0, 0.0, 0.0, m[2].hypot(m[3])]
    }
}
