//! Synchronisation of the host's clock from adjtimex(2), for which no dependency has a safe wrapper.

/// State of the clock by adjtimex(2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KernelClock {
    /// `STA_UNSYNC` is not set.
    pub synchronized: bool,
    /// By how much the clock is behind its source, in milliseconds; negative: ahead. `None`: the program that keeps the time
    /// does not leave that to the kernel, as chrony does not.
    pub behind_ms: Option<f64>,
    /// Largest possible error, in milliseconds. It grows by 0.5 ms in each second without a correction. `None`: not known.
    pub max_error_ms: Option<f64>,
}

/// The clock of this host; `None` if adjtimex(2) fails.
#[expect(unsafe_code, reason = "adjtimex(2) with modes = 0 only reads into a structure of our own")]
pub fn read() -> Option<KernelClock> {
    // SAFETY: timex is a plain C structure, for which all zeros is a valid value; modes = 0 changes nothing; the pointer is to
    // a local that outlives the call.
    let (state, timex) = unsafe {
        let mut timex: nix::libc::timex = std::mem::zeroed();
        let state = nix::libc::adjtimex(&raw mut timex);
        (state, timex)
    };
    let is_set = |bit: i32| timex.status & bit != 0;
    let per_ms = if is_set(nix::libc::STA_NANO) { 1e6 } else { 1e3 };
    let synchronized = !is_set(nix::libc::STA_UNSYNC);
    (state >= 0).then_some(KernelClock {
        synchronized,
        behind_ms: (synchronized && is_set(nix::libc::STA_PLL)).then_some(timex.offset as f64 / per_ms),
        max_error_ms: (timex.maxerror >= 0).then_some(timex.maxerror as f64 / 1e3),
    })
}
