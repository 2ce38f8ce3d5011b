//! Whether two samples of measurements differ.

/// The middle of the values; of an even number, the mean of the middle two.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    f64::midpoint(lower, upper)
}

/// How likely two samples of one and the same distribution differ at least so much in their ranks: the p-value of the
/// two-sided Mann-Whitney test, by the normal approximation with the correction for ties. For twenty values or more in
/// each sample.
pub fn mann_whitney(ones: &[f64], others: &[f64]) -> f64 {
    let all = ones.iter().map(|value| (*value, true)).chain(others.iter().map(|value| (*value, false)));
    let mut all: Vec<(f64, bool)> = all.collect();
    all.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut ranks, mut ties, mut below) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|left, right| left.0.total_cmp(&right.0).is_eq()) {
        let size = count(equal.len());
        let rank = below + f64::midpoint(1.0, size);
        ranks += rank * count(equal.iter().filter(|(_, is_one)| *is_one).count());
        ties += size.powi(3) - size;
        below += size;
    }
    let (n, m) = (count(ones.len()), count(others.len()));
    let total = n + m;
    let u = ranks - n * (n + 1.0) / 2.0;
    let deviation = (n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)))).sqrt();
    let z = (u - n * m / 2.0).abs() / deviation;
    complementary_error(z / std::f64::consts::SQRT_2)
}

/// Abramowitz and Stegun, 7.1.26: right to 1.5e-7.
fn complementary_error(x: f64) -> f64 {
    const FACTORS: [f64; 5] = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let t = 1.0 / 0.327_591_1_f64.mul_add(x, 1.0);
    let sum = FACTORS.iter().fold(0.0_f64, |sum, factor| sum.mul_add(t, *factor));
    sum * t * (-x * x).exp()
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-4, "{found} and not {expected}");
    }

    #[test]
    fn median_is_in_the_middle() {
        close(median(&[3.0, 1.0, 2.0]), 2.0);
        close(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn mann_whitney_is_that_of_the_textbook() {
        close(mann_whitney(&[1.0, 2.0, 3.0, 4.0, 5.0], &[6.0, 7.0, 8.0, 9.0, 10.0]), 0.009_023);
        close(mann_whitney(&[1.0, 3.0, 5.0, 7.0], &[2.0, 4.0, 6.0, 8.0]), 0.563_703);
        // With ties.
        close(mann_whitney(&[1.0, 2.0, 2.0, 3.0], &[2.0, 3.0, 4.0, 4.0]), 0.099_425);
        close(mann_whitney(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 1.0);
    }
}
