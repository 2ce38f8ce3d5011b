//! How the program is called.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use super::{PATIENCE, captured::Captured, server::Server};

/// The program in a folder of its own: it sees the variables it is given and nothing else of this process.
#[derive(Clone)]
pub struct Program {
    folder: PathBuf,
    variables: BTreeMap<String, OsString>,
    launcher: Vec<OsString>,
    user: Option<u32>,
}

/// A call that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Program {
    /// The program as a newcomer has it, except that it takes any free port and none for operators. Its data goes to `data` in `folder`,
    /// which is also its working folder.
    pub fn in_folder(folder: &Path) -> Self {
        let folder = folder.to_owned();
        let program = Self { folder, variables: BTreeMap::new(), launcher: Vec::new(), user: None };
        let data = program.data();
        program.env("ASHLAR_DATA_DIR", data).env("ASHLAR_LISTEN", "127.0.0.1:0").env("ASHLAR_ADMIN_LISTEN", "off")
    }

    /// Without demonstration data and rate limits, and with the key that is made fastest.
    #[must_use]
    pub fn plain(self) -> Self {
        self.env("ASHLAR_DEMO", "false").env("ASHLAR_JWT_ALG", "EdDSA").env("ASHLAR_RATE_LIMITS", "off")
    }

    /// With a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Called by another program, which gets this one's path and arguments behind its own and must become it.
    #[must_use]
    pub fn through(mut self, launcher: &[&str]) -> Self {
        self.launcher = launcher.iter().map(OsString::from).collect();
        self
    }

    /// As another user, which only root can do.
    #[must_use]
    pub fn run_by(self, id: u32) -> Self {
        Self { user: Some(id), ..self }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The database file of the embedded profile.
    pub fn database(&self) -> PathBuf {
        self.data().join("ashlar.db")
    }

    /// Calls it and waits for its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let began = Instant::now();
        let mut child = self.spawn(arguments);
        let (mut stdout, mut stderr) = captured(&mut child);
        let Some(status) = wait(&mut child, PATIENCE) else {
            drop((child.kill(), child.wait()));
            panic!("{arguments:?} did not end: {}{}", stdout.text(), stderr.text());
        };
        let took = began.elapsed();
        Finished { code: status.code(), stdout: stdout.finish(), stderr: stderr.finish(), took }
    }

    /// Starts `serve` and waits until it is ready.
    pub async fn serve(&self) -> Server {
        let mut child = self.spawn(&["serve"]);
        let (stdout, stderr) = captured(&mut child);
        Server::ready(child, stdout, stderr).await
    }

    /// Starts a command that goes on until it is stopped, and waits until it says that it is ready.
    pub async fn start(&self, arguments: &[&str]) -> Server {
        let mut child = self.spawn(arguments);
        let (stdout, stderr) = captured(&mut child);
        Server::started(child, stdout, stderr).await
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut words: Vec<&OsStr> = self.launcher.iter().map(OsString::as_os_str).collect();
        words.push(binary().as_os_str());
        words.extend(arguments.iter().map(OsStr::new));
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear().envs(&self.variables).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command.spawn().unwrap_or_else(|error| panic!("cannot start {words:?}: {error}"))
    }
}

fn captured(child: &mut Child) -> (Captured, Captured) {
    (Captured::from(child.stdout.take().unwrap()), Captured::from(child.stderr.take().unwrap()))
}

/// Waits for the end of a child, but not for ever.
pub(super) fn wait(child: &mut Child, patience: Duration) -> Option<std::process::ExitStatus> {
    let deadline = Instant::now() + patience;
    loop {
        let ended = child.try_wait().unwrap();
        if ended.is_some() || Instant::now() > deadline {
            return ended;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The built program: the one of `ASHLAR_BIN`, or built now.
#[expect(clippy::disallowed_methods, reason = "the contract of the test environment")]
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("ASHLAR_BIN").map_or_else(build, PathBuf::from))
}

/// The whole workspace, since a part of it would be built with other features.
fn build() -> PathBuf {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let built = Command::new(cargo).args(["build", "--quiet", "--workspace", "--bins"]).current_dir(top).status();
    assert!(built.unwrap().success(), "cargo build failed");
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(top).no_deps().exec().unwrap();
    metadata.target_directory.join("debug/ashlar").into()
}
