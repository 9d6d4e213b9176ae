//! Tools of the system that repairs use.

use super::guard::{Guard, Refusal};
use crate::host::Root;

/// Directories of the tools of the system.
const DIRECTORIES: [&str; 4] = ["usr/bin", "bin", "usr/sbin", "sbin"];

/// The program by a name, if it is installed. Of a recorded host the one in its directory `bin`.
///
/// # Errors
/// It is not installed.
pub fn installed(root: &Root, name: &str) -> Result<String, Refusal> {
    let program = root.program(name);
    let is_there =
        || root.is_recorded() || DIRECTORIES.iter().any(|directory| root.has(&format!("{directory}/{name}")));
    program.filter(|_| is_there()).ok_or_else(|| Refusal::with(Guard::NoProgram, name))
}
