//! The command line: its grammar, its help, and the commands that need neither server nor database.

mod audit;
mod command;
mod doctor;
mod exit;
mod flags;
mod healthcheck;
mod help;
mod import;
mod leads;
pub mod output;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::Parser as _;

pub use audit::{Audit, ExportTrail, RetainBodies, VerifyTrail};
pub use command::{Cli, Command, Document, Down, Keys, Mail, Migrate, Users};
pub use doctor::{Check, Doctor, Outcome};
pub use exit::Exit;
pub use flags::ConfigFlags;
pub use healthcheck::{HealthcheckError, Target, healthcheck};
pub use import::{Import, ImportFormat, ImportUsers, ReportFormat};
pub use leads::{ExportLeadFile, ImportLeadFile, LeadFiles};

/// Understands the command line. When it is not to be acted on (`--help`, `--version`, a mistake)
/// everything is printed already, and the error says how to end.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Exit> {
    Cli::try_parse_from(arguments).map_err(|refusal| {
        let printed = refusal.print().is_ok();
        match refusal.exit_code() {
            0 if printed => Exit::Done,
            0 => Exit::Failed,
            _ => Exit::Usage,
        }
    })
}
