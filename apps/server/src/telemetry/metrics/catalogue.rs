//! The table of every metric: the registry and `docs/metrics.md` are both made from it.

/// What one metric is.
#[cfg_attr(not(test), expect(dead_code, reason = "kind and unit are for the page only"))]
pub(super) struct Definition {
    pub(super) name: &'static str,
    /// As Prometheus names it.
    kind: &'static str,
    pub(super) labels: &'static [&'static str],
    unit: &'static str,
    pub(super) meaning: &'static str,
}

pub(super) const REQUESTS: Definition = Definition {
    name: "http_requests_total",
    kind: "counter",
    labels: &["method", "route", "status"],
    unit: "requests",
    meaning: "Requests that were answered.",
};

pub(super) const DURATIONS: Definition = Definition {
    name: "http_request_duration_seconds",
    kind: "histogram",
    labels: &["method", "route"],
    unit: "seconds",
    meaning: "From the head of a request to the head of its answer.",
};

pub(super) const IN_FLIGHT: Definition = Definition {
    name: "http_requests_in_flight",
    kind: "gauge",
    labels: &[],
    unit: "requests",
    meaning: "Requests that wait for their answer at this moment.",
};

pub(super) const CONNECTIONS: Definition = Definition {
    name: "http_connections",
    kind: "gauge",
    labels: &[],
    unit: "connections",
    meaning: "Open connections of the public API, those of trusted proxies included.",
};

pub(super) const OVERLOADED: Definition = Definition {
    name: "http_overloaded_total",
    kind: "counter",
    labels: &[],
    unit: "requests",
    meaning: "Requests answered with 503 overloaded, because too many requests or passwords were waiting.",
};

pub(super) const RATE_LIMITED: Definition = Definition {
    name: "rate_limited_total",
    kind: "counter",
    labels: &["policy"],
    unit: "requests",
    meaning: "Requests refused by a rate limit, by the name of its policy.",
};

pub(super) const FORMS_TRAPPED: Definition = Definition {
    name: "lead_forms_trapped_total",
    kind: "counter",
    labels: &["trap"],
    unit: "requests",
    meaning: "Forms of web pages that were thanked for and thrown away, because no person can have sent them: `honeypot` (also of contact messages and of wishes for letters), `too_fast` or `no_stamp`.",
};

pub(super) const LOG_LINES_LOST: Definition = Definition {
    name: "log_lines_lost_total",
    kind: "counter",
    labels: &[],
    unit: "lines",
    meaning: "Warnings and errors that the system log lacks, because there were too many at once or the database was away. The output of the process has them.",
};

pub(super) const LOGIN_FAILED: Definition = Definition {
    name: "login_failed_total",
    kind: "counter",
    labels: &[],
    unit: "requests",
    meaning: "Sign-ins refused with 401.",
};

pub(super) const CACHE_REQUESTS: Definition = Definition {
    name: "cache_requests_total",
    kind: "counter",
    labels: &["cache", "result"],
    unit: "requests",
    meaning: "Questions to a cache: `hit`, `stale` (answered at once, and refreshed), `miss` or `unavailable`.",
};

pub(super) const FILES_DAMAGED: Definition = Definition {
    name: "files_damaged_total",
    kind: "counter",
    labels: &[],
    unit: "files",
    meaning: "Stored files that were asked for and are gone, or hold other bytes than were kept: an operator has to put them back.",
};

pub(super) const REDIS_UP: Definition = Definition {
    name: "redis_up",
    kind: "gauge",
    labels: &[],
    unit: "none",
    meaning: "1 when Redis gave its last answer, 0 when it did not. Only where a Redis is configured.",
};

pub(super) const REVOCATIONS_HEARING: Definition = Definition {
    name: "revocations_hearing",
    kind: "gauge",
    labels: &[],
    unit: "none",
    meaning: "1 when sessions that end in other processes are refused at once, 0 when within five seconds. Only where a Redis is configured.",
};

pub(super) const REVOCATIONS_HEARD: Definition = Definition {
    name: "revocations_heard_total",
    kind: "counter",
    labels: &[],
    unit: "sessions",
    meaning: "Ends of sessions that were heard of, those that this process announced itself included.",
};

pub(super) const REVOCATIONS_LOST: Definition = Definition {
    name: "revocations_lost_total",
    kind: "counter",
    labels: &[],
    unit: "sessions",
    meaning: "Ends of sessions that could not be announced in time; other processes found them in the database.",
};

pub(super) const POOL_IN_USE: Definition = Definition {
    name: "db_pool_in_use",
    kind: "gauge",
    labels: &["pool"],
    unit: "connections",
    meaning: "Connections to the database that are at work.",
};

pub(super) const POOL_IDLE: Definition = Definition {
    name: "db_pool_idle",
    kind: "gauge",
    labels: &["pool"],
    unit: "connections",
    meaning: "Connections to the database that are open and wait for work.",
};

pub(super) const POOL_WAITS: Definition = Definition {
    name: "db_pool_wait_seconds",
    kind: "histogram",
    labels: &["pool"],
    unit: "seconds",
    meaning: "How long who needed a connection to the database waited, whether or not they got one; on SQLite for the writer.",
};

pub(super) const JOBS: Definition = Definition {
    name: "jobs_total",
    kind: "counter",
    labels: &["kind", "outcome"],
    unit: "attempts",
    meaning: "Attempts at jobs that ended: `done`, `retry`, `dead`, `parked`, `lost` (it was somebody else's by then), `unsaved`.",
};

pub(super) const JOB_DURATIONS: Definition = Definition {
    name: "job_duration_seconds",
    kind: "histogram",
    labels: &["kind"],
    unit: "seconds",
    meaning: "How long one attempt at a job took.",
};

pub(super) const JOB_READY: Definition = Definition {
    name: "job_ready",
    kind: "gauge",
    labels: &["queue"],
    unit: "jobs",
    meaning: "Jobs that wait for a worker or for their time, in the whole installation; so are the following four.",
};

pub(super) const JOB_RUNNING: Definition = Definition {
    name: "job_running",
    kind: "gauge",
    labels: &["queue"],
    unit: "jobs",
    meaning: "Jobs that a worker has.",
};

pub(super) const JOB_DEAD: Definition = Definition {
    name: "job_dead",
    kind: "gauge",
    labels: &["queue"],
    unit: "jobs",
    meaning: "Jobs that were given up and wait for an operator.",
};

pub(super) const JOB_PARKED: Definition = Definition {
    name: "job_parked",
    kind: "gauge",
    labels: &["queue"],
    unit: "jobs",
    meaning: "Jobs of a kind or version that no worker has understood.",
};

pub(super) const JOB_OLDEST: Definition = Definition {
    name: "job_oldest_seconds",
    kind: "gauge",
    labels: &["queue"],
    unit: "seconds",
    meaning: "For how long the job whose time came first has waited; 0 when none waits.",
};

pub(super) const OUTBOX_LAG: Definition = Definition {
    name: "outbox_lag_seconds",
    kind: "gauge",
    labels: &[],
    unit: "seconds",
    meaning: "Age of the oldest event that has not become jobs yet; 0 when none waits.",
};

pub(super) const SEAL_LAG: Definition = Definition {
    name: "audit_seal_lag_seconds",
    kind: "gauge",
    labels: &[],
    unit: "seconds",
    meaning: "Age of the oldest event that is not sealed into the audit trail yet; 0 when none waits.",
};

pub(super) const BUILD: Definition = Definition {
    name: "build_info",
    kind: "gauge",
    labels: &["version"],
    unit: "none",
    meaning: "Always 1; its label tells the version of this process.",
};

#[cfg(target_os = "linux")]
pub(super) use of_the_process::*;

/// Known on Linux only, whose `/proc` tells them.
#[cfg(any(test, target_os = "linux"))]
mod of_the_process {
    use super::Definition;

    pub(in super::super) const MEMORY: Definition = Definition {
        name: "process_resident_memory_bytes",
        kind: "gauge",
        labels: &[],
        unit: "bytes",
        meaning: "Memory of this process that is in RAM. Linux only.",
    };

    pub(in super::super) const CPU: Definition = Definition {
        name: "process_cpu_seconds_total",
        kind: "counter",
        labels: &[],
        unit: "seconds",
        meaning: "Time this process has spent on processors, user and system. Linux only.",
    };

    pub(in super::super) const OPEN_FILES: Definition = Definition {
        name: "process_open_fds",
        kind: "gauge",
        labels: &[],
        unit: "files",
        meaning: "Open files and sockets of this process. Linux only.",
    };

    pub(in super::super) const START: Definition = Definition {
        name: "process_start_time_seconds",
        kind: "gauge",
        labels: &[],
        unit: "seconds",
        meaning: "When this process was started, in seconds since 1970. Linux only.",
    };
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{of_the_process::*, *};

    /// In the order in which the page shows them.
    const ALL: &[&Definition] = &[
        &REQUESTS,
        &DURATIONS,
        &IN_FLIGHT,
        &CONNECTIONS,
        &OVERLOADED,
        &RATE_LIMITED,
        &LOGIN_FAILED,
        &FORMS_TRAPPED,
        &LOG_LINES_LOST,
        &CACHE_REQUESTS,
        &FILES_DAMAGED,
        &REDIS_UP,
        &REVOCATIONS_HEARING,
        &REVOCATIONS_HEARD,
        &REVOCATIONS_LOST,
        &POOL_IN_USE,
        &POOL_IDLE,
        &POOL_WAITS,
        &JOBS,
        &JOB_DURATIONS,
        &JOB_READY,
        &JOB_RUNNING,
        &JOB_DEAD,
        &JOB_PARKED,
        &JOB_OLDEST,
        &OUTBOX_LAG,
        &SEAL_LAG,
        &MEMORY,
        &CPU,
        &OPEN_FILES,
        &START,
        &BUILD,
    ];

    /// What stands above this line in `docs/metrics.md` is written by hand, what stands below by this test.
    const MARK: &str = "<!-- Generated from apps/server/src/telemetry/metrics/catalogue.rs. -->\n";
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    const REWRITE: &str = "ASHLAR_TEST_REWRITE";

    fn table() -> String {
        let mut table = "\n| name | type | labels | unit | meaning |\n|---|---|---|---|---|\n".to_owned();
        for Definition { name, kind, labels, unit, meaning } in ALL {
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            writeln!(table, "| `{name}` | {kind} | {} | {unit} | {meaning} |", labels.join(", ")).unwrap();
        }
        table
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "steers this test and no server")]
    fn metrics_page_is_up_to_date() {
        let committed = std::fs::read_to_string(PAGE).unwrap();
        let (by_hand, _) = committed.split_once(MARK).expect("docs/metrics.md has lost its mark");
        let fresh = format!("{by_hand}{MARK}{}", table());

        if std::env::var_os(REWRITE).is_some() {
            std::fs::write(PAGE, &fresh).unwrap();
        }

        let now = std::fs::read_to_string(PAGE).unwrap();
        assert!(
            now == fresh,
            "docs/metrics.md is stale; run: {REWRITE}=1 cargo test -p ashlar-server --lib metrics_page"
        );
    }

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        for Definition { name, kind, .. } in ALL {
            assert_eq!(name.ends_with("_total"), *kind == "counter", "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        }
    }
}
