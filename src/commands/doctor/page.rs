//! The page: its age, and whether the web server may read it.

use super::check::Check;
use crate::base::group::parse;
use crate::base::units::duration;
use crate::context::Context;
use crate::query::health::seconds_between;
use chrono::{DateTime, Utc};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Age above which the page is old, in seconds.
const OLD: f64 = 600.0;
/// Web servers: program and name of the process.
const SERVERS: [(&str, &str); 5] = [
    ("usr/sbin/apache2", "apache2"),
    ("usr/sbin/nginx", "nginx"),
    ("usr/sbin/httpd", "httpd"),
    ("usr/sbin/lighttpd", "lighttpd"),
    ("usr/bin/caddy", "caddy"),
];
/// Users that web servers run as.
const USERS: [&str; 5] = ["www-data", "nginx", "apache", "caddy", "http"];

/// Age of the page, and the web server.
pub fn checks(context: &Context, processes: &[String]) -> Vec<Check> {
    let path = context.report_path();
    let written = path.metadata().and_then(|meta| meta.modified()).ok().map(DateTime::<Utc>::from);
    let age = written.map(|written| seconds_between(written, context.now.wall));
    let mut checks = vec![written_lately(&path.display().to_string(), age)];
    let is_here = |(program, process): &&(&str, &str)| {
        processes.iter().any(|running| running == process) || context.root.has(program)
    };
    if let (Some((_, server)), Some(reader)) = (SERVERS.iter().find(is_here), reader(context))
        && age.is_some()
    {
        let is_published = context.published_page().is_some();
        let names = match context.config.report.public {
            true => "names of processes and users are left out",
            false => "whoever reaches that server sees names of processes and users ([report] public leaves them out)",
        };
        checks.push(readable(server, is_published, &reader, obstacle(&path, &reader), names));
    }
    checks
}

fn written_lately(path: &str, age: Option<f64>) -> Check {
    match age {
        None => Check::warn("page", format!("{path} does not exist"), "osmon graph -v"),
        Some(age) if age > OLD => Check::warn("page", format!("{path} is {} old", duration(age)), "osmon graph -v"),
        Some(age) => Check::ok("page", format!("{path}, {} old", duration(age))),
    }
}

/// The user of the web server.
struct Reader {
    name: String,
    uid: u32,
    gids: Vec<u32>,
}

fn reader(context: &Context) -> Option<Reader> {
    let text = |name| context.root.etc(name).map(|content| String::from_utf8_lossy(&content).into_owned()).ok();
    let (passwd, group) = (text("passwd")?, text("group").unwrap_or_default());
    USERS.iter().find_map(|user| of_files(user, &passwd, &group))
}

fn of_files(user: &str, passwd: &str, group: &str) -> Option<Reader> {
    let fields: Vec<&str> = passwd
        .lines()
        .map(|line| line.split(':').collect())
        .find(|fields: &Vec<&str>| fields.first() == Some(&user))?;
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok());
    let groups = parse(group).into_iter().filter(|group| group.members.iter().any(|member| member == user));
    let gids = number(3).into_iter().chain(groups.map(|group| group.gid)).collect();
    Some(Reader { name: user.to_string(), uid: number(2)?, gids })
}

/// The first path that keeps the reader from the page: a directory that it may not search, or the page itself.
fn obstacle(page: &Path, reader: &Reader) -> Option<String> {
    let mut all: Vec<&Path> = page.ancestors().collect();
    all.reverse();
    let is_shut = |path: &&Path| {
        let wanted = if *path == page { 0o4 } else { 0o1 };
        path.metadata().is_ok_and(|meta| !may(&(meta.uid(), meta.gid(), meta.mode()), wanted, reader))
    };
    all.into_iter().find(is_shut).map(|path| path.display().to_string())
}

fn may((uid, gid, mode): &(u32, u32, u32), wanted: u32, reader: &Reader) -> bool {
    let shift = if *uid == reader.uid {
        6
    } else if reader.gids.contains(gid) {
        3
    } else {
        0
    };
    reader.uid == 0 || (mode >> shift) & wanted != 0
}

fn readable(server: &str, is_published: bool, reader: &Reader, obstacle: Option<String>, names: &str) -> Check {
    let user = &reader.name;
    match (obstacle, is_published) {
        (None, _) => Check::ok("web-server", format!("{server} ({user}) may read the page; {names}")),
        (Some(_), false) => {
            Check::ok("web-server", format!("{server} ({user}) may not read the page; [report] path publishes it"))
        }
        (Some(path), true) => Check::warn(
            "web-server",
            format!("{server} ({user}) may not read the page: {path} is closed to it"),
            format!("chgrp {user} {path}; chmod g+rX {path}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;
    use std::fs::{Permissions, create_dir, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn every_directory_down_to_the_page_has_to_be_open() {
        let top = tempfile::tempdir().unwrap();
        let (directory, page) = (top.path().join("www"), top.path().join("www/report.html"));
        create_dir(&directory).unwrap();
        write(&page, "").unwrap();
        let set = |path: &Path, mode| set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let reader = Reader { name: "www-data".to_string(), uid: 33_333, gids: vec![33_333] };
        let shut = || obstacle(&page, &reader);
        set(top.path(), 0o755);
        set(&directory, 0o755);
        set(&page, 0o644);
        assert_eq!(shut(), None);
        set(&page, 0o640);
        assert_eq!(shut(), Some(page.display().to_string()));
        set(&directory, 0o700);
        assert_eq!(shut(), Some(directory.display().to_string()));
    }

    #[test]
    fn the_groups_of_the_web_server_count() {
        let reader =
            of_files("www-data", "root:x:0:0::/:\nwww-data:x:33:34::/:", "osmon:x:112:a,www-data\nb:x:5:").unwrap();
        assert_eq!((reader.uid, reader.gids.as_slice()), (33, &[34, 112][..]));
        assert!(may(&(0, 112, 0o640), 0o4, &reader) && !may(&(0, 5, 0o640), 0o4, &reader));
        assert!(!may(&(33, 5, 0o044), 0o4, &reader), "the bits of the owner come first");
        assert_eq!(readable("nginx", true, &reader, Some("/x".into()), "").state, State::Warn);
        assert_eq!(readable("nginx", false, &reader, Some("/x".into()), "").state, State::Ok);
    }
}
