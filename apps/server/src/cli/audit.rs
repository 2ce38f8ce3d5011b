//! The grammar of `ashlar audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::help;
use crate::audit::ExportFormat;

/// What can be done with the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Audit {
    /// Finds out whether anybody has changed what was sealed, and what
    #[command(after_long_help = help::AUDIT)]
    Verify(VerifyTrail),
    /// Seals what waits, signs how long each trail is now, and prints the key that verifies it
    #[command(after_long_help = help::AUDIT)]
    Checkpoint,
    /// Prints a trail with its events, to be verified without this program
    #[command(after_long_help = help::AUDIT)]
    Export(ExportTrail),
    /// Lets the bodies of events expire that have been kept for long enough, as workers do every night
    #[command(after_long_help = help::AUDIT)]
    Retain(RetainBodies),
}

/// Whether bodies expire, or are only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct RetainBodies {
    /// Only print how many bodies there are of each tenant and class, also beside a running server
    #[arg(long)]
    pub dry_run: bool,
}

/// What is verified against what.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct VerifyTrail {
    /// The id of one tenant instead of all
    #[arg(long, value_name = "ID")]
    pub tenant: Option<Uuid>,
    /// A folder of checkpoints that was kept elsewhere, instead of the configured one
    #[arg(long, value_name = "FOLDER")]
    pub checkpoints: Option<PathBuf>,
    /// The key of the checkpoints, as `ashlar audit checkpoint` printed it, instead of the one in the key folder
    #[arg(long, value_name = "KEY")]
    pub pubkey: Option<String>,
    /// A file with a checkpoint that is known to be good: what was sealed before it is not read again, and its tenant is
    /// the only one
    #[arg(long, value_name = "FILE", conflicts_with = "tenant")]
    pub since_checkpoint: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What is printed.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExportTrail {
    /// The id of the tenant (default: the tenant `main`)
    #[arg(long, value_name = "ID")]
    pub tenant: Option<Uuid>,
    /// Lines of JSON, which can be verified, or a table for spreadsheets
    #[arg(long, value_enum, default_value_t = ExportFormat::Ndjson)]
    pub format: ExportFormat,
    /// Print the addresses and programs that events are committed to as well, with the keys of the commitments
    #[arg(long)]
    pub personal: bool,
}
