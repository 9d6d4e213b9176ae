//! The processes that an entry allows to be ended: chosen by their executable and user, never by their name.

use crate::host::Root;
use crate::host::process_facts::{Executable, ProcessFacts};
use crate::host::users::Users;
use crate::model::locale::key;
use crate::model::message::Message;

/// Number of the user whose processes must be allowed by the name `root`, or 0.
const ROOT: u32 = 0;

/// The allow-list of an entry on a host.
pub struct AllowList<'a> {
    root: &'a Root,
    executables: &'a [String],
    allowed: &'a [String],
    users: Users,
}

impl<'a> AllowList<'a> {
    /// The executables and users that an entry names.
    pub fn new(root: &'a Root, executables: &'a [String], allowed: &'a [String]) -> Self {
        Self { root, executables, allowed, users: root.users() }
    }

    /// Returns whether the path of an executable is named; its user may still be another.
    pub fn names(&self, exe: &Executable) -> bool {
        self.executables.iter().any(|path| path.as_bytes() == exe.path)
    }

    /// Name of a user.
    pub fn user_name(&self, uid: u32) -> String {
        self.users.name(uid)
    }

    /// The reason why a process is not allowed; `None`: it is allowed.
    pub fn objection(&self, process: &ProcessFacts) -> Option<Message> {
        let path = self.executables.iter().find(|path| {
            let exe = process.exe.as_ref().map(|exe| exe.path.as_slice());
            exe == Some(path.as_bytes())
        });
        let (Some(path), Some(exe)) = (path, &process.exe) else {
            return Some(Message::new(key::REPAIR_OTHER_PROGRAM).with("path", self.executables.join(", ")));
        };
        if exe.is_deleted {
            return Some(Message::new(key::REPAIR_PROGRAM_REPLACED).with("path", path.as_str()));
        }
        // In a container, or below another root directory, this path leads to another file.
        if !self.root.is_recorded() && (exe.file.is_none() || exe.file != self.root.program_file(path)) {
            return Some(Message::new(key::REPAIR_OTHER_FILE).with("path", path.as_str()));
        }
        let [uid, others @ ..] = process.uids;
        if others.iter().any(|other| *other != uid) {
            return Some(Message::new(key::REPAIR_MIXED_USERS));
        }
        let is_allowed = self.allowed.iter().any(|user| {
            let is_literal = uid != ROOT || user == "root" || user == "0";
            is_literal && self.users.uid(user) == Some(uid)
        });
        (!is_allowed).then(|| Message::new(key::REPAIR_OTHER_USER).with("user", self.user_name(uid)))
    }
}
