//! Numbers, notifications and the system log behind their ports.

mod entity;
mod log;
mod notification;
mod numbers;
mod troubles;
