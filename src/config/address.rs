//! Mail addresses.

/// Returns whether a text looks like `you@example.org` or `You <you@example.org>`. The full grammar is checked when a
/// mail is composed.
pub fn is_address(text: &str) -> bool {
    let bare = text.rsplit_once('<').map_or(Some(text), |(_, rest)| rest.strip_suffix('>'));
    bare.and_then(|bare| bare.split_once('@')).is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !bare.is_some_and(|bare| bare.contains(char::is_whitespace))
            && !domain.contains('@')
    })
}
