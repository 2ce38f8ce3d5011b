//! The program at work on a file: how long, and with how much memory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::Signal;

use crate::env;
use crate::process::Supervised;

/// Where the program works.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The program.
    pub(crate) binary: PathBuf,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its database.
    pub(crate) database: String,
}

/// What was seen of a run.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
    /// The most memory that was resident, in MiB.
    pub(crate) peak: f64,
    /// What it printed.
    pub(crate) printed: String,
}

impl Place {
    /// A command of the program.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        for variable in env::ashlar_variables() {
            command.env_remove(variable);
        }
        command
            .args(words)
            .current_dir(&self.folder)
            .env("ASHLAR_DATA_DIR", self.folder.join("data"))
            .env("ASHLAR_DATABASE_URL", &self.database)
            .env("ASHLAR_DEMO", "false");
        command
    }

    /// Runs a command to its end. What it prints goes to a file, or nowhere.
    pub(crate) fn run(&self, words: &[&str], is_heard: bool) -> Result<Seen> {
        let (out, complaints) = (self.folder.join("printed"), self.folder.join("complaints"));
        let mut command = self.command(words);
        command.stderr(File::create(&complaints)?);
        command.stdout(if is_heard { Stdio::from(File::create(&out)?) } else { Stdio::null() });
        let begun = Instant::now();
        let mut program = Supervised::start(&mut command, Signal::TERM)?;
        let mut peak = 0.0_f64;
        let status = loop {
            if let Some(status) = program.ended()? {
                break status;
            }
            peak = peak_mebibytes(program.id()).unwrap_or(peak);
            thread::sleep(Duration::from_millis(5));
        };
        let seconds = begun.elapsed().as_secs_f64();
        ensure!(status.success(), "{words:?}: {status}\n{}", read(&complaints));
        let printed = if is_heard { read(&out) } else { String::new() };
        Ok(Seen { seconds, peak, printed })
    }
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// The most that was resident so far.
pub(crate) fn peak_mebibytes(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kibibytes| kibibytes / 1024.0)
}
