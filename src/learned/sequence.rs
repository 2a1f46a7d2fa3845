//! A network that makes decisions one after the other, each in view of those before.

use super::dense::Dense;
use super::gated_cell::GatedCell;

/// A recurrent controller: a gated cell that sees the choice before and `Q` values that ask for
/// the next, and a softmax over `K` choices (Zoph and Le 2017, arXiv:1611.01578). `I = K + Q` and
/// `IH = I + H`.
#[derive(Clone, Copy, Debug)]
pub struct SequenceNetwork<
    const Q: usize,
    const K: usize,
    const I: usize,
    const H: usize,
    const IH: usize,
>;

impl<const Q: usize, const K: usize, const I: usize, const H: usize, const IH: usize>
    SequenceNetwork<Q, K, I, H, IH>
{
    const CELL: usize = {
        assert!(I == K + Q, "I is K + Q");
        GatedCell::<I, H, IH>::WEIGHTS
    };

    /// Number of weights.
    pub const WEIGHTS: usize = Self::CELL + Dense::<H, K>::WEIGHTS;

    /// Answers questions in their order: `choose` gets the probabilities of each.
    pub fn answer(
        weights: &[f32],
        questions: &[[f32; Q]],
        mut choose: impl FnMut(&[f32; K]) -> usize,
    ) -> Vec<usize> {
        let (of_cell, of_head) = weights.split_at(Self::CELL.min(weights.len()));
        let mut state = [[0.0]; H];
        let mut choices = Vec::with_capacity(questions.len());
        for question in questions {
            let input = Self::input(choices.last(), question).map(|v| [v]);
            GatedCell::<I, H, IH>::step(of_cell, &input, &mut state);
            let logits = Dense::<H, K>::apply(of_head, &state).map(|[v]| v);
            choices.push(choose(&softmax(logits)).min(K - 1));
        }
        choices
    }

    /// Adds `scale` times the derivative of the logarithm of the probability of these choices.
    ///
    /// # Panics
    /// If there are fewer numbers than [`Self::WEIGHTS`].
    pub fn add_log_gradient(
        weights: &[f32],
        questions: &[[f32; Q]],
        choices: &[usize],
        scale: f32,
        gradient: &mut [f32],
    ) {
        let (of_cell, of_head) = weights.split_at(Self::CELL);
        let (to_cell, to_head) = gradient.split_at_mut(Self::CELL);
        let mut state = [0.0; H];
        let mut passed = Vec::with_capacity(questions.len());
        let mut before = None;
        for (question, choice) in questions.iter().zip(choices) {
            let input = Self::input(before, question);
            let step = GatedCell::<I, H, IH>::step_kept(of_cell, &input, &mut state);
            passed.push((step, state));
            before = Some(choice);
        }
        let mut by_state = [0.0; H];
        for ((step, state), choice) in passed.iter().zip(choices).rev() {
            let logits = Dense::<H, K>::apply(of_head, &state.map(|v| [v])).map(|[v]| v);
            let probabilities = softmax(logits);
            let by_logits = std::array::from_fn(|k| {
                scale * (if k == *choice { 1.0 } else { 0.0 } - probabilities[k])
            });
            let by_head = Dense::<H, K>::backward(of_head, state, &by_logits, to_head);
            let by_new = std::array::from_fn(|k| by_state[k] + by_head[k]);
            (_, by_state) = GatedCell::<I, H, IH>::backward(of_cell, step, &by_new, to_cell);
        }
    }

    fn input(before: Option<&usize>, question: &[f32; Q]) -> [f32; I] {
        let was = |k: usize| if before == Some(&k) { 1.0 } else { 0.0 };
        std::array::from_fn(|k| if k < K { was(k) } else { question[k - K] })
    }
}

fn softmax<const K: usize>(logits: [f32; K]) -> [f32; K] {
    let largest = logits.into_iter().fold(f32::MIN, f32::max);
    let powers = logits.map(|v| (v - largest).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|v| v / sum)
}
