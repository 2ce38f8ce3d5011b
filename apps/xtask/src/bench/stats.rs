//! What is made of the figures of several rounds.

/// The middle of the values; of an even number, the mean of the middle two. Not a number when there is none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2);
    let lower = sorted.get(sorted.len().saturating_sub(1) / 2);
    lower.zip(upper).map_or(f64::NAN, |(lower, upper)| f64::midpoint(*lower, *upper))
}

/// The median of the ratios of the rounds: each compares two runs that followed on each other.
pub(crate) fn ratio(ours: &[f64], floor: &[f64]) -> f64 {
    let by_round: Vec<_> = ours.iter().zip(floor).map(|(one, other)| one / other).collect();
    median(&by_round)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert!(same(median(&[3.0, 1.0, 2.0]), 2.0));
        assert!(same(median(&[4.0, 1.0, 2.0, 3.0]), 2.5));
        assert!(same(median(&[7.0]), 7.0));
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn one_disturbed_round_does_not_move_the_ratio() {
        assert!(same(ratio(&[8.0, 1.0, 80.0], &[10.0, 10.0, 100.0]), 0.8));
    }
}
