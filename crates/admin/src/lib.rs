//! What administrators and operators look after that belongs to no other domain: the numbers of a tenant, what needs
//! somebody's attention, and the warnings and errors of the installation.
//!
//! The crate promises: numbers come from tallies that are kept with every change, never from counting big tables; of what
//! is the matter there is one open [`Notification`], however often and by however many processes it is noticed, and it is
//! resolved when it is the matter no more; the log shows nothing to anybody but operators. What people do is an event.
//!
//! It is pure: rules on ports. It deliberately has no database, and does not look at the world by itself: whoever owns a
//! [`Notifications`] tells it what is the matter, [`Troubles`] say what that means.
//!
//! ```
//! use ashlar_admin::{Severity, Troubles};
//! use ashlar_kernel::Timestamp;
//! use chrono::TimeDelta;
//!
//! let now = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000);
//! let troubles = Troubles { oldest_unsealed: Some(now - TimeDelta::seconds(31)), ..Troubles::default() };
//! let matters = troubles.matters(now);
//! assert_eq!((matters[0].key.as_str(), matters[0].severity), ("audit.seal_lag", Severity::Critical));
//! ```

mod catalogue;
#[cfg(feature = "contract")]
pub mod contract;
mod dashboard;
mod log;
mod notification;
pub mod permission;

pub use catalogue::events;
pub use dashboard::{Dashboard, DashboardError, JobNumbers, NumberStore, Numbers, UserNumbers};
pub use log::{LINES_KEPT, LINES_MAX, LogError, LogFilter, LogLevel, LogLine, LogQuery, LogStore, SystemLog};
pub use notification::{
    AcknowledgeError, Matter, Notification, NotificationEvent, NotificationFilter, NotificationId, NotificationPorts,
    NotificationQuery, NotificationRow, NotificationStore, NotificationTx, Notifications, Places, Raised, Readers,
    Severity, StuckJobs, TroubleStore, Troubles, Unresolved,
};
