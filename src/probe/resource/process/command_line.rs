//! Command lines, recorded only on request, with probable secrets masked.

use crate::base::text::clean;

/// Longest command line that is kept, in characters.
const LINE_MAX: usize = 200;
/// Replaces a secret.
const MASK: &str = "***";
/// Parts of a name that announce a secret.
const NAMES: [&str; 9] = ["pass", "pwd", "token", "secret", "apikey", "api-key", "api_key", "credential", "auth"];

/// Formats `/proc/<pid>/cmdline`, whose arguments end in NUL, as one line for people.
pub fn command_line(content: &[u8]) -> String {
    let arguments: Vec<String> = content
        .split(|byte| *byte == 0)
        .filter(|argument| !argument.is_empty())
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect();
    let mut shown = Vec::with_capacity(arguments.len());
    let mut follows = false;
    for argument in &arguments {
        // `-p value` and `-pvalue` of the mysql and sshpass families, `--password value`.
        let masked = if follows { MASK.to_string() } else { mask(argument) };
        follows = !follows
            && argument.starts_with('-')
            && !argument.contains('=')
            && (is_secret(argument) || argument == "-p");
        shown.push(masked);
    }
    clean(&shown.join(" "), LINE_MAX)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

fn mask(argument: &str) -> String {
    if let Some((name, _)) = argument.split_once('=').filter(|(name, _)| is_secret(name)) {
        return format!("{name}={MASK}");
    }
    if let Some((name, _)) = argument.split_once(':').filter(|(name, rest)| is_secret(name) && !rest.starts_with("//"))
    {
        return format!("{name}:{MASK}");
    }
    // `-pSECRET`
    if argument.len() > 2
        && argument.starts_with("-p")
        && !argument.starts_with("--")
        && !argument.bytes().skip(2).all(|byte| byte.is_ascii_digit())
    {
        return format!("-p{MASK}");
    }
    // `scheme://user:secret@host`
    if let Some((scheme, rest)) = argument.split_once("://")
        && let Some((user, host)) = rest.rsplit_once('@')
        && let Some((user, _)) = user.split_once(':')
    {
        return format!("{scheme}://{user}:{MASK}@{host}");
    }
    argument.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_the_rest_stays() {
        let cases = [
            ("mysqld\0--datadir=/var\0", "mysqld --datadir=/var"),
            ("mysql\0-u\0root\0-phunter2\0", "mysql -u root -p***"),
            ("mysql\0-p\0hunter2\0db\0", "mysql -p *** db"),
            ("app\0--password\0hunter2\0--port=80\0", "app --password *** --port=80"),
            ("app\0--api-token=abc\0DB_PASSWORD=x\0", "app --api-token=*** DB_PASSWORD=***"),
            ("curl\0https://me:hunter2@host/x\0", "curl https://me:***@host/x"),
            ("curl\0-H\0Authorization: Bearer abc\0", "curl -H Authorization:***"),
            ("ssh\0-p2222\0host\0", "ssh -p2222 host"),
            ("", ""),
        ];
        for (line, expected) in cases {
            assert_eq!(command_line(line.as_bytes()), expected);
        }
    }
}
