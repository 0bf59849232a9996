//! What /proc says of a process: who it is, and who may read it.

use crate::core::pod::access::Rights;

/// `/proc/N/status` (proc_pid_status(5)).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ProcStatus {
    pub(super) name: String,
    /// 0 where it is in another process namespace.
    pub(super) parent: u32,
    /// Real, effective, saved, and for files.
    pub(super) uids: Vec<u32>,
    pub(super) gids: Vec<u32>,
    pub(super) groups: Vec<u32>,
    pub(super) permitted: u64,
    pub(super) effective: u64,
    /// A zombie has no memory any more, a thread of the kernel never had any.
    pub(super) has_memory: bool,
    pub(super) is_dead: bool,
}

/// CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7)).
const OVERRIDES: u64 = 1 << 1 | 1 << 2;

impl ProcStatus {
    pub(super) fn parse(text: &str) -> ProcStatus {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        let ids = |name| field(name).map(|ids| ids.split_whitespace().filter_map(|id| id.parse().ok()).collect()).unwrap_or_default();
        let mask = |name| field(name).and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or_default();
        ProcStatus {
            name: field("Name").unwrap_or_default().to_owned(),
            parent: field("PPid").and_then(|pid| pid.parse().ok()).unwrap_or_default(),
            uids: ids("Uid"),
            gids: ids("Gid"),
            groups: ids("Groups"),
            permitted: mask("CapPrm"),
            effective: mask("CapEff"),
            has_memory: field("VmSize").is_some(),
            is_dead: field("State").is_some_and(|state| state.starts_with(['Z', 'X'])),
        }
    }

    /// Its rights to files, without its user namespace. `None` when the text ends before them.
    pub(super) fn rights(&self) -> Option<Rights> {
        let (uid, gid) = (*self.uids.get(3)?, *self.gids.get(3)?);
        let mut groups = self.groups.clone();
        groups.push(gid);
        groups.sort_unstable();
        groups.dedup();
        Some(Rights { uid, gid, groups, overrides: self.effective & OVERRIDES != 0, ..Rights::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::describe_denied;
    use super::*;

    const STATUS: &str = "Name:\tapp\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nPid:\t7\nPPid:\t3\nUid:\t1000\t1000\t1000\t1001\n\
        Gid:\t3000\t3000\t3000\t3001\nFDSize:\t64\nGroups:\t4000 2000 \nVmSize:\t    2880 kB\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n";

    #[test]
    fn a_status_is_read_as_far_as_it_goes() {
        let status = ProcStatus::parse(STATUS);
        assert_eq!((status.name.as_str(), status.parent, status.has_memory, status.is_dead), ("app", 3, true, false));
        // The last one of each is the one for files.
        let rights = Rights { uid: 1001, gid: 3001, groups: vec![2000, 3001, 4000], ..Rights::default() };
        assert_eq!(status.rights(), Some(rights.clone()));
        for (mask, overrides) in [("2", true), ("4", true), ("6", true), ("9", false), ("1ffffffffff", true), ("1fffffffff9", false)] {
            let status = ProcStatus::parse(&STATUS.replace("CapEff:\t0000000000000000", &format!("CapEff:\t{mask}")));
            assert_eq!(status.rights(), Some(Rights { overrides, ..rights.clone() }), "{mask}");
        }
        assert_eq!(ProcStatus::parse("Uid:\t0\t0\t0\nGid:\t0\t0\t0\n").rights(), None);
        let zombie = ProcStatus::parse("State:\tZ (zombie)\nUid:\t0\t0\t0\t0\n");
        assert!(zombie.is_dead && !zombie.has_memory);
        for end in 0..STATUS.len() {
            let status = ProcStatus::parse(&STATUS[..end]);
            describe_denied(7, &status, (0, 0), 0);
        }
    }
}
