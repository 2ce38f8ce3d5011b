//! HTTP by hand, for what a decent client does not send.

use std::net::SocketAddr;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Answer;

/// Sends `request` on a new connection and reads until the server closes it. A request that is to be answered says
/// `Connection: close`.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    try_exchange(address, request).await.expect("an answer")
}

/// The same; none if the server hangs up without an answer.
pub async fn try_exchange(address: SocketAddr, request: &[u8]) -> Option<Answer> {
    on(TcpStream::connect(address).await.unwrap(), request).await
}

/// The same on a connection that is there already.
pub(crate) async fn on(mut stream: TcpStream, request: &[u8]) -> Option<Answer> {
    let (mut reader, mut writer) = stream.split();
    let mut received = Vec::new();
    // A server that has read enough closes its side: that is an answer too, not a failure of writing or reading.
    let (written, read) = tokio::join!(writer.write_all(request), reader.read_to_end(&mut received));
    drop((written, read));
    (!received.is_empty()).then(|| parse(&received))
}

fn parse(received: &[u8]) -> Answer {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of the headers");
    let (head, body) = received.split_at(end);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.trim()).unwrap());
    }
    Answer { status, headers, body: body.get(4..).unwrap_or_default().to_vec() }
}
