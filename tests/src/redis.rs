//! A Redis of a test's own, to be killed, frozen and flushed.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::binary::{PATIENCE, skipped_for_want_of};

/// A running Redis, empty. It is killed when this is dropped.
pub struct OwnRedis {
    program: PathBuf,
    port: u16,
    child: Child,
}

impl OwnRedis {
    /// Starts one; none, and a line on stderr, where none is installed. With `CI=true` that is a failure.
    pub fn start() -> Option<Self> {
        let Some(program) = ["redis-server", "valkey-server"].into_iter().find_map(which) else {
            skipped_for_want_of("redis-server");
            return None;
        };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let child = spawn(&program, port);
        let redis = Self { program, port, child };
        redis.wait_until_it_answers();
        Some(redis)
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port after [`kill`](Self::kill), empty.
    pub fn start_again(&mut self) {
        self.child = spawn(&self.program, self.port);
        self.wait_until_it_answers();
    }

    /// Stops it in the middle of whatever it does; connections stay open and nobody answers.
    pub fn freeze(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).unwrap();
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).unwrap();
    }

    /// Forgets everything.
    pub fn flush(&self) {
        assert_eq!(self.ask("FLUSHALL").as_deref(), Some("+OK"));
    }

    /// How many keys it holds.
    pub fn keys(&self) -> usize {
        let answer = self.ask("DBSIZE").expect("an answer");
        answer.trim_start_matches(':').parse().unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// Whether it holds a key that begins so.
    pub fn holds(&self, prefix: &str) -> bool {
        // The answer begins with the number of keys.
        self.ask(&format!("KEYS {prefix}*")).is_some_and(|count| count != "*0")
    }

    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.ask("PING").as_deref() != Some("+PONG") {
            assert!(Instant::now() < deadline, "Redis does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// One command, and the first line of its answer.
    fn ask(&self, command: &str) -> Option<String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut answer = [0; 64];
        let length = stream.read(&mut answer).ok()?;
        let text = String::from_utf8_lossy(answer.get(..length)?).into_owned();
        text.lines().next().map(str::to_owned)
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

fn spawn(program: &PathBuf, port: u16) -> Child {
    let mut redis = Command::new(program);
    redis.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
    redis.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
    redis.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    redis.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()))
}

#[expect(clippy::disallowed_methods, reason = "the search path is where programs are")]
fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
