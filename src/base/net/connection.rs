//! TCP connections with a deadline and a limit on what the peer may send.

use super::failure::Failure;
use super::step_log::StepLog;
use crate::base::bounded;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Most bytes accepted from the peer over one connection.
const RECEIVED_MAX: usize = 256 * 1024;

/// A TCP connection whose reads and writes fail after a deadline.
pub struct TcpConnection {
    socket: TcpStream,
    deadline: Instant,
    /// Bytes that may still be received.
    allowance: usize,
}

impl TcpConnection {
    /// Replaces the deadline.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// The address of this end; `None`: it is no longer connected.
    pub fn local_address(&self) -> Option<IpAddr> {
        self.socket.local_addr().ok().map(|address| address.ip().to_canonical())
    }

    fn remaining(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(timed_out()) } else { Ok(left) }
    }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "did not answer in time")
}

/// Gives expired socket timeouts, which the kernel reports as "would block", one clear message.
fn clarify(error: io::Error) -> io::Error {
    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) { timed_out() } else { error }
}

impl Read for TcpConnection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.remaining()?))?;
        let room = buffer.len().min(self.allowance);
        if room == 0 && !buffer.is_empty() {
            let message = format!("sent more than {} KiB", RECEIVED_MAX / 1024);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let count = self.socket.read(buffer.get_mut(..room).unwrap_or_default()).map_err(clarify)?;
        self.allowance -= count;
        Ok(count)
    }
}

impl Write for TcpConnection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.remaining()?))?;
        self.socket.write(bytes).map_err(clarify)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// A connection with or without TLS.
pub enum Connection {
    /// Unencrypted.
    Plain(TcpConnection),
    /// Encrypted with TLS.
    Tls(Box<StreamOwned<ClientConnection, TcpConnection>>),
}

impl Connection {
    /// The connection below TLS.
    pub fn tcp(&mut self) -> &mut TcpConnection {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(stream) => stream.get_mut(),
        }
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A host as the resolver wants it: an IPv6 address without its brackets.
pub fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Connects to the first address of `host` that answers; the time left is divided among the addresses not tried yet.
///
/// # Errors
/// The message of the resolver or of the last connection attempt.
pub fn connect(host: &str, port: u16, deadline: Instant, log: &mut StepLog) -> Result<TcpConnection, Failure> {
    let fail = |reason: String| Failure::temporary(format!("{host}:{port}: {reason}"));
    let left = || deadline.saturating_duration_since(Instant::now());
    let bare = without_brackets(host).to_string();
    // The resolver has no time limit of its own.
    let found = bounded::run(left(), move || (bare.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>));
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(addresses)) if !addresses.is_empty() => addresses,
        Ok(Ok(_)) => return Err(fail("has no address".to_string())),
        Ok(Err(error)) => return Err(fail(format!("could not resolve the host name: {error}"))),
        Err(_) => return Err(fail("could not resolve the host name in time".to_string())),
    };
    let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    log.record("resolve", format!("{host} is {}", list.join(", ")));
    let mut reason = timed_out().to_string();
    for (number, address) in addresses.iter().enumerate() {
        let others = u32::try_from(addresses.len() - number).unwrap_or(1);
        let share = left() / others;
        if share.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, share) {
            Ok(socket) => {
                log.record("connect", address.to_string());
                // Small requests wait for their answers: there is nothing to coalesce.
                let _ = socket.set_nodelay(true);
                return Ok(TcpConnection { socket, deadline, allowance: RECEIVED_MAX });
            }
            Err(error) => reason = clarify(error).to_string(),
        }
    }
    Err(fail(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_silent_peer_costs_no_more_than_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let deadline = Instant::now() + Duration::from_millis(200);
        let mut log = StepLog::default();
        let port = listener.local_addr().unwrap().port();
        let mut tcp = connect("127.0.0.1", port, deadline, &mut log).unwrap();
        assert_eq!(log.steps.iter().map(|step| step.name).collect::<Vec<_>>(), ["resolve", "connect"]);
        assert_eq!(tcp.read(&mut [0; 8]).unwrap_err().to_string(), "did not answer in time");
        assert_eq!(tcp.write(b"x").unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_peer_that_never_stops_is_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            while peer.write_all(&[b'x'; 4096]).is_ok() {}
        });
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut tcp = connect("127.0.0.1", port, deadline, &mut StepLog::default()).unwrap();
        let mut received = Vec::new();
        let error = tcp.read_to_end(&mut received).unwrap_err();
        assert_eq!((error.to_string().as_str(), received.len()), ("sent more than 256 KiB", RECEIVED_MAX));
    }

    #[test]
    fn a_closed_port_may_be_open_next_time() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let deadline = Instant::now() + Duration::from_secs(5);
        let failure = connect("[127.0.0.1]", port, deadline, &mut StepLog::default()).err().unwrap();
        assert_eq!(failure.kind, super::super::failure::FailureKind::Temporary);
        assert!(failure.reason.starts_with(&format!("[127.0.0.1]:{port}: ")), "{}", failure.reason);
    }
}
