//! Flame graphs: where the processor is while Ashlar answers.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::cases::{Case, Drivers};
use super::installed;
use super::scene::Scene;
use crate::session::Session;
use crate::{process, say, tools};

/// How long each line runs, and how much of it is looked at: stacks are large.
const SECONDS: u32 = 6;
const LOOK: u32 = 3;

/// The programs that look and draw.
#[derive(Debug)]
pub(crate) struct Painter {
    collapse: PathBuf,
    draw: PathBuf,
    folder: PathBuf,
}

/// The release binary once more, with the names of its functions; everything else is as it was built.
pub(crate) fn build_with_names(session: &Session) -> Result<()> {
    session.run_cargo(&["rustc", "--release", "-p", "ashlar-server", "--bin", "ashlar", "--", "-C", "strip=none"])
}

impl Painter {
    /// Finds the programs. Without `perf`, or where the kernel does not let it look, there is no graph to be had.
    pub(crate) fn prepare(session: &Session) -> Result<Self> {
        ensure!(tools::which("perf").is_some(), "--flamegraph needs perf; Debian has it in the package linux-perf");
        let trial = tempfile::NamedTempFile::new()?;
        let mut look = Command::new("perf");
        look.args(["record", "-q", "-o"]).arg(trial.path()).args(["--", "true"]);
        process::capture(&mut look).context("perf may not look here; see /proc/sys/kernel/perf_event_paranoid")?;
        let collapse = installed::INFERNO.program("inferno-collapse-perf", session)?;
        let draw = installed::INFERNO.program("inferno-flamegraph", session)?;
        let folder = session.graphs_folder();
        fs::create_dir_all(&folder)?;
        Ok(Self { collapse, draw, folder })
    }

    /// Draws Ashlar under one kind of request.
    pub(crate) fn paint(&self, case: &Case, scene: &Scene, drivers: Drivers<'_>) -> Result<()> {
        say::line(&format!("    {}", case.name));
        case.warm(scene, drivers)?;
        let seen = tempfile::NamedTempFile::new()?;
        thread::scope(|scope| {
            let load = scope.spawn(|| case.on_ashlar(scene, drivers, SECONDS));
            thread::sleep(Duration::from_secs(1));
            let mut record = Command::new("perf");
            record.args(["record", "-q", "-F", "199", "--call-graph", "dwarf,16384", "-o"]).arg(seen.path());
            record.args(["-p", &scene.ashlar.id().to_string(), "--", "sleep", &LOOK.to_string()]);
            let recorded = process::capture(&mut record);
            load.join().map_err(|_panic| anyhow::anyhow!("the load has panicked"))??;
            recorded
        })?;
        let graph = self.folder.join(file_name(case.name));
        self.draw(&seen, &graph, case.name)?;
        say::line(&format!("    drawn: {}", graph.display()));
        Ok(())
    }

    /// `perf script | inferno-collapse-perf | inferno-flamegraph > graph`.
    fn draw(&self, seen: &tempfile::NamedTempFile, graph: &std::path::Path, title: &str) -> Result<()> {
        let mut script = Command::new("perf");
        script.args(["script", "--no-inline", "-i"]).arg(seen.path()).stderr(Stdio::null()).stdout(Stdio::piped());
        let mut script = script.spawn().context("cannot start perf script")?;
        let stacks = script.stdout.take().context("perf script has no output")?;
        let mut collapse = Command::new(&self.collapse).stdin(stacks).stdout(Stdio::piped()).spawn()?;
        let folded = collapse.stdout.take().context("inferno has no output")?;
        let mut draw = Command::new(&self.draw);
        draw.args(["--title", title]).stdin(folded).stdout(File::create(graph)?);
        let drawn = draw.status()?;
        ensure!(script.wait()?.success() && collapse.wait()?.success() && drawn.success(), "no graph was drawn");
        Ok(())
    }
}

/// `GET /me` as `get-me.svg`.
fn file_name(line: &str) -> String {
    let words = line.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-") + ".svg"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_like_their_lines() {
        assert_eq!(file_name("GET /me"), "get-me.svg");
        assert_eq!(file_name("list, page 2,000"), "list-page-2-000.svg");
    }
}
