//! A web server that records requests, and settings for tests that use it.

use super::harness::Host;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::thread;

/// A web server that records its requests. A status may be followed by `|` and a body, in which `{path}` becomes the path of
/// the request.
#[derive(Clone)]
pub struct WebServer {
    pub port: u16,
    pub status: Arc<Mutex<&'static str>>,
    /// Path, head and body of each request.
    pub asked: Arc<Mutex<Vec<(String, String, String)>>>,
}

impl WebServer {
    pub fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self {
            port: listener.local_addr().unwrap().port(),
            status: Arc::new(Mutex::new(status)),
            asked: Arc::default(),
        };
        let inside = web.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (mut heard, mut chunk) = (Vec::new(), [0; 4096]);
                let (head, length) = loop {
                    let count = stream.read(&mut chunk).unwrap_or(0);
                    heard.extend_from_slice(&chunk[..count]);
                    let text = String::from_utf8_lossy(&heard).into_owned();
                    if let Some((head, _)) = text.split_once("\r\n\r\n") {
                        let length = head.lines().find_map(|line| {
                            line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
                        });
                        break (head.to_string(), length.unwrap_or(0));
                    }
                    if count == 0 {
                        break (String::new(), 0);
                    }
                };
                let begin = head.len() + 4;
                while heard.len() < begin + length {
                    let count = stream.read(&mut chunk).unwrap_or(0);
                    if count == 0 {
                        break;
                    }
                    heard.extend_from_slice(&chunk[..count]);
                }
                let path = head.split(' ').nth(1).unwrap_or_default().to_string();
                let body = String::from_utf8_lossy(heard.get(begin..).unwrap_or_default()).into_owned();
                let status = *inside.status.lock().unwrap();
                let (status, said) = status.split_once('|').unwrap_or((status, "ok"));
                let said = said.replace("{path}", &path);
                inside.asked.lock().unwrap().push((path, head, body));
                let length = said.len();
                let _ =
                    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{said}");
            }
        });
        web
    }
    pub fn bodies(&self) -> Vec<Value> {
        self.asked.lock().unwrap().iter().map(|(_, _, body)| serde_json::from_str(body).unwrap()).collect()
    }
}

pub fn secret(host: &Host, name: &str, text: &str) -> String {
    fs::write(host.path(name), text).unwrap();
    fs::set_permissions(host.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    host.path(name).display().to_string()
}

pub const RULES: &str = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n[rule.disk]\nenabled = false\n";
