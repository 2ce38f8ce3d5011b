//! What administrators and auditors look at: the audit trail, jobs, notifications, numbers.
//!
//! One program for all of them: each one on its own would link the whole server once more.

mod admin;
mod audit;
mod work;
