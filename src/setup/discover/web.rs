//! The directory that a web server of this host publishes.

use super::{exists, text};
use crate::base::sort::SmallSort;
use std::path::{Path, PathBuf};

/// A web server and the directory it publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebRoot {
    /// Name of the server.
    pub server: &'static str,
    /// The directory.
    pub directory: String,
}

/// A server: its name, the word before the directory, and its files, also all of a directory.
type Server = (&'static str, &'static str, &'static [&'static str]);

const SERVERS: [Server; 3] = [
    ("nginx", "root", &["etc/nginx/sites-enabled", "etc/nginx/conf.d", "etc/nginx/nginx.conf"]),
    (
        "apache",
        "DocumentRoot",
        &["etc/apache2/sites-enabled", "etc/httpd/conf.d", "etc/httpd/conf/httpd.conf", "etc/apache2/httpd.conf"],
    ),
    ("lighttpd", "server.document-root", &["etc/lighttpd/lighttpd.conf"]),
];

/// Groups under which web servers read files.
pub const GROUPS: [&str; 4] = ["www-data", "nginx", "apache", "http"];

/// The first directory that a web server of the host below `base` publishes and that exists.
pub fn find(base: &Path) -> Option<WebRoot> {
    SERVERS.iter().find_map(|(server, word, places)| {
        let texts = places.iter().flat_map(|place| texts(base, place));
        let directory = texts.filter_map(|text| published(&text, word)).find(|directory| exists(base, directory))?;
        Some(WebRoot { server, directory })
    })
}

/// The text of a file, or of all files of a directory by name.
fn texts(base: &Path, place: &str) -> Vec<String> {
    let Ok(entries) = base.join(place).read_dir() else { return vec![text(base, place)] };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| Path::new(place).join(entry.file_name())).collect();
    paths.arrange();
    paths.iter().map(|path| text(base, &path.to_string_lossy())).collect()
}

/// The first absolute path after `word` at the beginning of a line.
fn published(text: &str, word: &str) -> Option<String> {
    let values = text.lines().filter_map(|line| line.trim_start().strip_prefix(word));
    let paths = values.map(|value| value.trim_matches(|c: char| c.is_whitespace() || "=;\"".contains(c)));
    paths
        .filter(|path| path.starts_with('/') && path.len() > 1 && !path.contains(['$', ' ']))
        .map(ToString::to_string)
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_root_is_read_from_each_server() {
        for (file, line, expected) in [
            ("etc/nginx/sites-enabled/default", "server {\n\t# root /srv/no;\n\troot /srv/www;\n}", Some("nginx")),
            ("etc/apache2/sites-enabled/000.conf", "<VirtualHost *:80>\n  DocumentRoot /srv/www\n", Some("apache")),
            ("etc/httpd/conf/httpd.conf", "DocumentRoot \"/srv/www\"", Some("apache")),
            ("etc/lighttpd/lighttpd.conf", "server.document-root        = \"/srv/www\"", Some("lighttpd")),
            ("etc/nginx/nginx.conf", "root /srv/absent;", None),
            ("etc/nginx/nginx.conf", "root $somewhere;", None),
        ] {
            let host = tempfile::tempdir().unwrap();
            fs::create_dir_all(host.path().join("srv/www")).unwrap();
            let path = host.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, line).unwrap();
            let found = find(host.path());
            assert_eq!(found.as_ref().map(|found| found.server), expected, "{file}");
            assert!(found.is_none_or(|found| found.directory == "/srv/www"));
        }
    }
}
