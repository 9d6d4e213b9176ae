//! Hints for refusals of this host or its sender by a mail server.

use super::session::Reply;
use crate::base::net::failure::Failure;

/// Parts of refusals of the name in EHLO, in lower case.
const NAME: [&str; 5] = ["helo", "ehlo", "host name", "hostname", "reverse"];
/// Parts of refusals of the sender, in lower case.
const SENDER: [&str; 5] = ["sender", "from address", "mail from", "return path", "not owned by"];

/// Adds the setting to change to a refusal, if its reply or the command (`is_sender`: MAIL FROM) shows which it is.
pub fn advise(failure: Failure, reply: &Reply, is_sender: bool) -> Failure {
    let text = reply.lines.join(" ").to_lowercase();
    let is_about = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    let is_permanent = reply.code >= 500 || text.contains("fully") || text.contains("domain");
    // 530 and 535: a login is missing, or was refused.
    let is_login = matches!(reply.code, 530 | 534 | 535 | 538);
    let is_sender = is_about(&SENDER) || (is_sender && reply.code != 504);
    match (is_permanent && !is_login, is_sender && !is_about(&["helo", "ehlo"])) {
        (false, _) => failure,
        (true, true) => failure.hint(true, "set [alert] from to an address that this server accepts as a sender"),
        (true, false) => failure.hint(
            is_about(&NAME) || reply.code == 504,
            "set [alert.smtp] helo_name to the full name of this host, such as \"web-01.example.org\"",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_postfix_exim_and_others_name_the_setting() {
        for (is_sender, code, text, expected) in [
            (false, 504, "5.5.2 <web-01>: Helo command rejected: need fully-qualified hostname", "helo_name"),
            (
                false,
                450,
                "4.7.1 <web-01>: Helo command rejected: Host not found, need a fully qualified name",
                "helo_name",
            ),
            (true, 550, "5.7.1 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", "helo_name"),
            (false, 501, "Syntactically invalid EHLO argument(s)", "helo_name"),
            (false, 504, "5.5.2 need fully-qualified hostname", "helo_name"),
            (false, 504, "5.5.2 <osmon@web-01>: Sender address rejected: need fully-qualified address", "[alert] from"),
            (false, 450, "4.1.8 <osmon@web-01.lan>: Sender address rejected: Domain not found", "[alert] from"),
            (true, 553, "5.7.1 <a@example.org>: Sender address rejected: not owned by user b", "[alert] from"),
            (true, 550, "5.7.60 SMTP; Client does not have permissions to send as this sender", "[alert] from"),
            (true, 501, "5.1.7 Bad sender address syntax", "[alert] from"),
            (true, 550, "Administrative prohibition", "[alert] from"),
            (true, 530, "5.7.0 Must issue a STARTTLS command first", ""),
            (true, 452, "4.3.1 Insufficient system storage", ""),
            (true, 451, "4.3.0 try again", ""),
            (false, 550, "5.1.1 <x@example.org>: Recipient address rejected: User unknown", ""),
            (false, 450, "4.2.0 <x@example.org>: Recipient address rejected: Greylisted", ""),
        ] {
            let reply = Reply { code, lines: vec![text.to_string()] };
            let reason = advise(Failure::temporary("x"), &reply, is_sender).reason;
            let found = ["helo_name", "[alert] from"].into_iter().find(|key| reason.contains(key)).unwrap_or_default();
            assert_eq!(found, expected, "{text}: {reason}");
        }
    }
}
