//! Certificates that are trusted, and the words for those that are not.

use super::harness::{Host, repository, skip, tool, wait};
use super::web_server::secret;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Files with a key and a self-signed certificate: `openssl req -x509` makes it a certificate authority.
fn certificate(directory: &TempDir, name: &str, more: &[&str]) -> Option<(String, String)> {
    let path = |end: &str| directory.path().join(format!("{name}.{end}")).display().to_string();
    let (key, file) = (path("key"), path("pem"));
    let mut arguments = vec!["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"];
    arguments.extend(["-keyout", &key, "-out", &file]);
    arguments.extend(more);
    let made = tool("openssl", &arguments);
    if made.code != 0 {
        skip("certificates", &made.err);
        return None;
    }
    Some((key, file))
}

/// `openssl s_server` with a certificate: by HTTPS it answers every request with a page, by SMTP it is silent.
struct Server {
    port: u16,
    child: Child,
}

impl Server {
    fn start(key: &str, file: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("openssl")
            .args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-key", key, "-cert", file, "-www", "-quiet"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait(10, || TcpStream::connect(("127.0.0.1", port)).ok()).unwrap();
        Self { port, child }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// What a test message says, by HTTPS and by SMTP with TLS.
fn said(server: &Server, name: &str, ca_file: &str) -> [String; 2] {
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", &format!("https://{name}:{}/hook", server.port));
    host.config = format!("[alert.route.x]\nkind = \"webhook\"\nurl_file = \"{url}\"\nca_file = \"{ca_file}\"\n");
    let by_https = host.osmon(&["send-alert", "--test"]);
    host.config = format!(
        "[alert]\nto = [\"a@example.org\"]\n[alert.smtp]\nhost = \"{name}\"\nport = {}\nsecurity = \"tls\"\ntimeout_seconds = 2\nca_file = \"{ca_file}\"\n",
        server.port
    );
    let by_smtp = host.osmon(&["send-alert", "--test"]);
    [by_https.out + &by_https.err, by_smtp.out + &by_smtp.err]
}

#[test]
fn a_certificate_in_ca_file_is_trusted_itself_and_others_are_explained() {
    let directory = tempfile::tempdir().unwrap();
    let name = ["-addext", "subjectAltName=DNS:localhost"];
    let with = |more: &[&'static str]| [&name[..], more].concat();
    let Some((key, file)) = certificate(&directory, "own", &with(&["-days", "9"])) else { return };
    let own = Server::start(&key, &file);
    for said in said(&own, "localhost", &file) {
        assert!(said.contains("TLS 1.3, certificate of localhost trusted by") && !said.contains("TLS:"), "{said}");
    }
    for said in said(&own, "127.0.0.1", &file) {
        assert!(said.contains("not for 127.0.0.1 but for localhost"), "{said}");
    }
    for said in said(&own, "localhost", "") {
        assert!(said.contains("name a file with it in ca_file"), "{said}");
    }
    let (_, other) = certificate(&directory, "other", &with(&["-days", "9"])).unwrap();
    for said in said(&own, "localhost", &other) {
        assert!(said.contains("ca_file") && said.contains("other.pem"), "{said}");
    }
    let shipped = |name: &str| repository("tests/fixtures/tls").join(name).display().to_string();
    let (key, file) = (shipped("expired.key"), shipped("expired.pem"));
    for said in said(&Server::start(&key, &file), "localhost", &file) {
        assert!(said.contains("the certificate of the server expired on 2021-01-01"), "{said}");
    }
    let (key, file) = certificate(&directory, "nameless", &["-days", "9"]).unwrap();
    for said in said(&Server::start(&key, &file), "localhost", &file) {
        assert!(said.contains("-addext subjectAltName=DNS:localhost"), "{said}");
    }
}
