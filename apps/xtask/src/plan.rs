//! Which steps a command consists of, in which order, and what each needs.

/// One thing that can pass, fail or be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Formatting,
    Clippy,
    Dependencies,
    Postgres,
    Redis,
    Interop,
    Build,
    Tests,
    DocTests,
    Documentation,
    OpenApiFresh,
    OpenApiLint,
}

impl Step {
    /// The name in headings and in the summary.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Formatting => "formatting",
            Self::Clippy => "clippy",
            Self::Dependencies => "dependency bans and licences",
            Self::Postgres => "start PostgreSQL",
            Self::Redis => "start Redis",
            Self::Interop => "packages of Python that tests ask",
            Self::Build => "build",
            Self::Tests => "tests",
            Self::DocTests => "doc tests",
            Self::Documentation => "documentation",
            Self::OpenApiFresh => "openapi/ is up to date",
            Self::OpenApiLint => "OpenAPI lint",
        }
    }

    /// The steps without which this one could only fail for a reason already told.
    ///
    /// Tests do not need the services or Python: where those are missing, their tests leave themselves out visibly.
    pub(crate) const fn needs(self) -> &'static [Self] {
        match self {
            Self::Tests | Self::DocTests | Self::Documentation | Self::OpenApiFresh => &[Self::Build],
            _ => &[],
        }
    }

    /// Whether the step needs a service or a registry other than cargo's.
    const fn reaches_out(self) -> bool {
        matches!(self, Self::Postgres | Self::Redis | Self::Interop | Self::OpenApiLint)
    }
}

const TEST: [Step; 12] = [
    Step::Formatting,
    Step::Clippy,
    Step::Dependencies,
    Step::Postgres,
    Step::Redis,
    Step::Interop,
    Step::Build,
    Step::Tests,
    Step::DocTests,
    Step::Documentation,
    Step::OpenApiFresh,
    Step::OpenApiLint,
];

/// `cargo xtask test`.
pub(crate) fn test(quick: bool) -> Vec<Step> {
    TEST.into_iter().filter(|step| !(quick && step.reaches_out())).collect()
}

/// `cargo xtask lint`.
pub(crate) fn lint() -> Vec<Step> {
    vec![Step::Formatting, Step::Clippy, Step::Dependencies]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_leaves_out_services_and_other_registries_and_nothing_else() {
        let full = test(false);
        let quick = test(true);

        let left_out: Vec<_> = full.iter().filter(|step| !quick.contains(step)).collect();

        assert_eq!(left_out, [&Step::Postgres, &Step::Redis, &Step::Interop, &Step::OpenApiLint]);
    }

    #[test]
    fn what_a_step_needs_comes_before_it() {
        for plan in [test(false), test(true), lint()] {
            for (position, step) in plan.iter().enumerate() {
                let earlier = &plan[..position];
                assert!(step.needs().iter().all(|needed| earlier.contains(needed)), "{step:?}");
            }
        }
    }

    #[test]
    fn services_run_before_the_tests_that_use_them() {
        let plan = test(false);
        let position = |step| plan.iter().position(|other| *other == step).unwrap();

        assert!(position(Step::Postgres) < position(Step::Tests));
        assert!(position(Step::Redis) < position(Step::Tests));
        assert!(position(Step::Interop) < position(Step::Tests));
    }
}
