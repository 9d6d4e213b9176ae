//! Failed units of users: a run asks the manager of one user.

use super::probe_systemd::{host, members, probe, unit};

#[test]
fn a_run_asks_one_user_and_a_user_fills_a_limited_number_of_rows() {
    let mut host = host("", &unit("ssh.service", "loaded", "active", "running", ""));
    host.write("etc/passwd", "alice:x:1000:1000::/:/bin/sh\ncarol:x:1002:1002::/:/bin/sh\n");
    std::fs::create_dir_all(host.root().join("var/lib/systemd/linger")).unwrap();
    for (user, uid) in [("alice", 1000), ("carol", 1002)] {
        host.write(&format!("var/lib/systemd/linger/{user}"), "");
        let units = (0..30).map(|number| unit(&format!("u{number:02}.service"), "loaded", "failed", "failed", ""));
        host.write(&format!("systemctl-show-user-{uid}"), &units.collect::<String>());
    }
    let mut rows = || members(&probe(&mut host), "systemd_unit", "unit", "state");
    let first = rows();
    assert!(first.len() == 21 && first.iter().all(|row| row.starts_with("alice/")), "{first:?}");
    assert!(first.iter().any(|row| row.contains("alice/other units") && row.contains("and 10 more")), "{first:?}");
    let second = rows();
    assert_eq!(second.len(), 42, "{second:?}");
    assert_eq!(rows(), second, "what is known stays until the user is asked again");
}
