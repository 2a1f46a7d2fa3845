//! A layer in which every output is a weighted sum of all inputs.

/// One value for each of `L` places that a network is applied to side by side.
pub type Lanes<const L: usize> = [f32; L];

/// `y = W x + b`, from `I` values to `O`. The weights are `[O, I + 1]`, the bias last in a row.
#[derive(Clone, Copy, Debug)]
pub struct Dense<const I: usize, const O: usize>;

impl<const I: usize, const O: usize> Dense<I, O> {
    /// Number of weights.
    pub const WEIGHTS: usize = O * (I + 1);

    /// Applies the layer; missing weights count as zero.
    #[inline]
    pub fn apply<const L: usize>(weights: &[f32], input: &[Lanes<L>; I]) -> [Lanes<L>; O] {
        let mut output = [[0.0; L]; O];
        for (sums, row) in output.iter_mut().zip(weights.chunks_exact(I + 1)) {
            *sums = [row[I]; L];
            for (values, weight) in input.iter().zip(row) {
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += weight * value;
                }
            }
        }
        output
    }

    /// From the loss's derivative by the output: adds the one by the weights to `gradient`, and
    /// gives the one by the input.
    pub fn backward(
        weights: &[f32],
        input: &[f32; I],
        by_output: &[f32; O],
        gradient: &mut [f32],
    ) -> [f32; I] {
        let mut by_input = [0.0; I];
        let rows = weights.chunks_exact(I + 1).zip(gradient.chunks_exact_mut(I + 1));
        for ((row, sums), by) in rows.zip(by_output) {
            for place in 0..I {
                by_input[place] += by * row[place];
                sums[place] += by * input[place];
            }
            sums[I] += by;
        }
        by_input
    }
}
