//! The program while it serves.

use std::{
    net::SocketAddr,
    process::Child,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Api, PATIENCE, captured::Captured, eventually, program::wait};

/// A running server. It is killed when this is dropped.
pub struct Server {
    child: Child,
    stdout: Captured,
    stderr: Captured,
    address: SocketAddr,
}

impl Server {
    /// Waits until a process that serves nobody says that it is ready.
    pub(super) async fn started(child: Child, stdout: Captured, stderr: Captured) -> Self {
        let mut process = Self { child, stdout, stderr, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let deadline = Instant::now() + PATIENCE;
        while !process.stdout().contains(r#""message":"ready""#) {
            process.insist_that_it_runs("before it was ready");
            assert!(Instant::now() < deadline, "it does not say that it is ready: {}", process.output());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        process
    }

    /// Waits until the server says where it listens, and answers there that it is ready.
    pub(super) async fn ready(child: Child, stdout: Captured, stderr: Captured) -> Self {
        let mut server = Self { child, stdout, stderr, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let deadline = Instant::now() + PATIENCE;
        while server.address.port() == 0 {
            if let Some(address) = server.announced() {
                server.address = address;
            }
            server.insist_that_it_runs("before it was ready");
            assert!(Instant::now() < deadline, "it does not say that it is ready: {}", server.output());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let api = server.api();
        let is_ready = eventually(PATIENCE, async || api.get("/health/ready").await.status == 200).await;
        assert!(is_ready, "never ready: {}", server.output());
        server
    }

    /// The address in the line of the log that says `ready`.
    fn announced(&self) -> Option<SocketAddr> {
        let text = self.stdout.text();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut ready = lines.filter(|line| line["message"] == "ready");
        ready.next()?["address"].as_str()?.parse().ok()
    }

    /// The same server to HTTP clients.
    pub fn api(&self) -> Api {
        Api::at(&self.base())
    }

    /// The URL it is reached by, without a slash at the end.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Fails unless the process still runs.
    pub fn insist_that_it_runs(&mut self, when: &str) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the server ended {when} with {status}: {}{}", self.stdout.finish(), self.stderr.finish());
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// `kill -9`, and the end of the process awaited.
    pub fn kill_nine(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end; the exit code, or none after a signal.
    pub fn wait(&mut self) -> Option<i32> {
        match wait(&mut self.child, PATIENCE) {
            Some(status) => status.code(),
            None => panic!("the server does not end: {}", self.output()),
        }
    }

    /// Asks it by SIGTERM to stop; its whole output, once it has.
    pub fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        assert_eq!(self.wait(), Some(0), "{}", self.output());
        self.stdout.finish() + &self.stderr.finish()
    }

    /// The log so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has told its operator so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    fn output(&self) -> String {
        self.stdout() + &self.stderr()
    }

    /// Waits until the log contains `text`.
    pub async fn until_it_logs(&self, text: &str) {
        let said = eventually(PATIENCE, async || self.stdout().contains(text)).await;
        assert!(said, "the log lacks {text:?}: {}", self.output());
    }

    /// Waits until its operator was told `text`.
    pub async fn until_it_says(&self, text: &str) {
        let said = eventually(PATIENCE, async || self.stderr().contains(text)).await;
        assert!(said, "nobody was told {text:?}: {}", self.output());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}
