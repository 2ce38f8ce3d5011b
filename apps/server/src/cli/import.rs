//! The grammar of `ashlar import`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::help;

/// What can be taken over from another system.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Import {
    /// Accounts, with the passwords they have
    #[command(after_long_help = help::IMPORT)]
    Users(ImportUsers),
}

/// How accounts are taken over.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ImportUsers {
    /// The file; - is standard input
    pub file: PathBuf,
    /// What wrote it
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: ImportFormat,
    /// django-json: the name of the user model, in lower case
    #[arg(long, value_name = "APP.MODEL", default_value = "auth.user")]
    pub model: String,
    /// What the other system is called: an account is known by this and its id there, and taken over once
    /// (default: `django:` and the model, or `node`)
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The tenant the accounts become members of
    #[arg(long, value_name = "SLUG", default_value = "main")]
    pub tenant: String,
    /// django-json: superusers become administrators; otherwise they become staff
    #[arg(long)]
    pub grant_admin: bool,
    /// Send no link to people whose password could not be taken over
    #[arg(long)]
    pub no_letters: bool,
    /// Write no account, and report what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// How to report
    #[arg(long, value_enum, value_name = "FORM", default_value_t = ReportFormat::Human)]
    pub output: ReportFormat,
}

/// What wrote a file of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// `manage.py dumpdata` of Django
    DjangoJson,
    /// A Node program, or any other: an array or lines of plain objects
    NodeJson,
}

/// How a report reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Text, shortened where it is long
    Human,
    /// One JSON object with everything
    Json,
}
