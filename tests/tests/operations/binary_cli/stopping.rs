//! Health checks, and how a process ends.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use ashlar_tests::binary::{PASSWORD, PATIENCE, Program, Server};
use rustix::process::Signal;

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_says_by_its_exit_code_whether_the_server_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;
    let there = program.clone().env("ASHLAR_LISTEN", server.address().to_string());

    let yes = there.run(&["healthcheck"]);
    assert_eq!((yes.code, yes.stderr.as_str()), (Some(0), ""));
    let live = format!("{}/health/live", server.base());
    assert_eq!(there.run(&["healthcheck", "--url", &live]).code, Some(0));
    let nowhere = format!("{}/nowhere", server.base());
    let other = there.run(&["healthcheck", "--url", &nowhere]);
    assert_eq!(other.code, Some(1));
    assert!(other.stderr.contains("answered 404"), "{other:?}");

    server.stop();
    let no = there.run(&["healthcheck"]);
    assert_eq!(no.code, Some(1));
    assert!(no.stderr.starts_with("ashlar: no answer from 127.0.0.1:"), "{no:?}");
}

/// A login whose head the server has read and whose body it waits for.
struct HalfSent {
    stream: BufReader<TcpStream>,
    body: String,
}

impl HalfSent {
    fn to(server: &Server) -> Self {
        let body = format!(r#"{{"identifier":"slow@example.org","password":"{PASSWORD}"}}"#);
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // With this `Expect` the server says when it has read the head.
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: ashlar\r\ncontent-type: application/json\r\n\
             expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut half_sent = Self { stream: BufReader::new(stream), body };
        assert_eq!(half_sent.line(), "HTTP/1.1 100 Continue");
        assert_eq!(half_sent.line(), "");
        half_sent
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Sends the body; the whole answer.
    fn finish(mut self) -> String {
        self.stream.get_mut().write_all(self.body.as_bytes()).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

async fn request_in_progress_is_finished_after(signal: Signal) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let mut server = program.serve().await;
    assert_eq!(server.api().register("slow@example.org").await.status, 201);
    let login = HalfSent::to(&server);

    server.signal(signal);
    server.until_it_logs("stopping: finishing requests in progress").await;
    let answer = login.finish();

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("access_token"), "{answer}");
    assert_eq!(server.wait(), Some(0));
    server.until_it_logs(r#""message":"stopped""#).await;
    assert!(TcpStream::connect(server.address()).is_err(), "somebody still listens");
    let wal = program.data().join("ashlar.db-wal");
    assert!(!wal.exists(), "the database was not closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_requests_in_progress_finish_and_exits_with_zero() {
    request_in_progress_is_finished_after(Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_lets_requests_in_progress_finish_and_exits_with_zero() {
    request_in_progress_is_finished_after(Signal::INT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn second_signal_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_SHUTDOWN_TIMEOUT", "10m");
    let mut server = program.serve().await;
    let _never_finished = HalfSent::to(&server);

    server.signal(Signal::TERM);
    server.until_it_logs("stopping: finishing requests in progress").await;
    server.signal(Signal::TERM);

    assert_eq!(server.wait(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_server_says_that_it_is_not_ready_before_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_DRAIN_DELAY", "10m");
    let server = program.serve().await;

    server.signal(Signal::TERM);
    server.until_it_logs("stopping: finishing requests in progress").await;

    let ready = server.api().get("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.body["draining"], true);
    assert_eq!(server.api().register("still@example.org").await.status, 201);
    assert_eq!(server.api().get("/health/live").await.status, 200);
}
