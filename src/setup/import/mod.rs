//! Converts the configuration of other systems to an `osmon.toml`.

mod config_cfg;
mod config_text;
mod decode;
mod devices;
mod dotenv;
mod draft;
mod kind;
mod limits;
mod mail_server;
mod monit;
mod monit_limits;
mod monit_tokens;
mod msmtprc;
mod munin;
mod pairs;
mod write;

pub use draft::{Imported, ImportedSecret, Note};
pub use kind::Kind;

use draft::Draft;
use std::path::Path;

/// A file of another system.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

/// Reads files of other systems. `kind`: their format, if it is not to be recognised. `directory`: where files with
/// secrets belong. `cores`: processors of this host, for limits that are counted by core.
///
/// # Errors
/// A sentence about the file that is unreadable or of no known format.
pub fn import(inputs: &[Input<'_>], kind: Option<Kind>, directory: &Path, cores: usize) -> Result<Imported, String> {
    let mut draft = Draft::new(directory);
    for input in inputs {
        let fail = |why: String| format!("{}: {why}", input.name);
        let text = decode::decode(input.content).map_err(fail)?;
        let kind = kind.or_else(|| kind::recognise(&text)).ok_or_else(|| fail(kind::unknown()))?;
        draft.begin(input.name);
        let mut comments = text.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment);
        draft.is_french |= comments.any(|comment| comment.contains(['é', 'è', 'à', 'ç', 'ù', 'ê']));
        match kind {
            Kind::OsMonitoring => config_cfg::read(&text, &mut draft),
            Kind::Env => dotenv::read(&text, &mut draft),
            Kind::Servers | Kind::AvMonitoring => devices::read(&text, kind, &mut draft).map_err(fail)?,
            Kind::Msmtp => msmtprc::read(&text, &mut draft),
            Kind::Monit => monit::read(&text, &mut draft),
            Kind::Munin => munin::read(&text, cores, &mut draft),
        }
    }
    Ok(write::write(draft))
}
