//! What this process costs its machine, read from `/proc` when somebody asks.

use std::sync::{Mutex, PoisonError};

use procfs::{ProcResult, process};
use prometheus::{Counter, Gauge, Registry};

use super::{catalogue, counter, gauge};

pub(super) struct Process {
    memory: Gauge,
    open_files: Gauge,
    start: Gauge,
    cpu: Mutex<Counter>,
}

impl Process {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            memory: gauge(registry, &catalogue::MEMORY),
            open_files: gauge(registry, &catalogue::OPEN_FILES),
            start: gauge(registry, &catalogue::START),
            cpu: Mutex::new(counter(registry, &catalogue::CPU)),
        }
    }

    /// Brings the figures up to date. What cannot be read (a `/proc` that is hidden) stays as it was.
    pub(super) fn refresh(&self) {
        let _hidden = self.read();
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, far beyond bytes, ticks and files of a process")]
    fn read(&self) -> ProcResult<()> {
        let myself = process::Process::myself()?;
        let stat = myself.stat()?;
        let ticks = procfs::ticks_per_second() as f64;
        self.memory.set((stat.rss * procfs::page_size()) as f64);
        self.start.set(procfs::boot_time_secs()? as f64 + stat.starttime as f64 / ticks);
        // A counter can only grow; under the lock two scrapes at once do not add the same time twice.
        let cpu = self.cpu.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = (stat.utime + stat.stime) as f64 / ticks;
        cpu.inc_by((spent - cpu.get()).max(0.0));
        drop(cpu);
        self.open_files.set(myself.fd_count()? as f64);
        Ok(())
    }
}
