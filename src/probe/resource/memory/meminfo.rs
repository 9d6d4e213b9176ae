//! `/proc/meminfo` (proc_meminfo(5)) and the ZFS cache: each line alone, so that one of another form costs no other.

use crate::probe::fields::{lines, number, value_of, words};

/// Values in bytes (huge pages: their number); `None`: the line is missing or has no number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Meminfo {
    pub total: Option<u64>,
    pub free: Option<u64>,
    pub available: Option<u64>,
    pub buffers: Option<u64>,
    pub cached: Option<u64>,
    pub swap_total: Option<u64>,
    pub swap_free: Option<u64>,
    pub dirty: Option<u64>,
    pub shared: Option<u64>,
    pub slab: Option<u64>,
    pub anonymous: Option<u64>,
    slab_reclaimable: Option<u64>,
    kernel_reclaimable: Option<u64>,
    active_file: Option<u64>,
    inactive_file: Option<u64>,
    huge_pages: Option<u64>,
    huge_pages_free: Option<u64>,
    huge_page_size: Option<u64>,
    huge_all_sizes: Option<u64>,
}

impl Meminfo {
    /// Parses the file. Of lines with the same name the first with a number counts.
    pub fn parse(content: &[u8]) -> Self {
        let mut info = Self::default();
        for line in lines(content) {
            let Some(name) = line.split(|byte| *byte == b':').next() else { continue };
            let (slot, factor) = match name {
                b"MemTotal" => (&mut info.total, 1024),
                b"MemFree" => (&mut info.free, 1024),
                b"MemAvailable" => (&mut info.available, 1024),
                b"Buffers" => (&mut info.buffers, 1024),
                b"Cached" => (&mut info.cached, 1024),
                b"SwapTotal" => (&mut info.swap_total, 1024),
                b"SwapFree" => (&mut info.swap_free, 1024),
                b"Dirty" => (&mut info.dirty, 1024),
                b"Shmem" => (&mut info.shared, 1024),
                b"AnonPages" => (&mut info.anonymous, 1024),
                b"Slab" => (&mut info.slab, 1024),
                b"SReclaimable" => (&mut info.slab_reclaimable, 1024),
                b"KReclaimable" => (&mut info.kernel_reclaimable, 1024),
                b"Active(file)" => (&mut info.active_file, 1024),
                b"Inactive(file)" => (&mut info.inactive_file, 1024),
                b"HugePages_Total" => (&mut info.huge_pages, 1),
                b"HugePages_Free" => (&mut info.huge_pages_free, 1),
                b"Hugepagesize" => (&mut info.huge_page_size, 1024),
                b"Hugetlb" => (&mut info.huge_all_sizes, 1024),
                _ => continue,
            };
            if slot.is_none() {
                *slot = value_of(line, name).map(|value| value.saturating_mul(factor));
            }
        }
        info
    }

    /// Page cache and buffers, with shared memory.
    pub fn cached_and_buffers(&self) -> Option<u64> {
        Some(self.cached?.saturating_add(self.buffers.unwrap_or_default()))
    }

    /// Most that can be available: free memory, page cache without shared memory, and what the kernel can reclaim of its own.
    /// The lists of file pages have, beyond the page cache, pages that programs have given back (`MADV_FREE`).
    pub fn most_available(&self) -> Option<u64> {
        let total = self.total?;
        let cache = self.cached_and_buffers()?.saturating_sub(self.shared.unwrap_or_default());
        let listed = self.active_file.unwrap_or_default().saturating_add(self.inactive_file.unwrap_or_default());
        let listed = if listed <= total { listed } else { 0 };
        let own = self.slab_reclaimable.unwrap_or_default().max(self.kernel_reclaimable.unwrap_or_default());
        Some(self.free?.saturating_add(cache.max(listed)).saturating_add(own).min(total))
    }

    /// Available memory where the kernel does not estimate it (before 3.14): free memory, and page cache without shared memory.
    pub fn estimated_available(&self) -> Option<u64> {
        let cache = self.cached_and_buffers()?.saturating_sub(self.shared.unwrap_or_default());
        Some(self.free?.saturating_add(cache).min(self.total?))
    }

    /// Memory set aside for huge pages, used or not: of all sizes where the kernel says so (4.16), else of the default size.
    pub fn huge(&self) -> Option<u64> {
        self.huge_all_sizes.or_else(|| Some(self.huge_pages?.saturating_mul(self.huge_page_size?)))
    }

    /// Memory of huge pages of the default size that nobody uses.
    pub fn huge_free(&self) -> Option<u64> {
        Some(self.huge_pages_free?.saturating_mul(self.huge_page_size?))
    }
}

/// Bytes of the ZFS cache (ARC) above its minimum, from `arcstats`: the kernel does not count them as available, but ZFS
/// frees them when programs need memory. Lines such as `size 4 12345`. 0 where the cache is larger than `total`: then it is
/// that of another host.
pub fn zfs_cache_bytes(content: &[u8], total: u64) -> u64 {
    let (mut size, mut least) = (None, None);
    for line in lines(content) {
        let mut fields = words(line);
        let slot = match fields.next() {
            Some(b"size") => &mut size,
            Some(b"c_min") => &mut least,
            _ => continue,
        };
        if slot.is_none() {
            *slot = fields.nth(1).and_then(number);
        }
    }
    let (size, least) = (size.unwrap_or_default(), least.unwrap_or_default());
    if size <= total { u64::saturating_sub(size, least) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_line_is_read_alone() {
        let info =
            Meminfo::parse(b"MemTotal: x\nMemTotal: 100 kB\nMemTotal: 7 kB\nNew thing\nCached: 20 kB\nSlab: ?\n");
        assert_eq!((info.total, info.cached, info.slab), (Some(102_400), Some(20_480), None));
        assert_eq!((info.free, info.most_available(), info.huge()), (None, None, None));
        let content = b"13 1 0x01\nname type data\nsize 4 40960\nc_min 4 10240\nc 4 7\nsize_x 4 1\n";
        assert_eq!((zfs_cache_bytes(content, 40_960), zfs_cache_bytes(content, 40_959)), (30_720, 0));
        assert_eq!(zfs_cache_bytes(b"size\nc_min 4 x", u64::MAX), 0);
    }

    #[test]
    fn what_can_be_available() {
        let text = "MemTotal: 100 kB\nMemFree: 10 kB\nCached: 30 kB\nBuffers: 5 kB\nShmem: 20 kB\n";
        let most = |more: &str| Meminfo::parse(format!("{text}{more}").as_bytes()).most_available().unwrap() / 1024;
        assert_eq!(most(""), 25);
        assert_eq!(most("SReclaimable: 7 kB\nKReclaimable: 9 kB\n"), 34);
        assert_eq!(most("Active(file): 20 kB\nInactive(file): 15 kB\n"), 45);
        assert_eq!(most("Active(file): 18446744073709551615 kB\n"), 25);
        assert_eq!(most("SReclaimable: 99999 kB\n"), 100);
    }

    proptest! {
        #[test]
        fn any_text_around_a_line_leaves_its_value(before in "[^M]{0,80}", after in any::<Vec<u8>>(), kib in 0_u64..1 << 40) {
            let text = [before.as_bytes(), format!("\nMemTotal: {kib} kB\n").as_bytes(), &after].concat();
            prop_assert_eq!(Meminfo::parse(&text).total, Some(kib * 1024));
        }

        #[test]
        fn any_numbers_have_an_answer(numbers in proptest::collection::vec(any::<u64>(), 12)) {
            let names = ["MemTotal", "MemFree", "Cached", "Buffers", "Shmem", "SReclaimable", "Active(file)",
                "HugePages_Total", "Hugepagesize", "HugePages_Free", "KReclaimable", "Inactive(file)"];
            let text: String = names.iter().zip(&numbers).map(|(name, value)| format!("{name}: {value}\n")).collect();
            let info = Meminfo::parse(text.as_bytes());
            prop_assert!(info.most_available() <= info.total);
            let _ = (info.huge(), info.huge_free(), zfs_cache_bytes(text.as_bytes(), u64::MAX));
        }
    }
}
