//! The generated documents under openapi/.

mod difference;
mod lint;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub(crate) use self::lint::lint;
use crate::session::Session;
use crate::{env, process, say};

/// What `ashlar openapi --print` knows, and the file of each.
const DOCUMENTS: [(&str, &str); 3] =
    [("openapi", "openapi.json"), ("problems", "problems.json"), ("events", "events.json")];

/// Writes the documents that changed.
pub(crate) fn write(session: &Session) -> Result<()> {
    write_into(&folder(session), |name| generate(session, name))
}

/// Fails when a committed document is not what the server prints.
pub(crate) fn check(session: &Session) -> Result<()> {
    check_in(&folder(session), |name| generate(session, name))
}

fn folder(session: &Session) -> PathBuf {
    session.root.join("openapi")
}

fn write_into(folder: &Path, generate: impl Fn(&str) -> Result<String>) -> Result<()> {
    for (name, file) in DOCUMENTS {
        let path = folder.join(file);
        let fresh = generate(name)?;
        let is_same = fs::read_to_string(&path).is_ok_and(|committed| committed == fresh);
        if !is_same {
            fs::write(&path, fresh).with_context(|| format!("cannot write openapi/{file}"))?;
        }
        say::line(&format!("    openapi/{file} {}", if is_same { "unchanged" } else { "written" }));
    }
    Ok(())
}

fn check_in(folder: &Path, generate: impl Fn(&str) -> Result<String>) -> Result<()> {
    let mut stale = Vec::new();
    for (name, file) in DOCUMENTS {
        let fresh = generate(name)?;
        let reason = match fs::read_to_string(folder.join(file)) {
            Ok(committed) => difference::first(&committed, &fresh).map(|found| found.to_string()),
            Err(error) => Some(format!("cannot be read ({error})")),
        };
        if let Some(reason) = reason {
            say::line(&format!("    openapi/{file}: {reason}"));
            stale.push(format!("openapi/{file}"));
        }
    }
    if !stale.is_empty() {
        bail!("stale: {}; run `cargo xtask openapi` and commit the result", stale.join(", "));
    }
    Ok(())
}

/// Asks the server, which must answer the same whatever the environment configures.
fn generate(session: &Session, name: &str) -> Result<String> {
    let mut ashlar = Command::new(session.binary("debug")?);
    for variable in env::ashlar_variables() {
        ashlar.env_remove(variable);
    }
    let printed = process::capture(ashlar.current_dir(&session.root).args(["openapi", "--print", name]))?;
    serde_json::from_str::<Value>(&printed)
        .with_context(|| format!("`ashlar openapi --print {name}` printed no JSON"))?;
    Ok(format!("{}\n", printed.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "stands in for a program that may fail")]
    fn document(name: &str) -> Result<String> {
        Ok(format!("{{\n  \"{name}\": 1\n}}\n"))
    }

    #[test]
    fn what_was_written_is_up_to_date() {
        let folder = tempfile::tempdir().unwrap();

        write_into(folder.path(), document).unwrap();

        check_in(folder.path(), document).unwrap();
    }

    #[test]
    fn a_stale_file_is_named_with_the_command_that_repairs_it() {
        let folder = tempfile::tempdir().unwrap();
        write_into(folder.path(), document).unwrap();
        fs::write(folder.path().join("events.json"), "{}\n").unwrap();

        let error = check_in(folder.path(), document).unwrap_err().to_string();

        assert_eq!(error, "stale: openapi/events.json; run `cargo xtask openapi` and commit the result");
    }

    #[test]
    fn a_file_that_was_never_written_is_stale() {
        let folder = tempfile::tempdir().unwrap();

        let error = check_in(folder.path(), document).unwrap_err().to_string();

        assert!(DOCUMENTS.iter().all(|(_, file)| error.contains(file)), "{error}");
    }
}
