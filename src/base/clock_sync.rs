//! Synchronisation of the host's clock from adjtimex(2), for which no dependency has a safe wrapper.

/// `false` while the kernel has `STA_UNSYNC` set; `None` if adjtimex(2) fails.
#[expect(unsafe_code, reason = "adjtimex(2) with modes = 0 only reads into a structure of our own")]
pub fn is_synchronized() -> Option<bool> {
    // SAFETY: timex is a plain C structure, for which all zeros is a valid value; modes = 0 changes nothing; the pointer is to
    // a local that outlives the call.
    let (state, status) = unsafe {
        let mut timex: nix::libc::timex = std::mem::zeroed();
        let state = nix::libc::adjtimex(&raw mut timex);
        (state, timex.status)
    };
    (state >= 0).then_some(status & nix::libc::STA_UNSYNC == 0)
}
