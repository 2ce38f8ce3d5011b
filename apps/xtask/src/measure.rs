//! Measures the release binary: what the README says about size, speed and memory comes from here.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::interrupt::Interrupt;
use crate::process::Supervised;
use crate::services::port;
use crate::session::Session;
use crate::{env, say, wait};

/// How long the server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// Builds the release binary, unless one is given, and prints a Markdown table.
pub(crate) fn run(session: &Session, binary: Option<PathBuf>) -> Result<()> {
    let binary = if let Some(binary) = binary {
        fs::canonicalize(&binary).with_context(|| format!("cannot read {}", binary.display()))?
    } else {
        session.run_cargo(&["build", "--release", "-p", "ashlar-server"])?;
        session.binary("release")?
    };
    let size = fs::metadata(&binary)?.len();
    let folder = tempfile::Builder::new().prefix("ashlar-measure-").tempdir()?;
    let (server, cold) = start(&binary, folder.path(), &session.interrupt)?;
    drop(server);
    let (server, warm) = start(&binary, folder.path(), &session.interrupt)?;
    wait::for_a_while(IDLE, &session.interrupt)?;
    let memory = resident_memory(server.id());
    drop(server);
    say::line("\n| measure | value |\n|---|---|");
    say::line(&format!("| size of the binary | {} |", mebibytes(size)));
    say::line(&format!("| first start, empty data folder, to the first answer | {} ms |", cold.as_millis()));
    say::line(&format!("| restart to the first answer | {} ms |", warm.as_millis()));
    let memory = memory.map_or_else(|| "not measured on this system".to_owned(), mebibytes);
    say::line(&format!("| resident memory, idle | {memory} |"));
    Ok(())
}

/// Starts the server and times its first answer.
fn start(binary: &Path, folder: &Path, interrupt: &Interrupt) -> Result<(Supervised, Duration)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()?));
    let log_file = folder.join("measure.log");
    let log = File::create(&log_file)?;
    let mut command = Command::new(binary);
    for variable in env::ashlar_variables() {
        command.env_remove(variable);
    }
    command
        .arg("serve")
        .current_dir(folder)
        .env("ASHLAR_LISTEN", address.to_string())
        .env("ASHLAR_DATA_DIR", folder.join("data"))
        .stdout(Stdio::from(log.try_clone()?))
        .stderr(Stdio::from(log));
    let begin = Instant::now();
    let mut server = Supervised::start(&mut command, Signal::TERM)?;
    let ready = wait::until(Duration::from_mins(2), Duration::from_millis(1), interrupt, || {
        if let Some(status) = server.ended()? {
            bail!("the server ended: {status}");
        }
        Ok(is_live(address))
    });
    let took = begin.elapsed();
    if let Err(error) = ready {
        let log = fs::read_to_string(&log_file).unwrap_or_default();
        bail!("{error:#}; it said\n{log}");
    }
    Ok((server, took))
}

fn is_live(address: SocketAddr) -> bool {
    get(address, "/health/live").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}

/// One HTTP request, which is all the HTTP this tool needs.
fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let patience = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    // At once: whoever answers after the first piece and hangs up would cut off the rest, and the answer with it.
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Bytes of memory the process holds, from `/proc`; `None` where there is none.
fn resident_memory(process: u32) -> Option<u64> {
    vm_rss(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn vm_rss(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// In tenths, without a detour over floating point.
fn mebibytes(bytes: u64) -> String {
    let tenths = (bytes * 10).div_ceil(1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn resident_memory_is_read_from_the_kernel_s_page() {
        assert_eq!(vm_rss("Name:\tashlar\nVmRSS:\t   39936 kB\nThreads:\t5\n"), Some(39_936 * 1024));
        assert_eq!(vm_rss("Name:\tashlar\n"), None);
    }

    #[test]
    fn sizes_are_rounded_up_to_a_tenth() {
        assert_eq!(mebibytes(32 * 1024 * 1024), "32.0 MiB");
        assert_eq!(mebibytes(1), "0.1 MiB");
    }

    #[test]
    fn only_a_200_counts_as_alive() {
        for (answer, expected) in [("HTTP/1.1 200 OK\r\n\r\n", true), ("HTTP/1.1 503 No\r\n\r\n", false)] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = listener.local_addr().unwrap();
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 512];
                let length = stream.read(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
                String::from_utf8_lossy(&request[..length]).into_owned()
            });

            assert_eq!(is_live(address), expected);
            assert!(server.join().unwrap().starts_with("GET /health/live HTTP/1.1\r\n"));
        }
    }
}
