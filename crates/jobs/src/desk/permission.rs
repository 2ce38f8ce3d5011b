//! Who may look after jobs.

use ashlar_kernel::Permission;

/// See the jobs of the tenant.
pub const READ_JOBS: Permission = Permission::new("jobs.job.read");
/// Retry, cancel and hurry jobs of the tenant.
pub const MANAGE_JOBS: Permission = Permission::new("jobs.job.manage");
/// See what is done by the calendar. Of the installation's operators.
pub const READ_SCHEDULES: Permission = Permission::new("jobs.schedule.read");
/// Have it done at once. Of the installation's operators.
pub const RUN_SCHEDULES: Permission = Permission::new("jobs.schedule.run");

/// Every permission of this domain with its meaning, for the documentation.
pub const ALL: &[(Permission, &str)] = &[
    (READ_JOBS, "See the jobs of the tenant."),
    (MANAGE_JOBS, "Retry, cancel and hurry jobs of the tenant."),
    (READ_SCHEDULES, "See what is done by the calendar."),
    (RUN_SCHEDULES, "Have it done at once."),
];
