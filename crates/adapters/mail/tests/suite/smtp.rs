//! A real SMTP server on this machine, and one that misbehaves.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    sync::{Arc, Mutex},
};

use ashlar_kernel::{MailError, Mailer as _, Secret, contract::mailer::Fixture};
use ashlar_mail::{SmtpMailer, SmtpServer, Tls};
use mailin_embedded::{Handler, Response, Server, SslConfig, response};

use super::{
    PATIENCE, mail, read,
    script::{Reply, Script, serve},
};

/// Takes every message.
#[derive(Clone, Default)]
struct Postbox {
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    current: Vec<u8>,
}

impl Handler for Postbox {
    fn mail(&mut self, _ip: IpAddr, _domain: &str, _from: &str) -> Response {
        self.current.clear();
        response::OK
    }

    fn data(&mut self, buffer: &[u8]) -> io::Result<()> {
        self.current.extend_from_slice(buffer);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.taken.lock().unwrap().push(std::mem::take(&mut self.current));
        response::OK
    }
}

fn at(address: SocketAddr) -> SmtpServer {
    SmtpServer { host: address.ip().to_string(), port: address.port(), credentials: None, tls: Tls::None }
}

fn mailer(server: &SmtpServer) -> SmtpMailer {
    SmtpMailer::new(server, PATIENCE).unwrap()
}

async fn fixture() -> Option<Fixture> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let postbox = Postbox::default();
    let taken = Arc::clone(&postbox.taken);
    let mut server = Server::new(postbox);
    server.with_name("here").with_ssl(SslConfig::None).unwrap().with_tcp_listener(listener).with_num_threads(8);
    // It serves until this process ends.
    drop(std::thread::spawn(move || server.serve().unwrap()));
    let inbox = Arc::new(move || {
        let taken = Arc::clone(&taken);
        Box::pin(async move { taken.lock().unwrap().iter().map(|raw| read(raw)).collect() }) as _
    });
    tokio::task::yield_now().await;
    Some(Fixture { mailer: Arc::new(mailer(&at(address))), inbox })
}

ashlar_kernel::mailer_contract!(fixture);

/// How the first message fares with a server that follows the script.
async fn outcome(script: Script) -> Result<(), MailError> {
    mailer(&at(serve(vec![script]).await)).send(&mail()).await
}

fn transient(outcome: &Result<(), MailError>) -> bool {
    matches!(outcome, Err(MailError::Transient(_)))
}

#[tokio::test]
async fn a_refused_recipient_is_refused_for_good() {
    let refused = outcome(&[("RCPT", Reply::Say("550 no such mailbox <ada@example.net>"))]).await.unwrap_err();
    assert_eq!(refused, MailError::Permanent("the mail server said 550".to_owned()), "without the address");
}

#[tokio::test]
async fn who_is_asked_to_come_back_comes_back() {
    for script in [
        &[("RCPT", Reply::Say("451 greylisted, try again later"))] as Script,
        &[("", Reply::Say("421 too busy"))],
        &[(".", Reply::Say("452 disk full"))],
    ] {
        let outcome = outcome(script).await;
        assert!(transient(&outcome), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_worth_another_attempt() {
    for script in [
        &[(".", Reply::HangUp)] as Script,
        &[("DATA", Reply::HangUp)],
        &[("EHLO", Reply::HangUp)],
        &[("", Reply::HangUp)],
    ] {
        let outcome = outcome(script).await;
        assert!(transient(&outcome), "{outcome:?}");
    }
    // Nobody listens there any more.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let outcome = mailer(&at(gone)).send(&mail()).await;
    assert!(transient(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    for script in [&[("", Reply::Freeze)] as Script, &[(".", Reply::Freeze)]] {
        let outcome = outcome(script).await;
        assert!(transient(&outcome), "{outcome:?}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_for_an_operator() {
    let script: Script = &[
        ("EHLO", Reply::Say("250-here\r\n250 AUTH PLAIN LOGIN")),
        ("AUTH", Reply::Say("535 5.7.8 authentication failed")),
    ];
    let server = SmtpServer {
        credentials: Some(("ada".to_owned(), Secret::from("wrong".to_owned()))),
        ..at(serve(vec![script]).await)
    };
    let refused = mailer(&server).send(&mail()).await.unwrap_err();
    assert_eq!(refused, MailError::Misconfigured("the mail server said 535".to_owned()));
}

#[tokio::test]
async fn right_credentials_are_shown() {
    let script: Script =
        &[("EHLO", Reply::Say("250-here\r\n250 AUTH PLAIN LOGIN")), ("AUTH", Reply::Say("235 welcome"))];
    let server = SmtpServer {
        credentials: Some(("ada".to_owned(), Secret::from("right".to_owned()))),
        ..at(serve(vec![script]).await)
    };
    mailer(&server).send(&mail()).await.unwrap();
}

#[tokio::test]
async fn no_mail_goes_out_in_the_clear_where_tls_is_required() {
    let server = SmtpServer { tls: Tls::Required, ..at(serve(vec![&[]]).await) };
    let refused = mailer(&server).send(&mail()).await;
    assert!(matches!(refused, Err(MailError::Misconfigured(_))), "{refused:?}");
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced() {
    // The first connection takes one message and is gone before the second one.
    let address = serve(vec![&[("NOOP", Reply::HangUp), ("MAIL", Reply::Say("250 ok"))], &[]]).await;
    let mailer = mailer(&at(address));
    mailer.send(&mail()).await.unwrap();

    mailer.send(&mail()).await.unwrap();
}
