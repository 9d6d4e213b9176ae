//! Names of users, from `/etc/passwd`. No name service is asked, because it may hang.

use super::Root;

/// The users of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users(Vec<User>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct User {
    uid: u32,
    gid: Option<u32>,
    name: String,
}

impl Root {
    /// Reads the users.
    pub fn users(&self) -> Users {
        Users::parse(&self.etc("passwd").unwrap_or_default())
    }
}

impl Users {
    fn parse(passwd: &[u8]) -> Self {
        let text = String::from_utf8_lossy(passwd);
        let user = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?;
            let uid = fields.nth(1)?.parse().ok()?;
            Some(User { uid, gid: fields.next().and_then(|gid| gid.parse().ok()), name: name.to_string() })
        };
        Self(text.lines().filter_map(user).collect())
    }

    /// Name of a user; its number when it has none.
    pub fn name(&self, uid: u32) -> String {
        self.find(uid).map_or_else(|| uid.to_string(), |user| user.name.clone())
    }

    /// Number of the group of a user.
    pub fn gid(&self, uid: u32) -> Option<u32> {
        self.find(uid)?.gid
    }

    fn find(&self, uid: u32) -> Option<&User> {
        self.0.iter().find(|user| user.uid == uid)
    }

    /// Number of a user by its name, or by the number itself; `None`: there is no such user.
    pub fn uid(&self, name: &str) -> Option<u32> {
        self.0.iter().find(|user| user.name == name).map(|user| user.uid).or_else(|| name.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names_and_numbers() {
        let users =
            Users::parse(b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n:x:5:\napp:x:1001:1002::/:\nbad\n");
        assert_eq!((users.name(0).as_str(), users.name(1001).as_str(), users.name(5).as_str()), ("root", "app", "5"));
        assert_eq!((users.uid("app"), users.uid("1001"), users.uid("toor")), (Some(1001), Some(1001), Some(0)));
        assert_eq!((users.gid(0), users.gid(1001), users.gid(5), users.gid(7)), (Some(0), Some(1002), None, None));
        assert_eq!((users.uid("nobody"), users.uid(""), users.uid("-1")), (None, None, None));
    }
}
