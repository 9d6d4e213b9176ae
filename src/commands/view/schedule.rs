//! The host whose schedule a command reads or changes.

use crate::base::clock::Now;
use crate::cli::Call;
use crate::host::Root;
use crate::setup::schedule::Host;

/// The host of this call, seen by the user who runs it.
pub fn host(call: &Call) -> Host {
    let recorded = call.common.root.as_deref();
    let now = call.common.now.unwrap_or_else(|| Now::read().wall);
    let variable = |name: &str| std::env::var(name).ok();
    Host::new(recorded, nix::unistd::geteuid().as_raw(), variable, processes(&Root::new(recorded)), now)
}

/// Names of the running processes.
fn processes(root: &Root) -> Vec<String> {
    let Ok(mut files) = root.process_files() else { return Vec::new() };
    let name = |pid| Some(String::from_utf8_lossy(files.read(pid, "comm").ok()?.trim_ascii()).into_owned());
    root.process_files().map(|mut all| all.pids()).unwrap_or_default().into_iter().filter_map(name).collect()
}
