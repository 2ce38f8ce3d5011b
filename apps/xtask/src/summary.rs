//! What a run came to: a table, and the line of counts that machines read.

use std::time::Duration;

use crate::plan::Step;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The results of all steps, in the order they ran.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    rows: Vec<(Step, Verdict, Duration)>,
}

impl Summary {
    /// Notes how a step ended.
    pub(crate) fn add(&mut self, step: Step, verdict: Verdict, took: Duration) {
        self.rows.push((step, verdict, took));
    }

    /// Whether a step ran and passed.
    pub(crate) fn has_passed(&self, step: Step) -> bool {
        self.rows.iter().any(|(other, verdict, _)| *other == step && *verdict == Verdict::Passed)
    }

    /// Whether any step failed.
    pub(crate) fn has_failures(&self) -> bool {
        self.rows.iter().any(|(_, verdict, _)| matches!(verdict, Verdict::Failed(_)))
    }

    /// The closing table, one line a step; its last line is `N passed, N failed, N skipped`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let width = self.rows.iter().map(|(step, ..)| step.title().len()).max().unwrap_or(0);
        let mut lines: Vec<_> = self.rows.iter().map(|row| line(row, width)).collect();
        lines.push(self.counts());
        lines
    }

    fn counts(&self) -> String {
        let mut counts = [0_usize; 3];
        for (_, verdict, _) in &self.rows {
            let index = match verdict {
                Verdict::Passed => 0,
                Verdict::Failed(_) => 1,
                Verdict::Skipped(_) => 2,
            };
            counts[index] += 1;
        }
        let [passed, failed, skipped] = counts;
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }
}

fn line((step, verdict, took): &(Step, Verdict, Duration), width: usize) -> String {
    let title = step.title();
    let time = format!("{:.1} s", took.as_secs_f64());
    match verdict {
        Verdict::Passed => format!("  {:<8} {title:<width$} {time:>9}", "passed"),
        Verdict::Failed(why) => format!("  {:<8} {title:<width$} {time:>9}  {}", "FAILED", first_line(why)),
        Verdict::Skipped(why) => format!("  {:<8} {title:<width$} {:>9}  {}", "skipped", "", first_line(why)),
    }
}

/// The rest was printed where it happened.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let mut summary = Summary::default();
        summary.add(Step::Formatting, Verdict::Passed, Duration::from_millis(1_234));
        summary.add(Step::Clippy, Verdict::Failed("exit status: 101\nlong story".into()), Duration::from_secs(2));
        summary.add(Step::Redis, Verdict::Skipped("install it".into()), Duration::ZERO);
        summary
    }

    #[test]
    fn the_last_line_counts_the_steps() {
        assert_eq!(summary().lines().pop().unwrap(), "1 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn each_step_has_one_line_with_its_time_or_the_reason() {
        let lines = summary().lines();

        assert_eq!(lines.len(), 4);
        assert!(lines[0].contains("formatting") && lines[0].contains("1.2 s"), "{}", lines[0]);
        assert!(lines[1].contains("FAILED") && lines[1].ends_with("exit status: 101"), "{}", lines[1]);
        assert!(lines[2].contains("skipped") && lines[2].ends_with("install it"), "{}", lines[2]);
    }

    #[test]
    fn a_skip_is_no_failure() {
        let mut summary = Summary::default();
        summary.add(Step::Redis, Verdict::Skipped("install it".into()), Duration::ZERO);

        assert!(!summary.has_failures());
        assert!(!summary.has_passed(Step::Redis));
    }
}
