//! The grammar of the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::audit::Audit;
use super::flags::ConfigFlags;
use super::help;
use super::import::Import;
use super::leads::LeadFiles;

/// The program `ashlar` and everything it can be told.
#[derive(Parser)]
#[command(
    name = "ashlar",
    version,
    about = "One backend a SaaS company starts from",
    long_about = help::INTRODUCTION,
    after_help = help::SEE_MORE,
    after_long_help = help::GENERAL
)]
pub struct Cli {
    /// The configuration given by flags.
    #[command(flatten)]
    pub config: ConfigFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

impl Cli {
    /// What to do, and with which flags; `all` when nothing is said.
    pub fn into_parts(self) -> (Command, ConfigFlags) {
        (self.command.unwrap_or(Command::All), self.config)
    }
}

/// What the program does.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serves the API and works behind the scenes until Ctrl-C or SIGTERM; this is the default
    #[command(after_long_help = help::SERVE)]
    All,
    /// Serves the API; in production without workers and schedules, which then have processes of their own
    #[command(after_long_help = help::SERVE)]
    Serve,
    /// Runs jobs and nothing else; any number of them
    #[command(after_long_help = help::WORKER)]
    Worker,
    /// Fires schedules and nothing else; any number of them
    #[command(after_long_help = help::SCHEDULER)]
    Scheduler,
    /// Brings the database to the schema of this version, or back
    #[command(after_long_help = help::MIGRATE)]
    Migrate {
        /// Which way.
        #[command(subcommand)]
        direction: Migrate,
    },
    /// Loads demonstration data into an empty database
    #[command(after_long_help = help::SEED)]
    Seed,
    /// Takes over what another system has
    #[command(after_long_help = help::IMPORT)]
    Import {
        /// What to take over
        #[command(subcommand)]
        what: Import,
    },
    /// Prints the API description that this version serves
    #[command(after_long_help = help::OPENAPI)]
    Openapi {
        /// Which document
        #[arg(long, value_enum, default_value_t = Document::Openapi, value_name = "DOCUMENT")]
        print: Document,
    },
    /// Shows the effective configuration, where each value comes from, and what is unsafe
    #[command(after_long_help = help::DOCTOR)]
    Doctor {
        /// Print JSON instead of tables
        #[arg(long)]
        json: bool,
    },
    /// Tries out how mail is sent
    #[command(after_long_help = help::MAIL)]
    Mail {
        /// What to try
        #[command(subcommand)]
        trial: Mail,
    },
    /// Decides who operates the installation, and lets its first administrator in
    #[command(after_long_help = help::USERS)]
    Users {
        /// What to decide
        #[command(subcommand)]
        decision: Users,
    },
    /// Shows the keys that sign access tokens, or has them exchanged
    #[command(after_long_help = help::KEYS)]
    Keys {
        /// What to do
        #[command(subcommand)]
        what: Keys,
    },
    /// Verifies, signs or prints the audit trail
    #[command(after_long_help = help::AUDIT)]
    Audit {
        /// What to do
        #[command(subcommand)]
        what: Audit,
    },
    /// Imports leads from a file, or takes them along as one
    #[command(after_long_help = help::LEADS)]
    Leads {
        /// What to do
        #[command(subcommand)]
        what: LeadFiles,
    },
    /// Asks a running server whether it is ready; made for containers
    #[command(after_long_help = help::HEALTHCHECK)]
    Healthcheck {
        /// The URL to ask instead of /health/ready at the configured address (http only)
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
}

impl Command {
    /// Whether it goes on until somebody stops it.
    pub fn runs_for_good(&self) -> bool {
        matches!(self, Self::All | Self::Serve | Self::Worker | Self::Scheduler)
    }
}

/// The ways of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Migrate {
    /// Applies every migration that is missing
    Up,
    /// Takes the latest migrations back, one unless told otherwise; data that only they hold is lost
    Down(Down),
    /// Lists the migrations and which of them are applied
    Status,
}

/// What can be tried about mail.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Mail {
    /// Sends a message that says that mail works
    Test {
        /// The address it goes to
        to: String,
    },
}

/// What can be decided about people.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Users {
    /// Makes the owner of an account an operator of the installation
    MakeOperator {
        /// The address of the account
        email: String,
    },
    /// Makes a token with which the first administrator registers, in the place of the one printed before
    BootstrapToken,
    /// Makes the owner of an account an operator no more
    RevokeOperator {
        /// The address of the account
        email: String,
    },
}

/// What can be done with signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Keys {
    /// Lists the keys: those that are believed, and those that were
    List,
    /// Publishes the next key now, which signs a day later
    Rotate {
        /// A key has leaked: end every key at once and sign with a new one; all access tokens die
        #[arg(long)]
        emergency: bool,
    },
}

/// How far back to go.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Down {
    /// How many migrations to take back
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Take every migration back, leaving an empty database
    #[arg(long, conflicts_with = "steps")]
    pub all: bool,
}

impl Down {
    /// The number of migrations to take back; `None` is all of them.
    pub fn count(&self) -> Option<u32> {
        (!self.all).then_some(self.steps)
    }
}

/// A document that describes the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// The `OpenAPI` 3.1 description
    Openapi,
    /// Every problem code, with its status and title
    Problems,
    /// Every event of the event log
    Events,
}
