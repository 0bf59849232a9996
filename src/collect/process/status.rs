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
    /// A zombie has none any more, a thread of the kernel never had any.
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

    /// Its rights to files, without its user namespace. `None` when the text did not go so far.
    pub(super) fn rights(&self) -> Option<Rights> {
        let (uid, gid) = (*self.uids.get(3)?, *self.gids.get(3)?);
        let mut groups = self.groups.clone();
        groups.push(gid);
        groups.sort_unstable();
        groups.dedup();
        Some(Rights { uid, gid, groups, overrides: self.effective & OVERRIDES != 0, ..Rights::default() })
    }
}

/// Why a process may not be read, and with which container it may.
pub(super) fn denied(pid: u32, theirs: &ProcStatus, ours: (u32, u32), our_capabilities: u64) -> String {
    let (Some(&uid), Some(&gid)) = (theirs.uids.first(), theirs.gids.first()) else {
        return format!("process {pid} may not be read from here. {}", cure(pid, (0, 0), true));
    };
    let same = (uid, gid) == ours;
    let changed = theirs.uids.iter().take(3).any(|id| *id != uid) || theirs.gids.iter().take(3).any(|id| *id != gid);
    let lacking = theirs.permitted & !our_capabilities != 0;
    let ours = if same { ", as this check does".to_owned() } else { format!(", this check as UID {}, GID {}", ours.0, ours.1) };
    let more = match (lacking, same || changed) {
        (true, _) => ", and it has capabilities that this check lacks",
        (false, true) => ", and it changed its user after its start, or a security module shuts it off",
        (false, false) => "",
    };
    // A user other than root keeps no capability that its container is given: only root can make use of SYS_PTRACE.
    let with_ptrace = lacking || same || changed;
    let ids = if with_ptrace { (0, 0) } else { (uid, gid) };
    format!("process {pid} may not be read from here: it runs as UID {uid}, GID {gid}{ours}{more}. {}", cure(pid, ids, with_ptrace))
}

/// The container in which it may be judged.
pub(super) fn cure(pid: u32, (uid, gid): (u32, u32), with_ptrace: bool) -> String {
    // The strictest one that allows it: general adds SYS_PTRACE, which Pod Security's baseline does not admit, and restricted admits no root.
    let (and, profile, capabilities) = match (with_ptrace, uid) {
        (true, _) => (" and SYS_PTRACE", "general", r#","capabilities":{"add":["SYS_PTRACE"]}"#),
        (false, 0) => ("", "baseline", ""),
        (false, _) => ("", "restricted", ""),
    };
    format!(
        "Give the debug container UID {uid}, GID {gid}{and}: kubectl debug -it POD --target=CONTAINER --image=IMAGE --profile={profile} \
         --custom=as.json -- /irsa-probe check --pid {pid}, with {{\"securityContext\":{{\"runAsUser\":{uid},\"runAsGroup\":{gid}{capabilities}}}}} in as.json"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tapp\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nPid:\t7\nPPid:\t3\nUid:\t1000\t1000\t1000\t1001\n\
        Gid:\t3000\t3000\t3000\t3001\nFDSize:\t64\nGroups:\t4000 2000 \nVmSize:\t    2880 kB\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n";
    /// As containerd gives them to root.
    const DEFAULT: u64 = 0xa804_25fb;

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
            denied(7, &status, (0, 0), 0);
        }
    }

    #[test]
    fn who_may_not_read_is_told_who_may() {
        let of = |uid, gid, permitted| ProcStatus { uids: vec![uid; 3], gids: vec![gid; 3], permitted, ..ProcStatus::default() };
        let own = (65532, 65532);
        for (theirs, ours, capabilities, says, json) in [
            (
                of(1000, 3000, 0),
                own,
                0,
                "UID 1000, GID 3000, this check as UID 65532, GID 65532. Give",
                r#"{"runAsUser":1000,"runAsGroup":3000}"#,
            ),
            (of(65532, 0, 0), own, 0, "GID 0, this check as UID 65532, GID 65532. Give", r#"{"runAsUser":65532,"runAsGroup":0}"#),
            (of(0, 0, 0), own, 0, "UID 0, GID 0, this check as UID 65532", r#"{"runAsUser":0,"runAsGroup":0}"#),
            (
                of(0, 0, DEFAULT),
                own,
                0,
                "capabilities that this check lacks",
                r#""runAsUser":0,"runAsGroup":0,"capabilities":{"add":["SYS_PTRACE"]}}"#,
            ),
            (of(0, 0, u64::MAX), (0, 0), DEFAULT, "as this check does, and it has capabilities", r#""add":["SYS_PTRACE"]"#),
            (of(65532, 65532, 0), own, 0, "as this check does, and it changed its user", r#""runAsUser":0,"#),
            (of(1000, 1000, 1 << 10), own, 0, "has capabilities", r#""runAsUser":0,"#),
        ] {
            let said = denied(7, &theirs, ours, capabilities);
            assert!(said.contains(says) && said.contains(json) && !said.contains('\n'), "{said}");
            let profile = match (json.contains("SYS_PTRACE") || json.ends_with(','), json.contains(r#""runAsUser":0"#)) {
                (true, _) => "general",
                (false, true) => "baseline",
                (false, false) => "restricted",
            };
            assert!(said.contains(&format!("--target=CONTAINER --image=IMAGE --profile={profile} --custom=as.json")), "{said}");
        }
        assert_eq!(denied(7, &of(1000, 1000, 0), own, 0).matches("SYS_PTRACE").count(), 0, "it would be of no use");
    }
}
