//! Programs that change the host.

use super::Root;

impl Root {
    /// The program by that name: the one on `PATH`, or for a recorded host the file in its directory `bin`, so that a
    /// recording never changes the host that reads it. `None`: a recording without that program.
    pub fn program(&self, name: &str) -> Option<String> {
        if !self.recorded {
            return Some(name.to_string());
        }
        let file = self.base.join("bin").join(name);
        file.is_file().then(|| file.to_string_lossy().into_owned())
    }
}
