//! Carries out a plan: every step that can still tell something runs, whatever failed before it.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::interrupt::Interrupt;
use crate::plan::Step;
use crate::say;
use crate::summary::{Summary, Verdict};
use crate::tools::Missing;

/// Runs the steps in order; with `strict`, a tool that is missing is a failure and not a skip.
pub(crate) fn run(
    plan: &[Step],
    strict: bool,
    interrupt: &Interrupt,
    mut execute: impl FnMut(Step) -> Result<()>,
) -> Summary {
    let mut summary = Summary::default();
    for (index, step) in plan.iter().copied().enumerate() {
        say::line(&format!("\n==> [{}/{}] {}", index + 1, plan.len(), step.title()));
        let start = Instant::now();
        let verdict =
            obstacle(step, &summary, interrupt).map_or_else(|| judge(execute(step), strict), Verdict::Skipped);
        announce(&verdict, start.elapsed());
        summary.add(step, verdict, start.elapsed());
    }
    summary
}

/// Why a step cannot be tried at all.
fn obstacle(step: Step, summary: &Summary, interrupt: &Interrupt) -> Option<String> {
    if interrupt.is_raised() {
        return Some("interrupted".to_owned());
    }
    let missed = step.needs().iter().find(|needed| !summary.has_passed(**needed))?;
    Some(format!("needs the step \"{}\"", missed.title()))
}

fn judge(result: Result<()>, strict: bool) -> Verdict {
    match result {
        Ok(()) => Verdict::Passed,
        Err(error) if error.is::<Missing>() && !strict => Verdict::Skipped(format!("{error:#}")),
        Err(error) => Verdict::Failed(format!("{error:#}")),
    }
}

fn announce(verdict: &Verdict, took: Duration) {
    let seconds = took.as_secs_f64();
    say::line(&match verdict {
        Verdict::Passed => format!("    passed in {seconds:.1} s"),
        Verdict::Failed(why) => format!("    FAILED after {seconds:.1} s: {why}"),
        Verdict::Skipped(why) => format!("    SKIPPED: {why}"),
    });
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    const PLAN: [Step; 4] = [Step::Formatting, Step::Redis, Step::Build, Step::Tests];

    fn counts(strict: bool, interrupt: &Interrupt, execute: impl FnMut(Step) -> Result<()>) -> String {
        run(&PLAN, strict, interrupt, execute).lines().pop().unwrap()
    }

    fn without_redis(step: Step) -> Result<()> {
        if step == Step::Redis {
            return Err(Missing("install Redis".to_owned()).into());
        }
        Ok(())
    }

    #[test]
    fn a_failed_step_does_not_hide_the_later_ones() {
        let mut ran = Vec::new();

        let counts = counts(false, &Interrupt::default(), |step| {
            ran.push(step);
            if step == Step::Formatting {
                bail!("one line is too long");
            }
            Ok(())
        });

        assert_eq!(ran, PLAN);
        assert_eq!(counts, "3 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn what_needs_a_failed_step_is_skipped() {
        let mut ran = Vec::new();

        let counts = counts(false, &Interrupt::default(), |step| {
            ran.push(step);
            if step == Step::Build {
                bail!("does not compile");
            }
            Ok(())
        });

        assert_eq!(ran, [Step::Formatting, Step::Redis, Step::Build]);
        assert_eq!(counts, "2 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn a_missing_tool_is_a_skip_on_a_desk() {
        assert_eq!(counts(false, &Interrupt::default(), without_redis), "3 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn a_missing_tool_is_a_failure_in_continuous_integration() {
        assert_eq!(counts(true, &Interrupt::default(), without_redis), "3 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn after_a_signal_nothing_is_started() {
        let interrupt = Interrupt::default();

        let counts = counts(false, &interrupt, |_| {
            interrupt.raise();
            bail!("interrupted")
        });

        assert_eq!(counts, "0 passed, 1 failed, 3 skipped");
    }
}
