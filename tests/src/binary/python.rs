//! Programs in another language that judge what Ashlar says.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{PATIENCE, captured::Captured, program::wait, skipped_for_want_of};

/// A Python with the packages of `tests/interop/requirements.txt`.
pub struct Python(PathBuf);

impl Python {
    /// The one of `ASHLAR_TEST_PYTHON`, or that `cargo xtask interop` has left; if there is none, a line on stderr says
    /// so, and with `CI=true` that is a failure.
    #[expect(clippy::disallowed_methods, reason = "the contract of the test environment")]
    pub fn find() -> Option<Self> {
        let file = std::env::var_os("ASHLAR_TEST_PYTHON").map_or_else(left_by_xtask, PathBuf::from);
        if file.is_file() {
            return Some(Self(file));
        }
        skipped_for_want_of("Python with the packages of tests/interop (`cargo xtask interop` installs them)");
        None
    }

    /// Runs a script of `tests/interop` with a document on its standard input; the one it prints.
    pub fn run(&self, script: &str, input: &Value) -> Value {
        self.judge(script, &[], &input.to_string()).unwrap_or_else(|said| panic!("{script}: {said}"))
    }

    /// The same with arguments and any input; what it says on standard error when it ends with a failure.
    pub fn judge(&self, script: &str, arguments: &[&str], input: &str) -> Result<Value, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        let mut command = Command::new(&self.0);
        // Isolated: neither the variables of whoever runs the tests nor packages of theirs.
        command.arg("-I").arg(folder.join(script)).args(arguments).current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = Captured::from(child.stdout.take().unwrap());
        let mut stderr = Captured::from(child.stderr.take().unwrap());
        // A script that has seen enough reads no further.
        let _broken_pipe = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Some(status) = wait(&mut child, PATIENCE) else {
            drop((child.kill(), child.wait()));
            panic!("{script} does not end: {}", stderr.text());
        };
        if status.success() { Ok(serde_json::from_str(&stdout.finish()).unwrap()) } else { Err(stderr.finish()) }
    }
}

fn left_by_xtask() -> PathBuf {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(top).no_deps().exec().unwrap();
    metadata.target_directory.join("interop/bin/python").into()
}
