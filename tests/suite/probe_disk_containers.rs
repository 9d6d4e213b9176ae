//! File systems of hosts with containers, and as seen inside one.

use super::probe_disk::{FULL, ROOMY, host, run, shown, snapshot};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

/// Mounts that container runtimes make for each container: mount point (`ID`: the container), type, source, options.
const OF_CONTAINERS: [(&str, &str, &str, &str); 12] = [
    ("/run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/rootfs", "overlay", "overlay", "rw,lowerdir=/l"),
    (
        "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/ID/rootfs",
        "overlay",
        "overlay",
        "rw,lowerdir=/l,upperdir=/var/lib/rancher/ID/fs",
    ),
    (
        "/data/docker/overlay2/ID/merged",
        "overlay",
        "overlay",
        "rw,lowerdir=l/A:l/B,upperdir=/data/docker/overlay2/ID/diff",
    ),
    ("/var/snap/microk8s/ID/rootfs", "overlay", "overlay", "rw,lowerdir=/l,upperdir=ID/diff,workdir=ID/work"),
    (
        "/home/anna/storage/overlay/ID/merged",
        "overlay",
        "overlay",
        "rw,lowerdir=/l,upperdir=/home/anna/storage/overlay/ID/diff",
    ),
    ("/run/containers/storage/overlay-containers/ID/rootfs", "overlay", "overlay", "ro,lowerdir=/l:/m"),
    ("/run/containerd/io.containerd.grpc.v1.cri/sandboxes/ID/shm", "tmpfs", "shm", "rw,size=65536k"),
    ("/run/containers/storage/overlay-containers/ID/userdata/shm", "tmpfs", "shm", "rw,size=64000k"),
    (
        "/var/lib/kubelet/pods/ID/volumes/kubernetes.io~projected/kube-api-access-x",
        "tmpfs",
        "tmpfs",
        "rw,size=1048576k",
    ),
    ("/var/lib/k0s/kubelet/pods/ID/volumes/kubernetes.io~secret/s", "tmpfs", "tmpfs", "rw"),
    ("/run/netns/ID", "nsfs", "nsfs", "rw"),
    ("/home/anna/.local/share/ID/merged", "fuse.fuse-overlayfs", "fuse-overlayfs", "rw"),
];

#[test]
fn containers_are_no_file_systems_of_their_own() {
    let made = prop::collection::vec((0..OF_CONTAINERS.len(), "[0-9a-f]{12,64}"), 0..40);
    let test = |made: Vec<(usize, String)>| {
        let mut mounts = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 20 8:16 / /data rw - xfs /dev/sdb rw\n".to_string();
        let mut spaces = vec![("/".to_string(), FULL.to_string()), ("/data".to_string(), ROOMY.to_string())];
        for (number, (which, id)) in made.iter().enumerate() {
            let (point, kind, source, options) = OF_CONTAINERS[*which];
            let [point, options] = [point, options].map(|text| text.replace("ID", id));
            mounts += &format!("{} 20 0:{} / {point} rw - {kind} {source} {options}\n", number + 100, number + 100);
            spaces.push((point, FULL.to_string()));
        }
        let spaces: Vec<(&str, &str)> = spaces.iter().map(|(point, space)| (point.as_str(), space.as_str())).collect();
        let mut host = host(&mounts, &spaces);
        let names: Vec<String> = shown(&snapshot(&host)).into_iter().map(|disk| disk.0).collect();
        prop_assert_eq!(names, ["/", "/data"]);
        prop_assert_eq!(run(&mut host, 4), ["fired critical File system /"]);
        Ok(())
    };
    let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&made, test).unwrap();
}

#[test]
fn inside_a_container_the_disk_is_the_root() {
    let root = "700 600 0:77 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/a/diff\n";
    let file = |number: u32, from: &str, to: &str| format!("{number} 700 254:1 {from} {to} rw - ext4 /dev/vda1 rw\n");
    let files =
        file(702, "/var/lib/docker/containers/a/resolv.conf", "/etc/resolv.conf") + &file(703, "/x", "/etc/hosts");
    let config = file(704, "/home/anna/app.toml", "/app/app.toml");
    let volume = file(705, "/srv/data", "/var/lib/data");
    let quota = "4096 50000 5000 5000 4096 4000";
    /// A name, the mounts, the answer for `/`, and the disks: mount point and type.
    type Case<'a> = (&'a str, String, &'a str, &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 5] = [
        ("files", root.to_string() + &files, FULL, &[("/", "overlay")]),
        ("a file that has no space of its own", files.clone() + root + &config, FULL, &[("/", "overlay")]),
        ("a volume of the same disk", root.to_string() + &files + &volume, FULL, &[("/", "/dev/vda1")]),
        (
            "a quota on the root",
            files.clone() + root + &volume,
            quota,
            &[("/", "overlay"), ("/var/lib/data", "/dev/vda1")],
        ),
        (
            "a volume as root",
            "700 600 254:1 /srv/root / rw - ext4 /dev/vda1 rw\n".to_string() + &files,
            FULL,
            &[("/", "/dev/vda1")],
        ),
    ];
    for (name, mounts, space, expected) in cases {
        let host =
            host(&mounts, &[("/", space), ("/etc/hosts", FULL), ("/app/app.toml", FULL), ("/var/lib/data", FULL)]);
        std::fs::create_dir_all(host.root().join("app")).unwrap();
        host.write("app/app.toml", "");
        let snapshot = snapshot(&host);
        let of = |disk: &Value| [&disk["mount"], &disk["device"]].map(|value| value.as_str().unwrap().to_string());
        let found: Vec<[String; 2]> = snapshot["disk"].as_array().unwrap().iter().map(of).collect();
        let expected: Vec<[String; 2]> =
            expected.iter().map(|(mount, device)| [*mount, *device].map(String::from)).collect();
        assert_eq!(found, expected, "{name}");
    }
}
