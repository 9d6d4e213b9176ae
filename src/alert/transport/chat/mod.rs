//! The JSON that chat programs expect. Each format is in a file of its own; this file lists them.

mod discord;
mod format;
mod generic;
mod markdown;
mod mattermost;
mod ntfy;
mod shorten;
mod slack;
mod teams;

use crate::alert::payload::ChatMessage;
use crate::base::text::fit;
use crate::config::Webhook;
use format::ChatFormat;
use shorten::{shorten, units};
use url::Url;

/// Every format of a chat program.
const FORMATS: [ChatFormat; 5] = [slack::FORMAT, teams::FORMAT, discord::FORMAT, mattermost::FORMAT, ntfy::FORMAT];
/// Longest subject, in characters: escaped, it still leaves room for a text in every format.
const SUBJECT_MAX: usize = 250;
/// Longest text in a template that sets no `max_length`, in characters: most chats accept 2000 with the subject.
const TEMPLATE_TEXT_MAX: usize = 1900;

/// The format of a webhook: that of its `kind`, else the one that its URL is known for; `None`: its template, or JSON of
/// osmon's own.
fn format(settings: &Webhook, url: &Url) -> Option<&'static ChatFormat> {
    match settings.kind.as_str() {
        "" => FORMATS.iter().find(|format| (format.is_known_url)(url)),
        kind => FORMATS.iter().find(|format| format.kind == kind),
    }
}

/// The name of the format of a webhook; `webhook` for every other than a chat.
pub fn kind(settings: &Webhook, url: &Url) -> &'static str {
    format(settings, url).map_or("webhook", |format| format.kind)
}

/// The body for a webhook, shortened to what it accepts. Changes the URL where the format wants another one.
pub fn render(settings: &Webhook, url: &mut Url, message: &ChatMessage) -> String {
    let message = ChatMessage { subject: fit(&message.subject, SUBJECT_MAX), ..message.clone() };
    let Some(format) = format(settings, url) else {
        let max = match (settings.max_length, settings.template.is_empty()) {
            (0, true) => usize::MAX,
            (0, false) => TEMPLATE_TEXT_MAX,
            (max, _) => max,
        };
        let text = shorten(&message.text, message.language, |text| units(text) <= max);
        return generic::render(&settings.template, &message, &text);
    };
    let fits = |text: &str| (format.fits)(&(format.render)(&message, text, url));
    let text = shorten(&message.text, message.language, fits);
    let body = (format.render)(&message, &text, url).to_string();
    (format.post_to)(url);
    body
}

#[cfg(test)]
mod tests;
