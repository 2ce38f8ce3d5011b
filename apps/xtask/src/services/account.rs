//! The user that services run as: PostgreSQL refuses to be root, and nothing else needs to be.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// An unprivileged user of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The user to change to: nobody in particular unless we are root.
    pub(crate) fn unprivileged() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let Some(account) = Self::named(name)? {
                return Ok(Some(account));
            }
        }
        bail!("services do not run as root, and this machine has neither a user `postgres` nor `nobody`")
    }

    fn named(name: &str) -> Result<Option<Self>> {
        let ask = |what: &str| -> Result<Option<u32>> {
            let Ok(number) = process::capture(Command::new("id").args([what, name])) else {
                return Ok(None);
            };
            number.trim().parse().map(Some).with_context(|| format!("`id {what} {name}` printed {number:?}"))
        };
        Ok(match (ask("-u")?, ask("-g")?) {
            (Some(uid), Some(gid)) if uid != 0 => Some(Self { uid, gid }),
            _ => None,
        })
    }

    /// Lets `command` run as this user, with none of root's groups.
    pub(crate) fn assume(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives a file or folder to this user.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .with_context(|| format!("cannot give {} to user {}", path.display(), self.uid))
    }
}
