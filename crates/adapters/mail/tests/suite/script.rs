//! A server that follows a script, for what a decent server does not do.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// What happens on one connection, in the order of the client's commands.
pub(crate) type Script = &'static [(&'static str, Reply)];

/// The reply to a command.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    /// These lines.
    Say(&'static str),
    /// Nothing more, and the connection stays open.
    Freeze,
    /// The connection ends.
    HangUp,
}

/// Everything as it should be, up to the message.
pub(crate) const POLITE: Script = &[
    ("", Reply::Say("220 here")),
    ("EHLO", Reply::Say("250 here")),
    ("MAIL", Reply::Say("250 ok")),
    ("RCPT", Reply::Say("250 ok")),
    ("DATA", Reply::Say("354 go on")),
    (".", Reply::Say("250 taken")),
    ("QUIT", Reply::Say("221 bye")),
    ("NOOP", Reply::Say("250 ok")),
    ("RSET", Reply::Say("250 ok")),
];

/// Serves as many connections as there are scripts: the first by the first one, and so on.
pub(crate) async fn serve(scripts: Vec<Script>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(tokio::spawn(async move {
        for script in scripts {
            let (stream, _) = listener.accept().await.unwrap();
            drop(tokio::spawn(follow(stream, script)));
        }
    }));
    address
}

async fn follow(stream: TcpStream, script: Script) {
    let mut stream = BufReader::new(stream);
    let mut is_message = false;
    let mut command = String::new();
    loop {
        let word = command.split([' ', '\r', '\n', ':']).next().unwrap_or_default();
        // An answer in the script beats the polite one.
        let reply = script.iter().chain(POLITE).find(|(asked, _)| *asked == word).map(|(_, reply)| *reply);
        match reply {
            Some(Reply::Say(text)) if !is_message || word == "." => {
                let said = stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await;
                if said.is_err() {
                    return;
                }
                is_message = word == "DATA" && text.starts_with('3');
            }
            Some(Reply::Freeze) if !is_message || word == "." => std::future::pending().await,
            Some(Reply::HangUp) if !is_message || word == "." => return,
            _ => {}
        }
        command.clear();
        if stream.read_line(&mut command).await.is_ok_and(|read| read == 0) {
            return;
        }
    }
}
