//! Which of the processes that can be seen is the application (`check --pid auto`, and `--pid 1` in a pod that shares its process namespace).
//!
//! Process 1 of such a pod is the pause container's (Kubernetes, "Share Process Namespace between Containers in a Pod"): it holds the pod's
//! namespaces, has none of the webhook's variables, and never calls AWS.

use std::fmt::Write;

/// `--pid`: whom to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The process with this number.
    Number(u32),
    /// The only one that can be the application.
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

/// A process, as far as it can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessFacts {
    /// Its number.
    pub pid: u32,
    /// Its parent's; 0 where that is in another namespace.
    pub parent: u32,
    /// Its name (`comm`).
    pub name: String,
    /// It has ended, or is a thread of the kernel.
    pub is_none: bool,
    /// User, groups and capabilities, as they decide about files. Equal where these are.
    pub rights: String,
    /// Its effective user and group.
    pub ids: (u32, u32),
    /// What its container's processes have in common.
    pub container: Container,
    /// It has another network than this check: it cannot be judged from here.
    pub is_elsewhere: bool,
    /// Its environment, or why it may not be read.
    pub environment: Result<Variables, String>,
}

/// What tells containers apart: each has a control group of its own, and a mount namespace, which only the privileged may see.
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

/// What matters of an environment here. It holds no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variables {
    /// It has variables that begin with `AWS_`.
    pub has_aws: bool,
    /// Equal where all variables are that the judgement reads.
    pub mark: u64,
}

/// The name of the pause container's program, in every distribution's image.
pub const PAUSE: &str = "pause";
/// This program's own.
const OWN: &str = "irsa-probe";

impl ProcessFacts {
    /// The pause container's process: by its name, and as long as no `AWS_*` variable of it was seen.
    pub fn is_pause(&self) -> bool {
        self.name == PAUSE && !self.environment.as_ref().is_ok_and(|variables| variables.has_aws)
    }
}

/// A process that may be the application, and how many there are like it in its container: workers that it started, or shells of
/// `kubectl exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The topmost.
    pub seen: &'a ProcessFacts,
    /// The others.
    pub like_it: usize,
}

/// The candidates, by number. Not one: this check, what started it in its own container (the debug container's shell), what it started,
/// another probe, pause, what has ended, the kernel's threads, and what has another network.
///
/// Processes of one container with the same variables and the same rights to files have the same identity: they are one candidate. With other
/// rights they may not, as a worker that changed its user may not read the token that its parent reads.
pub fn candidates(all: &[ProcessFacts], own: u32) -> Vec<Candidate<'_>> {
    let above = above(all, own);
    let below = |seen: &ProcessFacts| ancestors(all, seen).any(|ancestor| ancestor.pid == own);
    let counts = |seen: &&ProcessFacts| {
        let apart = seen.is_none || seen.is_elsewhere || seen.is_pause() || seen.name == OWN;
        !apart && seen.pid != own && !above.contains(&seen.pid) && !below(seen)
    };
    let mut found: Vec<Candidate<'_>> = Vec::new();
    let mut counted: Vec<&ProcessFacts> = all.iter().filter(counts).collect();
    // Parents before their children, and of two that are not related the older one.
    counted.sort_by_key(|seen| (ancestors(all, seen).count(), seen.pid));
    for seen in counted {
        match found.iter_mut().find(|candidate| are_one(candidate.seen, seen)) {
            Some(candidate) => candidate.like_it += 1,
            None => found.push(Candidate { seen, like_it: 0 }),
        }
    }
    found.sort_by_key(|candidate| candidate.seen.pid);
    found
}

/// Of two that may not be read it is not known whether their variables are the same. But neither can be judged, and what helps is the same.
fn are_one(top: &ProcessFacts, other: &ProcessFacts) -> bool {
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

/// From the parent upwards. It ends even where the processes changed while they were looked at.
fn ancestors<'a>(all: &'a [ProcessFacts], seen: &ProcessFacts) -> impl Iterator<Item = &'a ProcessFacts> {
    std::iter::successors(find(all, seen.parent), |seen| find(all, seen.parent)).take(all.len())
}

/// What started this check, within its own container.
fn above(all: &[ProcessFacts], own: u32) -> Vec<u32> {
    let Some(own) = find(all, own) else { return Vec::new() };
    ancestors(all, own).take_while(|ancestor| ancestor.container.is_same(&own.container)).map(|ancestor| ancestor.pid).collect()
}

/// How many candidates are listed.
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
        // What cannot be written to a string does not exist.
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
            "auto: no process here can be the application: is this container started with kubectl debug --target=CONTAINER, or in a pod \
                   that shares its process namespace? In the application's own container leave --pid out"
                .to_owned(),
        ),
        several => {
            Err(format!("auto: {} processes here can be the application; give the number of one: {}", several.len(), listed(several)))
        }
    }
}

/// `--pid 1`: one line that names the others where process 1 is the pause container's.
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
