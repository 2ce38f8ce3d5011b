//! What administrators and operators look after: jobs, notifications, the numbers, the log.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod dashboard;
mod jobs;
mod letters;
mod log;
mod notifications;
mod numbers;
mod storage;

use std::collections::BTreeSet;

use ashlar_identity::{Role, permission::operator_permissions};

/// Roles and operators name the permissions of these domains, and these domains know neither.
#[test]
fn every_permission_is_held_by_administrators_or_operators_and_they_name_no_other() {
    let known = ashlar_jobs::desk::permission::ALL.iter().chain(ashlar_admin::permission::ALL);
    let known: BTreeSet<_> = known.map(|(permission, _)| permission.as_str()).collect();
    let held: BTreeSet<_> = [Role::Admin.permissions(), operator_permissions()]
        .iter()
        .flat_map(|set| set.iter().map(|permission| permission.as_str()).collect::<Vec<_>>())
        .filter(|name| name.starts_with("jobs.") || name.starts_with("admin."))
        .collect();
    assert_eq!(known, held);
    let staff = Role::Staff.permissions();
    assert!(known.iter().all(|name| staff.iter().all(|permission| permission.as_str() != *name)));
}
