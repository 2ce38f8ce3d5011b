//! The program as operators meet it: its command line, its faults, its mail, metrics and traces, its pages.
//!
//! One program for all of them: each one on its own would link the whole server once more.

mod binary_cli;
mod docs_curl;
mod docs_migrate;
mod error_reports;
mod faults_database;
mod faults_redis;
mod interop;
mod mail;
mod metrics;
mod rolling_restart;
mod traces;
