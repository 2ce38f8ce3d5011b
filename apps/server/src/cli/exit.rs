//! Exit codes, as `--help` promises them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what it was asked.
    Done,
    /// It tried and failed, or found something wrong.
    Failed,
    /// The command line or the configuration is wrong; nothing was done.
    Usage,
    /// The audit trail was tampered with.
    Tampered,
    /// The audit trail is whole, but for events that nobody has sealed.
    Incomplete,
    /// It did a part of what it was asked, and has said what it refused.
    Partly,
}

impl Exit {
    /// The number of this ending.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage | Self::Tampered => 2,
            Self::Partly | Self::Incomplete => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
