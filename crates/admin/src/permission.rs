//! Who may see and do what.

use ashlar_kernel::Permission;

/// See the numbers of the tenant.
pub const READ_DASHBOARD: Permission = Permission::new("admin.dashboard.read");
/// See what needs attention in the tenant.
pub const READ_NOTIFICATIONS: Permission = Permission::new("admin.notification.read");
/// Say that one looks after it.
pub const ACKNOWLEDGE_NOTIFICATIONS: Permission = Permission::new("admin.notification.acknowledge");
/// See the warnings and errors of the installation. Of its operators.
pub const READ_LOG: Permission = Permission::new("admin.log.read");

/// Every permission of this domain with its meaning, for the documentation.
pub const ALL: &[(Permission, &str)] = &[
    (READ_DASHBOARD, "See the numbers of the tenant."),
    (READ_NOTIFICATIONS, "See what needs attention in the tenant."),
    (ACKNOWLEDGE_NOTIFICATIONS, "Say that one looks after it."),
    (READ_LOG, "See the warnings and errors of the installation."),
];
