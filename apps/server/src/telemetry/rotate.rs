//! A log file that begins anew when it is full, and keeps the last few.
//!
//! The crates that rotate by size end the process, or their own thread, when a folder goes away or a file has been moved
//! under them; a log must survive that, and a full disk. So the file is turned here, and `tracing-appender` brings the
//! lines to a thread of their own: a request never waits for the disk. When the disk is slower than the log, lines are
//! dropped.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::config::LogFile;

/// Lines that may wait for the disk, some megabytes.
const WAITING_LINES: usize = 8_192;

/// Opens the file. The guard writes what still waits when it is dropped.
pub(super) fn open(config: &LogFile) -> io::Result<(NonBlocking, WorkerGuard)> {
    let file = RotatingFile::open(config)?;
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
    Ok(builder.thread_name("ashlar-log").finish(file))
}

struct RotatingFile {
    config: LogFile,
    /// None after a failed attempt to open it; the next line tries again.
    file: Option<File>,
    size: u64,
    /// The last line is there in part only, because the disk was full.
    is_torn: bool,
}

impl RotatingFile {
    fn open(config: &LogFile) -> io::Result<Self> {
        let mut rotating = Self { config: config.clone(), file: None, size: 0, is_torn: false };
        rotating.current()?;
        Ok(rotating)
    }

    /// The open file.
    fn current(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            let file = append_to(&self.config.path)?;
            self.size = file.metadata()?.len();
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn rotate(&mut self) -> io::Result<()> {
        // Whatever comes of it, the next attempt is due when as much again has been written.
        self.size = 0;
        for number in (1..self.config.count).rev() {
            rename(&self.numbered(number), &self.numbered(number + 1))?;
        }
        rename(&self.config.path, &self.numbered(1))?;
        self.file = None;
        Ok(())
    }

    fn numbered(&self, number: usize) -> PathBuf {
        let mut name = OsString::from(&self.config.path);
        name.push(format!(".{number}"));
        name.into()
    }
}

impl Write for RotatingFile {
    /// Takes a whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.current()?;
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.size > 0 && self.size.saturating_add(length) > self.config.size {
            // A file that cannot be renamed is better too long than lost.
            let _too_long = self.rotate();
        }
        let is_torn = self.is_torn;
        let file = self.current()?;
        let outcome = if is_torn { file.write_all(b"\n") } else { Ok(()) }.and_then(|()| file.write_all(line));
        self.is_torn = outcome.is_err();
        outcome?;
        self.size = self.size.saturating_add(length);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is not there needs no new name.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Opens a file for its owner only, and makes the folders it lies in.
fn append_to(path: &Path) -> io::Result<File> {
    let (mut folders, mut options) = (DirBuilder::new(), OpenOptions::new());
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folders.mode(0o700);
        options.mode(0o600);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        folders.recursive(true).create(folder)?;
    }
    options.create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// Room for two lines of ten bytes, and two full files kept.
    fn small(folder: &TempDir) -> LogFile {
        LogFile { path: folder.path().join("logs/a.log"), size: 25, count: 2 }
    }

    fn line(number: usize) -> String {
        format!("line {number:04}\n")
    }

    fn text(config: &LogFile, suffix: &str) -> Option<String> {
        fs::read_to_string(format!("{}{suffix}", config.path.display())).ok()
    }

    #[test]
    fn full_file_gets_a_number_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let config = small(&folder);
        let mut file = RotatingFile::open(&config).unwrap();

        for number in 0..7 {
            file.write_all(line(number).as_bytes()).unwrap();
        }

        assert_eq!(text(&config, ""), Some(line(6)));
        assert_eq!(text(&config, ".1"), Some(line(4) + &line(5)));
        assert_eq!(text(&config, ".2"), Some(line(2) + &line(3)));
        assert_eq!(text(&config, ".3"), None);
    }

    #[test]
    fn second_process_goes_on_where_the_first_ended() {
        let folder = tempfile::tempdir().unwrap();
        let config = small(&folder);

        for number in 0..3 {
            RotatingFile::open(&config).unwrap().write_all(line(number).as_bytes()).unwrap();
        }

        assert_eq!(text(&config, ""), Some(line(2)));
        assert_eq!(text(&config, ".1"), Some(line(0) + &line(1)));
    }

    #[test]
    fn line_longer_than_a_file_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let config = small(&folder);
        let mut file = RotatingFile::open(&config).unwrap();
        let long = "x".repeat(100) + "\n";

        file.write_all(long.as_bytes()).unwrap();
        file.write_all(line(1).as_bytes()).unwrap();

        assert_eq!(text(&config, ".1"), Some(long));
        assert_eq!(text(&config, ""), Some(line(1)));
    }

    #[test]
    fn folder_that_was_taken_away_is_made_again_at_the_next_turn() {
        let folder = tempfile::tempdir().unwrap();
        let config = small(&folder);
        let mut file = RotatingFile::open(&config).unwrap();

        for number in 0..2 {
            file.write_all(line(number).as_bytes()).unwrap();
        }
        fs::remove_dir_all(config.path.parent().unwrap()).unwrap();
        file.write_all(line(2).as_bytes()).unwrap();

        assert_eq!(text(&config, ""), Some(line(2)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn full_disk_costs_lines_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let config = LogFile { size: 1_000_000, ..small(&folder) };
        fs::create_dir(config.path.parent().unwrap()).unwrap();
        // What is written there meets a full disk; a link, so that nothing can happen to the device.
        std::os::unix::fs::symlink("/dev/full", &config.path).unwrap();
        let mut file = RotatingFile::open(&config).unwrap();

        let error = file.write_all(line(0).as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);

        // There is room again.
        fs::remove_file(&config.path).unwrap();
        file.file = None;
        file.write_all(line(1).as_bytes()).unwrap();
        file.write_all(line(2).as_bytes()).unwrap();
        assert_eq!(text(&config, ""), Some(format!("\n{}{}", line(1), line(2))), "what was torn is ended first");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn thread_that_writes_survives_a_full_disk_and_writers_do_not_wait() {
        let folder = tempfile::tempdir().unwrap();
        let config = LogFile { size: 1_000_000, ..small(&folder) };
        fs::create_dir(config.path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/dev/full", &config.path).unwrap();

        let (mut writer, guard) = open(&config).unwrap();
        for number in 0..3 * WAITING_LINES {
            writer.write_all(line(number).as_bytes()).unwrap();
        }
        // Dropping waits for the thread, but not for ever; it ends although no line could be written.
        drop(guard);
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let config = LogFile { path: folder.path().to_owned(), ..small(&folder) };

        assert!(open(&config).is_err());
    }
}
