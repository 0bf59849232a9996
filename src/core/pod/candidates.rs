//! Which visible process is the application (`check --pid auto`, and `--pid 1` in a pod that shares its process namespace).
//!
//! Process 1 of such a pod is the pause container's (Kubernetes, "Share Process Namespace between Containers in a Pod"). It holds the pod's
//! namespaces, has none of the webhook's variables, and never calls AWS.

use std::fmt::Write;

/// `--pid`: the process to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The process with this number.
    Number(u32),
    /// The only process that can be the application.
    Auto,
}

impl Target {
    /// Reads `N` or `auto`.
    pub fn parse(text: &str) -> Option<Target> {
        match text {
            "auto" => Some(Target::Auto),
            number => number.parse().ok().filter(|number| *number > 0).map(Target::Number),
        }
    }
}

/// What can be seen of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessFacts {
    /// Its number.
    pub pid: u32,
    /// Its parent's number. 0 where the parent is in another namespace.
    pub parent: u32,
    /// Its name (`comm`).
    pub name: String,
    /// It has ended, or is a thread of the kernel.
    pub is_none: bool,
    /// User, groups and capabilities that decide about files. Two texts are equal when these are equal.
    pub rights: String,
    /// Its effective user and group.
    pub ids: (u32, u32),
    /// What its container's processes have in common.
    pub container: Container,
    /// It has another network than this check, so this check cannot check it.
    pub is_elsewhere: bool,
    /// Its environment, or why it may not be read.
    pub environment: Result<Variables, String>,
}

/// What distinguishes containers. Each has its own control group and its own mount namespace. Only a privileged process can see the mount
/// namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// `/proc/N/cgroup`
    pub cgroup: String,
    /// `/proc/N/ns/mnt`
    pub mounts: Option<String>,
}

impl Container {
    fn is_same(&self, other: &Container) -> bool {
        let same_mounts = self.mounts.as_ref().zip(other.mounts.as_ref()).is_none_or(|(one, other)| one == other);
        self.cgroup == other.cgroup && same_mounts
    }
}

/// What is known about a process's environment. It holds no value of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variables {
    /// It has variables that begin with `AWS_`.
    pub has_aws: bool,
    /// Two marks are equal when all variables that a check reads are equal.
    pub mark: u64,
}

/// The name of the pause container's program, in every distribution's image.
pub const PAUSE: &str = "pause";
/// The name of this program.
const OWN: &str = "irsa-probe";

impl ProcessFacts {
    /// Whether it is the pause container's process: it has that name, and no `AWS_*` variable of it was seen.
    pub fn is_pause(&self) -> bool {
        self.name == PAUSE && !self.environment.as_ref().is_ok_and(|variables| variables.has_aws)
    }
}

/// A process that may be the application, and the number of other processes like it in its container: workers that it started, or shells
/// of `kubectl exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The topmost process.
    pub seen: &'a ProcessFacts,
    /// How many other processes are like it.
    pub like_it: usize,
}

/// The candidates, by number. These are no candidates: this check, the processes of its own container that started it (the debug container's
/// shell), the processes that it started, another probe, pause, ended processes, the kernel's threads, and processes with another network.
///
/// Processes of one container with the same variables and the same rights to files have the same identity. They are one candidate. With other
/// rights the identity may differ: a worker that changed its user may be unable to read the token that its parent reads.
pub fn candidates(all: &[ProcessFacts], own: u32) -> Vec<Candidate<'_>> {
    let above = above(all, own);
    let below = |seen: &ProcessFacts| ancestors(all, seen).any(|ancestor| ancestor.pid == own);
    let counts = |seen: &&ProcessFacts| {
        let apart = seen.is_none || seen.is_elsewhere || seen.is_pause() || seen.name == OWN;
        !apart && seen.pid != own && !above.contains(&seen.pid) && !below(seen)
    };
    let mut found: Vec<Candidate<'_>> = Vec::new();
    let mut counted: Vec<&ProcessFacts> = all.iter().filter(counts).collect();
    // Parents come before their children. Processes of the same depth are sorted by number.
    counted.sort_by_key(|seen| (ancestors(all, seen).count(), seen.pid));
    for seen in counted {
        match found.iter_mut().find(|candidate| are_one_candidate(candidate.seen, seen)) {
            Some(candidate) => candidate.like_it += 1,
            None => found.push(Candidate { seen, like_it: 0 }),
        }
    }
    found.sort_by_key(|candidate| candidate.seen.pid);
    found
}

/// Whether two processes are one candidate. When neither environment may be read, they count as equal: neither process can be checked, and the
/// repair is the same for both.
fn are_one_candidate(top: &ProcessFacts, other: &ProcessFacts) -> bool {
    let alike = match (&top.environment, &other.environment) {
        (Ok(one), Ok(another)) => one.mark == another.mark,
        (Err(_), Err(_)) => true,
        _ => false,
    };
    alike && top.container.is_same(&other.container) && top.rights == other.rights
}

fn find(all: &[ProcessFacts], pid: u32) -> Option<&ProcessFacts> {
    all.iter().find(|seen| seen.pid == pid)
}

/// The ancestors, from the parent upwards. The iteration ends even if the processes changed while they were read, and form a circle.
fn ancestors<'a>(all: &'a [ProcessFacts], seen: &ProcessFacts) -> impl Iterator<Item = &'a ProcessFacts> {
    std::iter::successors(find(all, seen.parent), |seen| find(all, seen.parent)).take(all.len())
}

/// The numbers of the processes that started this check, within its own container.
fn above(all: &[ProcessFacts], own: u32) -> Vec<u32> {
    let Some(own) = find(all, own) else { return Vec::new() };
    ancestors(all, own).take_while(|ancestor| ancestor.container.is_same(&own.container)).map(|ancestor| ancestor.pid).collect()
}

/// How many candidates are listed at most.
const MOST: usize = 16;

/// The candidates on one line, for a person who has to choose.
pub fn listed(candidates: &[Candidate<'_>]) -> String {
    let mut text = String::new();
    for Candidate { seen, like_it } in candidates.iter().take(MOST) {
        let variables = match &seen.environment {
            Ok(variables) if variables.has_aws => "has AWS_* variables",
            Ok(_) => "has no AWS_* variable",
            Err(why) => why,
        };
        let more = match like_it {
            0 => String::new(),
            1 => ", one more like it".to_owned(),
            n => format!(", {n} more like it"),
        };
        let separator = if text.is_empty() { "" } else { "; " };
        // Writing to a string cannot fail.
        let (uid, gid) = seen.ids;
        let _ = write!(text, "{separator}{} ({}, UID {uid}, GID {gid}, {variables}{more})", seen.pid, seen.name);
    }
    if candidates.len() > MOST {
        let _ = write!(text, "; and {} more", candidates.len() - MOST);
    }
    text
}

/// `--pid auto`: the only candidate, or one line that says why there is none.
pub fn only(all: &[ProcessFacts], own: u32) -> Result<u32, String> {
    let found = candidates(all, own);
    match found.as_slice() {
        [only] => Ok(only.seen.pid),
        [] => Err(
            "auto: no process here can be the application; start this container with kubectl debug --target=CONTAINER, or in a pod that \
             shares its process namespace. In the application's own container omit --pid"
                .to_owned(),
        ),
        several => Err(format!(
            "auto: {} processes here can be the application; choose one and give its number: {}",
            several.len(),
            listed(several)
        )),
    }
}

/// `--pid 1`: one line that names the candidates, if process 1 is the pause container's and there are any.
pub fn instead_of_pause(all: &[ProcessFacts], own: u32) -> Option<String> {
    let pause = find(all, 1).filter(|first| first.is_pause())?;
    let others = candidates(all, own);
    let has_none = if pause.environment.is_ok() { ", which has no AWS_* variable" } else { "" };
    (!others.is_empty()).then(|| {
        format!(
            "process 1 is the pause container's{has_none}: this pod shares its process namespace. Give the application's number: {}",
            listed(&others)
        )
    })
}

#[cfg(test)]
mod tests;
