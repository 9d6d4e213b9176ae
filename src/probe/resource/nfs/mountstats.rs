//! `/proc/self/mountstats` of NFS clients (`net/sunrpc/stats.c`, `fs/nfs/super.c` of the kernel).

use crate::base::text::{clean_bytes, unescape};
use crate::probe::fields::{lines, number, words};
use serde::{Deserialize, Serialize};

/// Types of file systems that are mounted from an NFS server.
const KINDS: [&[u8]; 2] = [b"nfs", b"nfs4"];
/// Longest name of an export, in characters; it is only shown.
const EXPORT_MAX: usize = 255;

/// Counters of a mount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests that were answered.
    pub operations: u64,
    /// Times that requests were sent, so more than `operations` when some had to be repeated.
    pub transmissions: u64,
    /// Time from the start of a request to its end, summed, in milliseconds.
    pub milliseconds: u64,
    /// Requests sent over the connections to the server, which other mounts may share.
    pub sent: u64,
    /// Answers received over them.
    pub received: u64,
    /// Attempts to connect.
    pub connects: u64,
}

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NfsMount {
    /// Mount point, unescaped.
    pub point: Vec<u8>,
    /// `server:/export`.
    pub export: String,
    /// Its counters.
    pub counts: Counts,
}

/// The NFS mounts, of which the last one counts where they are stacked.
pub fn parse(content: &[u8]) -> Vec<NfsMount> {
    let mut mounts: Vec<NfsMount> = Vec::new();
    let (mut is_nfs, mut is_operation) = (false, false);
    for line in lines(content) {
        let line = line.trim_ascii();
        if line.starts_with(b"device ") {
            let mount = header(line);
            is_nfs = mount.is_some();
            is_operation = false;
            if let Some(mount) = mount {
                mounts.retain(|known| known.point != mount.point);
                mounts.push(mount);
            }
            continue;
        }
        let Some(mount) = mounts.last_mut().filter(|_| is_nfs) else { continue };
        if let Some(rest) = line.strip_prefix(b"xprt:") {
            transport(rest, &mut mount.counts);
        } else if line.starts_with(b"per-op statistics") {
            is_operation = true;
        } else if is_operation {
            operation(line, &mut mount.counts);
        }
    }
    mounts
}

/// `device nas:/export mounted on /mnt with fstype nfs4 statvers=1.1`
fn header(line: &[u8]) -> Option<NfsMount> {
    let fields: Vec<&[u8]> = words(line).collect();
    let [b"device", export, b"mounted", b"on", point, b"with", b"fstype", kind, ..] = *fields.as_slice() else {
        return None;
    };
    KINDS.contains(&kind).then(|| NfsMount {
        point: unescape(point),
        export: clean_bytes(&unescape(export), EXPORT_MAX),
        counts: Counts::default(),
    })
}

/// `tcp PORT BINDS CONNECTS CONNECT_TIME IDLE_TIME SENDS RECEIVES …`, `udp PORT BINDS SENDS RECEIVES …`. A mount has one
/// for each connection.
fn transport(rest: &[u8], counts: &mut Counts) {
    let fields: Vec<&[u8]> = words(rest).collect();
    let at = |place: usize| fields.get(place).copied().and_then(number);
    let [connects, sent, received] = match fields.first() {
        Some(&b"tcp" | &b"rdma") => [at(3), at(6), at(7)],
        Some(&b"udp") => [Some(0), at(3), at(4)],
        _ => return,
    };
    let Some(((connects, sent), received)) = connects.zip(sent).zip(received) else { return };
    counts.connects = counts.connects.saturating_add(connects);
    counts.sent = counts.sent.saturating_add(sent);
    counts.received = counts.received.saturating_add(received);
}

/// `READ: OPERATIONS TRANSMISSIONS TIMEOUTS SENT RECEIVED QUEUE_MS ANSWER_MS TOTAL_MS …`
fn operation(line: &[u8], counts: &mut Counts) {
    let Some(rest) = memchr::memchr(b':', line).and_then(|colon| line.get(colon + 1..)) else { return };
    let fields: Vec<u64> = words(rest).map_while(number).collect();
    let [operations, transmissions, _, _, _, _, _, milliseconds, ..] = *fields.as_slice() else { return };
    counts.operations = counts.operations.saturating_add(operations);
    counts.transmissions = counts.transmissions.saturating_add(transmissions);
    counts.milliseconds = counts.milliseconds.saturating_add(milliseconds);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATS: &str = "device sysfs mounted on /sys with fstype sysfs\n\
        device nas:/a\\040b mounted on /mnt/a\\040b with fstype nfs4 statvers=1.1\n\
        \topts:\trw,vers=4.2\n\tage:\t500\n\txprt:\ttcp 0 0 2 0 38 120 118 0 120 0 2 0 0\n\tper-op statistics\n\
        \t        READ: 100 101 0 5000 6000 10 20 400 0\n\t       WRITE: 10 10 0 1 1 1 1 100\n\
        device nas:/x mounted on /x with fstype nfs\n\txprt:\tudp 800 1 7 6 0 9 0\n\tper-op statistics\n\t NULL: 1 1 0 44 24 0 0 0\n";

    #[test]
    fn operations_are_summed_and_mount_points_unescaped() {
        let mounts = parse(STATS.as_bytes());
        assert_eq!((mounts[0].point.as_slice(), mounts[0].export.as_str()), (b"/mnt/a b".as_slice(), "nas:/a b"));
        let of = |operations, transmissions, milliseconds, sent, received, connects| Counts {
            operations,
            transmissions,
            milliseconds,
            sent,
            received,
            connects,
        };
        assert_eq!(mounts[0].counts, of(110, 111, 500, 120, 118, 2));
        assert_eq!((mounts[1].counts, mounts.len()), (of(1, 1, 0, 7, 6, 0), 2));
        assert_eq!(parse(b"device a mounted on /b with fstype ext4\n\txprt:\ttcp 0 0 2 0 38 1 1\n"), []);
    }

    proptest! {
        #[test]
        fn arbitrary_lines_cost_no_mount(noise in proptest::collection::vec(any::<u8>(), 0..80), at in 0..14_usize) {
            let _ = parse(&noise);
            prop_assume!(!noise.contains(&b'\n'));
            let text = noise.trim_ascii();
            prop_assume!(!text.starts_with(b"device ") && !text.starts_with(b"xprt:") && !text.contains(&b':'));
            prop_assume!(!text.starts_with(b"per-op"));
            let mut all: Vec<&[u8]> = STATS.lines().map(str::as_bytes).collect();
            all.insert(at.min(all.len()), &noise);
            prop_assert_eq!(parse(&all.join(&b'\n')), parse(STATS.as_bytes()));
        }
    }
}
