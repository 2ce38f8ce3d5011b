//! Query parameters of lists.

use ashlar_admin::{LogFilter, LogLevel, NotificationFilter, Severity};
use ashlar_jobs::{JobState, desk::JobFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{job_dto::JobStateName, log::LogLevelName, notifications::NotificationSeverity};
use crate::http::{
    problem::Problem,
    query::{PageQuery, invalid, moment, refused},
};

/// Which jobs to list. All of it has to be true of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct JobListQuery {
    /// Only jobs in this state: `dead` lists what was given up.
    #[param(required = false, value_type = JobStateName)]
    state: Option<String>,
    /// Only jobs of this kind.
    #[param(max_length = 64, example = "mail.send")]
    kind: Option<String>,
    /// Only jobs of this queue.
    #[param(max_length = 64, example = "default")]
    queue: Option<String>,
    /// Only jobs that were asked for then or later.
    #[param(format = DateTime, example = "2026-01-01T00:00:00Z")]
    from: Option<String>,
    /// Only jobs that were asked for before then.
    #[param(format = DateTime, example = "2027-01-01T00:00:00Z")]
    to: Option<String>,
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

impl JobListQuery {
    /// Which.
    pub(super) fn filter(&self) -> Result<JobFilter, Problem> {
        let state =
            self.state.as_deref().map(|text| JobState::restore(text).ok_or_else(|| invalid("state", "no state")));
        Ok(JobFilter {
            state: state.transpose()?,
            queue: word("queue", self.queue.as_deref())?,
            kind: word("kind", self.kind.as_deref())?,
            from: moment("from", self.from.as_deref())?,
            to: moment("to", self.to.as_deref())?,
        })
    }

    /// Which part of the list.
    pub(super) fn page(self) -> PageQuery {
        PageQuery::new(self.limit, self.cursor)
    }
}

/// Which notifications to list. All of it has to be true of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NotificationListQuery {
    /// Only those of this severity.
    #[param(required = false, value_type = NotificationSeverity)]
    severity: Option<String>,
    /// Only those that are the matter no more (true), or still are (false).
    resolved: Option<bool>,
    /// Only those that somebody looks after (true), or nobody (false).
    acknowledged: Option<bool>,
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

impl NotificationListQuery {
    /// Which.
    pub(super) fn filter(&self) -> Result<NotificationFilter, Problem> {
        let severity = self.severity.as_deref();
        let severity = severity.map(|text| {
            Severity::restore(text).ok_or_else(|| invalid("severity", "one of info, warning and critical"))
        });
        Ok(NotificationFilter {
            severity: severity.transpose()?,
            is_resolved: self.resolved,
            is_acknowledged: self.acknowledged,
        })
    }

    /// Which part of the list.
    pub(super) fn page(self) -> PageQuery {
        PageQuery::new(self.limit, self.cursor)
    }
}

/// Which lines to list. All of it has to be true of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LogListQuery {
    /// Only lines as bad as that.
    #[param(required = false, value_type = LogLevelName)]
    level: Option<String>,
    /// Only lines that were logged then or later.
    #[param(format = DateTime, example = "2026-01-01T00:00:00Z")]
    from: Option<String>,
    /// Only lines that were logged before then.
    #[param(format = DateTime, example = "2027-01-01T00:00:00Z")]
    to: Option<String>,
    /// Only lines of this request.
    #[param(min_length = 1, max_length = 128)]
    request_id: Option<String>,
    /// Only lines of this part of the program, or of a part of that.
    #[param(min_length = 1, max_length = 128, example = "ashlar_server::work")]
    target: Option<String>,
    /// Only lines with this in the message.
    #[param(min_length = 1, max_length = 128)]
    q: Option<String>,
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

impl LogListQuery {
    /// Which.
    pub(super) fn filter(&self) -> Result<LogFilter, Problem> {
        let level = self.level.as_deref();
        let level = level.map(|text| LogLevel::restore(text).ok_or_else(|| invalid("level", "one of warn and error")));
        Ok(LogFilter {
            level: level.transpose()?,
            from: moment("from", self.from.as_deref())?,
            to: moment("to", self.to.as_deref())?,
            request_id: word("request_id", self.request_id.as_deref())?,
            target: word("target", self.target.as_deref())?,
            text: word("q", self.q.as_deref())?,
        })
    }

    /// Which part of the list.
    pub(super) fn page(self) -> PageQuery {
        PageQuery::new(self.limit, self.cursor)
    }
}

fn word(name: &str, text: Option<&str>) -> Result<Option<String>, Problem> {
    let fits = |text: &str| (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let word = text.map(|text| {
        let wrong = || refused(name, "invalid_length", "1 to 128 characters without control characters");
        fits(text).then(|| text.to_owned()).ok_or_else(wrong)
    });
    word.transpose()
}
