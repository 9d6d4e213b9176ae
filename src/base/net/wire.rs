//! A connection with an end: it has a deadline, and the other side may say only so much. TLS by rustls.

use crate::base::bounded;
use crate::base::file::read_at_most;
use crate::base::net::attempt::{Attempt, Failure, Fate};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The other side may say so much in one connection, in bytes: no server has more to say to somebody who sends.
const HEARD_MAX: usize = 256 * 1024;

/// A TCP connection until a deadline.
pub struct Wire {
    socket: TcpStream,
    until: Instant,
    left: usize,
}

impl Wire {
    fn remaining(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(late()) } else { Ok(left) }
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "did not answer in time")
}

/// What a socket says when its time is over.
fn in_words(error: io::Error) -> io::Error {
    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) { late() } else { error }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.remaining()?))?;
        let room = buffer.len().min(self.left);
        if room == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "says more than any such server has to say"));
        }
        let count = self.socket.read(buffer.get_mut(..room).unwrap_or_default()).map_err(in_words)?;
        self.left -= count;
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.remaining()?))?;
        self.socket.write(bytes).map_err(in_words)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// A connection, protected or not.
pub enum Channel {
    /// In clear.
    Plain(Wire),
    /// Within TLS.
    Tls(Box<StreamOwned<ClientConnection, Wire>>),
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Connects to the first address of a host that answers; each gets its share of the time.
///
/// # Errors
/// What the resolver or the network says.
pub fn connect(host: &str, port: u16, until: Instant, log: &mut Attempt) -> Result<Wire, Failure> {
    let place = format!("{host}:{port}");
    let fail = |why: String| Failure::new(Fate::Later, format!("{place}: {why}"));
    let left = || until.saturating_duration_since(Instant::now());
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_string();
    // The resolver has no time limit of its own.
    let found = bounded::run(left(), move || (bare.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>));
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(addresses)) if !addresses.is_empty() => addresses,
        Ok(Ok(_)) => return Err(fail("has no address".to_string())),
        Ok(Err(error)) => return Err(fail(format!("could not find its address: {error}"))),
        Err(_) => return Err(fail("could not find its address in time".to_string())),
    };
    let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    log.step("resolve", format!("{host} is {}", list.join(", ")));
    let mut why = late().to_string();
    for (number, address) in addresses.iter().enumerate() {
        let others = u32::try_from(addresses.len() - number).unwrap_or(1);
        let share = left() / others;
        if share.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, share) {
            Ok(socket) => {
                log.step("connect", address.to_string());
                // Small answers are waited for: nothing is to be gathered.
                let _ = socket.set_nodelay(true);
                return Ok(Wire { socket, until, left: HEARD_MAX });
            }
            Err(error) => why = in_words(error).to_string(),
        }
    }
    Err(fail(why))
}

/// Whether TLS failed because the other side does not speak it there: what it said is no TLS at all.
pub fn is_plain_there(why: &str) -> bool {
    why.contains("InvalidContentType") || why.contains("corrupt message")
}

/// Begins TLS. The certificate must be valid for that host.
///
/// # Errors
/// When the certificate is not trusted, or the other side does not speak TLS.
pub fn protect(mut wire: Wire, host: &str, ca_file: &str, log: &mut Attempt) -> Result<Channel, Failure> {
    let settings = |why: String| Failure::new(Fate::Settings, why);
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_string();
    let name = ServerName::try_from(bare).map_err(|_| settings(format!("{host} is no name of a server")))?;
    let mut connection = ClientConnection::new(Arc::new(config(ca_file)?), name)
        .map_err(|error| settings(format!("could not set up TLS: {error}")))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut wire).map_err(|error| {
            let is_tls = error.kind() == io::ErrorKind::InvalidData;
            Failure::new(if is_tls { Fate::Settings } else { Fate::Later }, format!("TLS with {host}: {error}"))
        })?;
    }
    let version = connection.protocol_version().map(|version| format!("{version:?}").replace("TLSv1_", "TLS 1."));
    let (version, authority) = (version.unwrap_or_default(), if ca_file.is_empty() { "the system" } else { ca_file });
    log.step("tls", format!("{version}, certificate of {host} trusted by {authority}"));
    Ok(Channel::Tls(Box::new(StreamOwned::new(connection, wire))))
}

fn config(ca_file: &str) -> Result<ClientConfig, Failure> {
    let settings = |why: String| Failure::new(Fate::Settings, why);
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if !ca_file.is_empty() {
        let pem = read_at_most(Path::new(ca_file), 1024 * 1024)
            .map_err(|error| settings(format!("could not read ca_file {ca_file}: {error}")))?;
        let own: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem).flatten().collect();
        if roots.add_parsable_certificates(own).0 == 0 {
            return Err(settings(format!("ca_file {ca_file} holds no PEM certificate")));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| settings(format!("could not set up TLS: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
