//! Entropic optimal transport: how to carry masses to other places at little cost.

use rayon::prelude::*;

use crate::error::{Error, Result};

/// A way from one source to one sink that may carry mass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Route {
    /// Number of the source.
    pub source: u32,
    /// Number of the sink.
    pub sink: u32,
    /// What a unit of mass costs on it.
    pub cost: f32,
}

/// Masses, and the routes between them.
///
/// Minimises `sum p c + epsilon sum p (ln p - 1)` over plans `p` whose sums are the masses, by
/// Sinkhorn's iterations (Cuturi 2013) on the logarithms, which no small `epsilon` underflows
/// (Schmitzer 2019). Mass of sinks without a route stays where it is.
#[derive(Clone, Debug)]
pub struct Transport {
    /// Sorted by source.
    routes: Vec<Route>,
    /// Where the routes of each source begin.
    of_source: Vec<usize>,
    /// Routes of each sink, as indices, and where they begin.
    to_sink: Vec<u32>,
    of_sink: Vec<usize>,
    /// Logarithms of the masses.
    supply: Vec<f64>,
    demand: Vec<f64>,
    /// Dual potentials.
    sources: Vec<f64>,
    sinks: Vec<f64>,
}

impl Transport {
    /// A problem with these masses, which need not add up to 1: both sides are scaled to it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a mass is not above 0 (of sinks: not at least 0), a cost is not
    /// finite, or a route leads from or to nowhere.
    pub fn new(supply: &[f64], demand: &[f64], mut routes: Vec<Route>) -> Result<Self> {
        let right = |mass: &f64| mass.is_finite() && *mass > 0.0;
        if let Some(mass) = supply.iter().find(|mass| !right(mass)) {
            return Err(Error::Invalid(format!("a mass to carry must be above 0, not {mass}")));
        }
        if let Some(mass) = demand.iter().find(|mass| !right(mass) && **mass != 0.0) {
            return Err(Error::Invalid(format!("a mass to hold must be at least 0, not {mass}")));
        }
        let known = |route: &Route| {
            (route.source as usize) < supply.len()
                && (route.sink as usize) < demand.len()
                && route.cost.is_finite()
        };
        if let Some(route) = routes.iter().find(|route| !known(route)) {
            return Err(Error::Invalid(format!(
                "no route leads from {} of {} to {} of {} at a cost of {}",
                route.source,
                supply.len(),
                route.sink,
                demand.len(),
                route.cost
            )));
        }
        routes.sort_by_key(|route| (route.source, route.sink));
        let of_source = starts(supply.len(), routes.iter().map(|route| route.source));
        let of_sink = starts(demand.len(), routes.iter().map(|route| route.sink));
        let mut next = of_sink.clone();
        let mut to_sink = vec![0; routes.len()];
        for (index, route) in routes.iter().enumerate() {
            let place = &mut next[route.sink as usize];
            to_sink[*place] = index as u32;
            *place += 1;
        }
        Ok(Self {
            routes,
            of_source,
            to_sink,
            of_sink,
            supply: logarithms(supply),
            demand: logarithms(demand),
            sources: vec![0.0; supply.len()],
            sinks: vec![0.0; demand.len()],
        })
    }

    /// Improves the plan by `iterations` at this `epsilon`, in the unit of the costs. Called again
    /// with a smaller one it goes on from there.
    pub fn solve(&mut self, epsilon: f64, iterations: usize) {
        for _ in 0..iterations {
            let sources = self.sources.par_iter_mut().zip(&self.supply).enumerate();
            sources.for_each(|(source, (potential, mass))| {
                let routes = &self.routes[self.of_source[source]..self.of_source[source + 1]];
                let terms = routes.iter().map(|r| self.sinks[r.sink as usize] - f64::from(r.cost));
                *potential = potential_of(*mass, terms, epsilon);
            });
            let sinks = self.sinks.par_iter_mut().zip(&self.demand).enumerate();
            sinks.for_each(|(sink, (potential, mass))| {
                let routes = &self.to_sink[self.of_sink[sink]..self.of_sink[sink + 1]];
                let terms = routes.iter().map(|index| {
                    let route = &self.routes[*index as usize];
                    self.sources[route.source as usize] - f64::from(route.cost)
                });
                *potential = potential_of(*mass, terms, epsilon);
            });
        }
    }

    /// The routes of each source with the mass that the plan at this `epsilon` has on them.
    pub fn plan(&self, epsilon: f64) -> impl Iterator<Item = impl Iterator<Item = (&Route, f64)>> {
        self.of_source.windows(2).map(move |range| {
            self.routes[range[0]..range[1]].iter().map(move |route| {
                let potentials =
                    self.sources[route.source as usize] + self.sinks[route.sink as usize];
                (route, ((potentials - f64::from(route.cost)) / epsilon).exp())
            })
        })
    }
}

/// Where each of `count` groups begins in a list that is sorted by them, and the list's end.
fn starts(count: usize, groups: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut starts = vec![0; count + 1];
    groups.for_each(|group| starts[group as usize + 1] += 1);
    for index in 0..count {
        starts[index + 1] += starts[index];
    }
    starts
}

fn logarithms(masses: &[f64]) -> Vec<f64> {
    let total: f64 = masses.iter().sum();
    masses.iter().map(|mass| (mass / total).ln()).collect()
}

/// `epsilon (ln mass - ln sum exp(term / epsilon))`; without mass or terms, minus infinity: no
/// mass goes there.
fn potential_of(mass: f64, terms: impl Iterator<Item = f64> + Clone, epsilon: f64) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() || !mass.is_finite() {
        return f64::NEG_INFINITY;
    }
    let sum: f64 = terms.map(|term| ((term - largest) / epsilon).exp()).sum();
    epsilon * (mass - sum.ln()) - largest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_routes(costs: &[&[f32]]) -> Vec<Route> {
        let rows = costs.iter().enumerate();
        rows.flat_map(|(source, row)| {
            row.iter().enumerate().map(move |(sink, cost)| Route {
                source: source as u32,
                sink: sink as u32,
                cost: *cost,
            })
        })
        .collect()
    }

    fn solved(supply: &[f64], demand: &[f64], costs: &[&[f32]]) -> (Vec<Vec<f64>>, f64) {
        let mut transport = Transport::new(supply, demand, all_routes(costs)).unwrap();
        let mut epsilon = 1.0;
        while epsilon > 2e-3 {
            epsilon *= 0.5;
            transport.solve(epsilon, 200);
        }
        let plan: Vec<Vec<(f64, f64)>> = transport
            .plan(epsilon)
            .map(|row| row.map(|(route, mass)| (mass, f64::from(route.cost))).collect())
            .collect();
        let cost = plan.iter().flatten().map(|(mass, cost)| mass * cost).sum();
        (plan.iter().map(|row| row.iter().map(|(mass, _)| *mass).collect()).collect(), cost)
    }

    #[test]
    fn the_plan_is_the_best_of_all_assignments() {
        let costs: [&[f32]; 4] = [
            &[0.9, 0.2, 0.7, 0.5],
            &[0.4, 0.8, 0.1, 0.6],
            &[0.3, 0.7, 0.9, 0.2],
            &[0.6, 0.3, 0.5, 0.8],
        ];
        // Every assignment of four to four, one by one.
        let mut best = f32::INFINITY;
        for code in 0..256_usize {
            let sinks = [code % 4, code / 4 % 4, code / 16 % 4, code / 64];
            let all = (0..4).all(|sink| sinks.contains(&sink));
            let cost: f32 = sinks.iter().enumerate().map(|(i, sink)| costs[i][*sink]).sum();
            if all {
                best = best.min(0.25 * cost);
            }
        }
        let (plan, cost) = solved(&[1.0; 4], &[1.0; 4], &costs);
        assert!((cost - f64::from(best)).abs() < 1e-3, "{cost}, not {best}");
        for row in plan {
            assert!((row.iter().sum::<f64>() - 0.25).abs() < 1e-3, "{row:?}");
        }
    }

    #[test]
    fn masses_on_a_line_go_in_order() {
        // With squared distances on a line the best plan is monotone.
        let (from, to) = ([0.0_f32, 1.0, 2.0], [0.5_f32, 1.5]);
        let costs: Vec<Vec<f32>> =
            from.iter().map(|x| to.iter().map(|y| (x - y) * (x - y)).collect()).collect();
        let rows: Vec<&[f32]> = costs.iter().map(Vec::as_slice).collect();
        let (plan, _) = solved(&[1.0, 2.0, 1.0], &[2.0, 2.0], &rows);
        let expected = [[0.25, 0.0], [0.25, 0.25], [0.0, 0.25]];
        for (row, expected) in plan.iter().zip(expected) {
            for (mass, expected) in row.iter().zip(expected) {
                assert!((mass - expected).abs() < 2e-3, "{plan:?}");
            }
        }
    }

    #[test]
    fn tiny_epsilons_missing_routes_and_empty_sinks_give_numbers() {
        let routes = vec![
            Route { source: 0, sink: 0, cost: 1e4 },
            Route { source: 1, sink: 0, cost: 0.0 },
            Route { source: 1, sink: 2, cost: 1.0 },
        ];
        let mut transport = Transport::new(&[1.0, 1.0], &[1.0, 1.0, 0.0], routes).unwrap();
        transport.solve(1e-6, 50);
        for row in transport.plan(1e-6) {
            for (route, mass) in row {
                assert!(mass.is_finite() && mass >= 0.0, "{route:?}: {mass}");
            }
        }
        assert!(Transport::new(&[0.0], &[1.0], Vec::new()).is_err());
        assert!(Transport::new(&[1.0], &[-1.0], Vec::new()).is_err());
        let nowhere = Route { source: 1, sink: 0, cost: 0.0 };
        assert!(Transport::new(&[1.0], &[1.0], vec![nowhere]).is_err());
    }
}
