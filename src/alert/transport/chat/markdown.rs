//! Plain text where a chat program expects Markdown.

use crate::alert::payload::ChatMessage;

/// Escapes all markup and mentions: a process must not format a message or notify people through its name.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\*_~`|<>[]#@".contains(c) {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            out.push('\u{200B}');
        }
    }
    out
}

/// The subject in bold above the text.
pub fn subject_and_text(message: &ChatMessage, text: &str) -> String {
    format!("{} **{}**\n{}", message.emoji(), escape(&message.subject), escape(text))
}
