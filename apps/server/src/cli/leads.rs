//! The grammar of `ashlar leads`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ReportFormat, help};

/// What can be done with leads and files.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum LeadFiles {
    /// Takes leads in from a file of comma-separated values
    #[command(after_long_help = help::LEADS)]
    Import(ImportLeadFile),
    /// Prints leads as comma-separated values, or as lines of JSON
    #[command(after_long_help = help::LEADS)]
    Export(ExportLeadFile),
}

/// How leads are taken in.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ImportLeadFile {
    /// The file, packed with gzip or not
    pub file: PathBuf,
    /// The tenant they become leads of
    #[arg(long, value_name = "SLUG", default_value = "main")]
    pub tenant: String,
    /// What becomes of the rows: create, upsert or update
    #[arg(long, value_name = "MODE", default_value = "create")]
    pub mode: String,
    /// By what a row and a lead are the same: email, phone or id
    #[arg(long, value_name = "FIELD", default_value = "email")]
    pub key: String,
    /// How leads that are there are brought up to date: skip, overwrite or `fill_blank`
    #[arg(long, value_name = "HOW")]
    pub on_conflict: Option<String>,
    /// Which field a column is, such as `Rufnummer=phone_number`; nothing after the sign leaves it out
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub map: Vec<String>,
    /// What a field is where a row says nothing, such as `source=event`
    #[arg(long, value_name = "FIELD=TEXT")]
    pub default: Vec<String>,
    /// What parts the cells, if it is not to be found out: , ; | or tab
    #[arg(long, value_name = "SIGN")]
    pub delimiter: Option<String>,
    /// The first row is no header; columns are 1, 2, 3
    #[arg(long)]
    pub no_header: bool,
    /// Where to write what is wrong with rows
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// Only count what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// How to report
    #[arg(long, value_enum, value_name = "FORM", default_value_t = ReportFormat::Human)]
    pub output: ReportFormat,
}

/// Which leads are printed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExportLeadFile {
    /// The tenant whose leads they are
    #[arg(long, value_name = "SLUG", default_value = "main")]
    pub tenant: String,
    /// The form: csv or jsonl
    #[arg(long, value_name = "FORM", default_value = "csv")]
    pub format: String,
    /// Which columns, with commas between them (default: all)
    #[arg(long, value_name = "NAMES")]
    pub columns: Option<String>,
    /// Only leads that stand there, such as `new`; may be given several times
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,
    /// Only leads with this tag; may be given several times
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
}
