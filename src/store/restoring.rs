//! The working directory of a restore, `DATA.restoring` beside the data directory `DATA`. `osmon restore` fills it; here
//! is only what keeps others from beginning a new history while the two are exchanged.

use super::Store;
use crate::base::error_kind::ErrorKind;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file in it that says that its copy is complete and about to take the place of the data directory.
pub const READY: &str = "ready";
/// Tries, and the pause between them, until the other restore is over.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// The working directory of a restore of that data directory.
pub fn work_directory(data: &Path) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_os_string();
    name.push(".restoring");
    data.with_file_name(name)
}

/// The data directory itself: a link is followed, also one whose target is missing at the moment.
pub fn real_directory(data: &Path) -> PathBuf {
    let mut path = std::path::absolute(data).unwrap_or_else(|_| data.to_path_buf());
    // The limit of the kernel.
    for _ in 0..40 {
        if let Ok(whole) = path.canonicalize() {
            return whole;
        }
        let Ok(target) = path.read_link() else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    path
}

impl Store {
    /// Waits while a restore exchanges the data directory in two steps, between which there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when it does not end: it was interrupted, and must be completed first.
    pub(super) fn await_restore(&self) -> Result<()> {
        for _ in 0..TRIES {
            if self.directory.exists() {
                return Ok(());
            }
            let data = real_directory(&self.directory);
            if !work_directory(&data).join(READY).exists() || data.exists() {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        let data = self.directory.display();
        Err(ErrorKind::Busy(format!("{data}: a restore is not finished; end it with any osmon command as its owner"))
            .into())
    }
}
