//! One caller who asks one question after the other, and waits for each answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A connection that stays open.
pub(crate) struct Reader {
    stream: BufReader<TcpStream>,
    head: String,
}

/// How often a question is asked.
const TIMES: usize = 200;
/// How long it may go on: a slow question is asked less often.
const PATIENCE: Duration = Duration::from_secs(3);

impl Reader {
    /// Connects, with an access token.
    pub(crate) fn open(address: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let head = format!("HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// Asks, and reads the answer.
    pub(crate) fn get(&mut self, path: &str) -> Result<Value> {
        let body = self.exchange(path)?.with_context(|| format!("GET {path} was not answered"))?;
        serde_json::from_slice(&body).with_context(|| format!("GET {path}: {}", String::from_utf8_lossy(&body)))
    }

    /// The milliseconds that 95 of a hundred answers took at most, of questions that are asked in turn.
    /// Infinity if one was not answered: the server gives up after some seconds.
    pub(crate) fn p95(&mut self, paths: &[String]) -> Result<f64> {
        for path in paths.iter().chain(paths.first()) {
            if self.exchange(path)?.is_none() {
                return Ok(f64::INFINITY);
            }
        }
        let (begun, mut took) = (Instant::now(), Vec::with_capacity(TIMES));
        for path in paths.iter().cycle().take(TIMES) {
            let asked = Instant::now();
            if self.exchange(path)?.is_none() {
                return Ok(f64::INFINITY);
            }
            took.push(asked.elapsed().as_secs_f64() * 1e3);
            if begun.elapsed() > PATIENCE {
                break;
            }
        }
        Ok(percentile(took, 95))
    }

    /// The body of the answer; none if the server is busy or has given up.
    fn exchange(&mut self, path: &str) -> Result<Option<Vec<u8>>> {
        let request = format!("GET {path} {}", self.head);
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            is_chunked |= line == "transfer-encoding: chunked";
            if let Some(bytes) = line.strip_prefix("content-length: ") {
                length = bytes.parse()?;
            }
        }
        let body = if is_chunked { self.chunks()? } else { self.bytes(length)? };
        if status.starts_with("HTTP/1.1 503") || status.starts_with("HTTP/1.1 504") {
            return Ok(None);
        }
        ensure!(status.starts_with("HTTP/1.1 2"), "GET {path}: {status}{}", String::from_utf8_lossy(&body));
        Ok(Some(body))
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim_end(), 16).context("no length of a chunk")?;
            let chunk = self.bytes(length + 2)?;
            body.extend_from_slice(chunk.get(..length).unwrap_or_default());
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

/// The value that so many of a hundred do not exceed.
pub(crate) fn percentile(mut values: Vec<f64>, of_hundred: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len() * of_hundred).div_ceil(100).saturating_sub(1);
    values.get(index).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert!((percentile(hundred, 95) - 95.0).abs() < 1e-9);
        assert!((percentile(vec![3.0], 95) - 3.0).abs() < 1e-9);
        assert!(percentile(Vec::new(), 95).is_nan());
    }
}
