//! What the kernel says about a server: the processor time it used, and its memory.

use std::fs;

use anyhow::{Context, Result};

use super::scene::Server;

/// The kernel counts processor time for programs in hundredths of a second, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// A server from a moment on.
#[derive(Debug)]
pub(crate) struct Watch {
    process: u32,
    before: f64,
}

impl Watch {
    /// Begins to look.
    pub(crate) fn begin(server: &Server) -> Result<Self> {
        let process = server.id();
        Ok(Self { process, before: processor_seconds(process)? })
    }

    /// Microseconds of processor time for each of so many requests, and resident memory in MiB.
    pub(crate) fn end(&self, requests: f64) -> Result<(f64, f64)> {
        let spent = processor_seconds(self.process)? - self.before;
        Ok((spent / requests * 1e6, resident_mebibytes(self.process)?))
    }
}

fn processor_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    ticks(&stat).map(|ticks| ticks / TICKS_PER_SECOND).context("cannot read the processor time")
}

/// User and system time, the 14th and 15th field; the second, a name in parentheses, may contain spaces.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    Some(fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?)
}

fn resident_mebibytes(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(kibibytes.context("cannot read the resident memory")? / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_a_name_with_spaces() {
        let stat = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20";

        assert!(ticks(stat).is_some_and(|ticks| (ticks - 150.0).abs() < 1e-9), "{:?}", ticks(stat));
        assert_eq!(ticks("42"), None);
    }
}
