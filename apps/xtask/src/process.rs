//! Child processes that never outlive this one.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt::Interrupt;
use crate::say;

/// How often a running child is looked at.
const POLL: Duration = Duration::from_millis(20);

/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(15);

/// A child in a process group of its own, stopped at the latest when this value is dropped.
///
/// The group matters twice: Ctrl-C at a terminal goes to the foreground group, so it reaches only us and we
/// decide the order in which things stop; and what a child started (compilers, test binaries) stops with it.
#[derive(Debug)]
pub(crate) struct Supervised {
    child: Child,
    farewell: Signal,
}

impl Supervised {
    /// Starts `command`; `farewell` is the signal that asks this kind of program to end.
    pub(crate) fn start(command: &mut Command, farewell: Signal) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { child, farewell })
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, or `None` while it runs.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Asks it to end, waits, and after [`GRACE`] kills it.
    pub(crate) fn stop(&mut self) {
        self.signal(self.farewell);
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if !matches!(self.ended(), Ok(None)) {
                return;
            }
            thread::sleep(POLL);
        }
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    /// Signals the whole group, but only while the leader lives: afterwards its number may be another's.
    fn signal(&mut self, signal: Signal) {
        if matches!(self.ended(), Ok(None)) {
            let _ = kill_process_group(Pid::from_child(&self.child), signal);
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Shows a command, runs it to its end with its output in view, and fails when it fails or a signal arrives.
pub(crate) fn run(command: &mut Command, interrupt: &Interrupt) -> Result<()> {
    say::line(&format!("    $ {}", display(command)));
    let mut child = Supervised::start(command, Signal::TERM)?;
    let status = loop {
        interrupt.check()?;
        match child.ended()? {
            Some(status) => break status,
            None => thread::sleep(POLL),
        }
    };
    if !status.success() {
        // A terminal's Ctrl-C may end a child that listens for it before we looked.
        interrupt.check()?;
        bail!("`{}`: {status}", display(command));
    }
    Ok(())
}

/// Runs a short command and returns its standard output; standard error is part of the error when it fails.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{}`: {}\n{}", display(command), output.status, stderr.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no UTF-8", display(command)))
}

/// Whether a short command exists and succeeds.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    output(command).is_ok_and(|output| output.status.success())
}

fn output(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", command.get_program().display()))
}

/// The command as a person would type it, without the folders of its program.
fn display(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args()).map(|word| {
        let word = word.to_string_lossy();
        if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.into_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell script that says when it is ready, and when it was asked to end.
    const PATIENT: &str = "trap ': > ended; exit' TERM; : > ready; for _ in $(seq 1000); do sleep 0.02; done";

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["nextest", "run", "-E", "not test(slow)"]);

        assert_eq!(display(&command), "cargo nextest run -E 'not test(slow)'");
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(&mut Command::new("false"), &Interrupt::default()).unwrap_err();

        assert!(error.to_string().contains("`false`"), "{error}");
    }

    #[test]
    fn a_signal_stops_the_child_and_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let (ready, ended) = (folder.path().join("ready"), folder.path().join("ended"));
        let interrupt = Interrupt::default();

        let result = thread::scope(|scope| {
            let running = scope.spawn(|| {
                let mut shell = Command::new("sh");
                shell.args(["-c", "sh -c \"$1\" & wait", "sh", PATIENT]);
                run(shell.current_dir(folder.path()), &interrupt)
            });
            wait_for(&ready);
            interrupt.raise();
            running.join().unwrap()
        });

        assert_eq!(result.unwrap_err().to_string(), "interrupted");
        assert!(wait_for(&ended), "the grandchild never heard of it");
    }

    #[test]
    fn a_panic_stops_the_child_on_its_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let (ready, ended) = (folder.path().join("ready"), folder.path().join("ended"));

        let result = std::panic::catch_unwind(|| {
            let mut shell = Command::new("sh");
            shell.args(["-c", PATIENT]).current_dir(folder.path());
            let _child = Supervised::start(&mut shell, Signal::TERM).unwrap();
            wait_for(&ready);
            panic!("on purpose");
        });

        assert!(result.is_err());
        assert!(ended.exists(), "the child was not asked to end");
    }

    fn wait_for(file: &Path) -> bool {
        (0..500).any(|_| {
            thread::sleep(POLL);
            file.exists()
        })
    }
}
