//! The reasons why an entry of a cleaned directory stays.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $word:literal,)*) => {
        /// The reason why an entry of a cleaned directory stays.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kept { $($(#[$doc])* $name,)* }

        impl Kept {
            /// The key of its sentence below `clean.`.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

reasons! {
    /// It was read, written or changed too recently.
    Young "young",
    /// One of its times is in the future.
    Future "future",
    /// A process or the kernel uses it.
    InUse "in_use",
    /// Somebody holds a lock on it.
    Locked "locked",
    /// Its name is protected, or the entry keeps it.
    Protected "protected",
    /// It belongs to osmon.
    Own "own",
    /// It is a socket, a fifo or a device.
    Special "special",
    /// It has the sticky bit.
    Sticky "sticky",
    /// It has hard links elsewhere: removing one frees nothing.
    Linked "linked",
    /// Another file system is mounted there, or it is a subvolume.
    Mount "mount",
    /// It may not be changed or only be appended to (chattr(1)).
    Immutable "immutable",
    /// It is nested too deeply.
    Deep "deep",
    /// It is larger than what one run may remove.
    Large "large",
    /// It cannot be read.
    Unreadable "unreadable",
    /// It changed between the decision and the removal.
    Changed "changed",
    /// Something new appeared in it, or it is busy.
    Busy "busy",
    /// The file system refused.
    Failed "failed",
    /// The run had no time left for it.
    NoTime "no_time",
}
