//! Memory modules with errors: `/sys/devices/system/edac/mc/mc<n>/dimm<n>` (`Documentation/driver-api/edac.rst`).

use crate::base::sort::SmallSort;
use crate::base::text::{NAME_MAX, clean};
use crate::host::Root;

/// A module with errors since the driver was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryModule {
    /// Label of the slot on the board, or the name of the module in `/sys`.
    pub name: String,
    /// Errors that were corrected.
    pub corrected: u64,
    /// Errors that could not be corrected.
    pub uncorrected: u64,
}

/// The modules of a controller with errors, most first.
pub fn memory_modules(root: &Root, controller: &str) -> Vec<MemoryModule> {
    if controller.contains('/') || controller.starts_with('.') {
        return Vec::new();
    }
    let directory = format!("devices/system/edac/mc/{controller}");
    let names = root.sys_names(&directory).unwrap_or_default().into_iter();
    let modules = names.filter(|name| name.starts_with("dimm") || name.starts_with("rank")).map(|name| {
        let line = |file: &str| root.sys_line(&format!("{directory}/{name}/{file}")).unwrap_or_default();
        let count = |file: &str| line(file).parse().unwrap_or(0);
        let (corrected, uncorrected) = (count("dimm_ce_count"), count("dimm_ue_count"));
        let label = Some(line("dimm_label")).filter(|label| !label.is_empty());
        MemoryModule { name: clean(&label.unwrap_or(name), NAME_MAX), corrected, uncorrected }
    });
    let mut modules: Vec<MemoryModule> =
        modules.filter(|module| (module.corrected, module.uncorrected) != (0, 0)).collect();
    modules.arrange_by_key(|module| std::cmp::Reverse((module.uncorrected, module.corrected)));
    modules
}
