//! `--assume`: results of calls that a person wants to be taken as given.

use super::surroundings::{AgentCall, ImdsView, StsCall, StsHosts, Surroundings};
use crate::core::aws::imds::ImdsReach;

/// Results of calls, as `--assume KEY=VALUE,…` names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Assumptions {
    sts: Option<StsCall>,
    agent: Option<AgentCall>,
    imds: Option<ImdsView>,
}

const STS: &[(&str, StsCall)] = &[
    ("ok", StsCall::Works),
    ("rejected", StsCall::TokenRejected),
    ("denied", StsCall::Denied),
    ("unavailable", StsCall::Unavailable),
    ("unreachable", StsCall::Unreachable),
];

const AGENT: &[(&str, AgentCall)] = &[
    ("ok", AgentCall::Works),
    ("not-found", AgentCall::NotFound),
    ("refused", AgentCall::Refused),
    ("failing", AgentCall::Failing),
    ("unreachable", AgentCall::Unreachable),
];

const IMDS: &[(&str, ImdsView)] = &[
    ("role", ImdsView::REACHABLE),
    ("role-v1", ImdsView::Seen { v2: ImdsReach::HopLimited, v1: true, role: true }),
    ("no-role", ImdsView::Seen { v2: ImdsReach::Answers, v1: true, role: false }),
    ("silent", ImdsView::Seen { v2: ImdsReach::HopLimited, v1: false, role: false }),
    ("absent", ImdsView::ABSENT),
    ("refused", ImdsView::Seen { v2: ImdsReach::Refused, v1: false, role: false }),
    ("refused-v1", ImdsView::Seen { v2: ImdsReach::Refused, v1: true, role: true }),
];

impl Assumptions {
    /// The keys, each with its values.
    pub fn keys() -> [(&'static str, Vec<&'static str>); 3] {
        [("sts", names(STS)), ("agent", names(AGENT)), ("imds", names(IMDS))]
    }

    /// Adds `KEY=VALUE,…`. The error names what is wrong.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        for pair in text.split(',').map(str::trim) {
            let (key, value) =
                pair.split_once('=').ok_or_else(|| format!("{pair:?} is not KEY=VALUE; write it like sts=denied,imds=role"))?;
            match key {
                "sts" => set(&mut self.sts, key, value, STS)?,
                "agent" => set(&mut self.agent, key, value, AGENT)?,
                "imds" => set(&mut self.imds, key, value, IMDS)?,
                _ => return Err(format!("{key:?} is none of {}", Assumptions::keys().map(|(key, _)| key).join(", "))),
            }
        }
        Ok(())
    }

    /// The surroundings with these results.
    pub fn apply<'a>(&self, surroundings: Surroundings<'a>) -> Surroundings<'a> {
        Surroundings {
            sts: self.sts.unwrap_or(surroundings.sts),
            sts_at_url: surroundings.sts_at_url.filter(|_| self.sts.is_none()),
            profile_sts: surroundings.profile_sts.filter(|_| self.sts.is_none()),
            // Who says that STS answers also says so of hosts that AWS does not have today.
            hosts: if self.sts.is_some() { StsHosts::All } else { surroundings.hosts },
            agent: self.agent.unwrap_or(surroundings.agent),
            imds: self.imds.unwrap_or(surroundings.imds),
            ..surroundings
        }
    }

    /// The results in the form in which they were given, for a person. Empty when there is none.
    pub fn describe(&self) -> String {
        let given = [
            self.sts.and_then(|given| name_of(STS, given)).map(|name| format!("sts={name}")),
            self.agent.and_then(|given| name_of(AGENT, given)).map(|name| format!("agent={name}")),
            self.imds.and_then(|given| name_of(IMDS, given)).map(|name| format!("imds={name}")),
        ];
        given.into_iter().flatten().collect::<Vec<_>>().join(",")
    }
}

fn set<T: Copy>(target: &mut Option<T>, key: &str, value: &str, choices: &[(&'static str, T)]) -> Result<(), String> {
    if target.is_some() {
        return Err(format!("{key} is given twice"));
    }
    let choice = choices.iter().find(|(name, _)| *name == value);
    let (_, choice) = choice.ok_or_else(|| format!("{key}={value:?} is none of {}", names(choices).join(", ")))?;
    *target = Some(*choice);
    Ok(())
}

fn names<T>(choices: &[(&'static str, T)]) -> Vec<&'static str> {
    choices.iter().map(|(name, _)| *name).collect()
}

fn name_of<T: PartialEq>(choices: &[(&'static str, T)], wanted: T) -> Option<&'static str> {
    choices.iter().find(|(_, choice)| *choice == wanted).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::pod::environment::Environment;
    use crate::core::pod::profile::Profile;

    #[test]
    fn what_is_given_is_what_is_applied_and_said() {
        let (environment, profile) = (Environment::default(), Profile::default());
        let assumed = Surroundings::assumed(&environment, &profile);
        for (key, values) in Assumptions::keys() {
            for value in values {
                let mut given = Assumptions::default();
                given.add(&format!("{key}={value}")).unwrap();
                assert_eq!(given.describe(), format!("{key}={value}"));
            }
        }
        let mut given = Assumptions::default();
        given.add("sts=denied, imds=refused-v1").unwrap();
        given.add("agent=failing").unwrap();
        let applied = given.apply(assumed);
        assert_eq!((applied.sts, applied.agent), (StsCall::Denied, AgentCall::Failing));
        assert_eq!(applied.imds, ImdsView::Seen { v2: ImdsReach::Refused, v1: true, role: true });
        let untouched = Assumptions::default().apply(assumed);
        assert_eq!((untouched.sts, untouched.imds), (assumed.sts, assumed.imds));
        assert_eq!(Assumptions::default().describe(), "");
    }

    #[test]
    fn an_error_names_the_input_and_the_choices() {
        for (text, wanted) in [
            ("sts", "\"sts\" is not KEY=VALUE; write it like sts=denied,imds=role"),
            ("", "\"\" is not KEY=VALUE; write it like sts=denied,imds=role"),
            ("sts=no", "sts=\"no\" is none of ok, rejected, denied, unavailable, unreachable"),
            ("proxy=dead", "\"proxy\" is none of sts, agent, imds"),
            ("sts=ok,sts=denied", "sts is given twice"),
            ("imds=", "imds=\"\" is none of role, role-v1, no-role, silent, absent, refused, refused-v1"),
        ] {
            assert_eq!(Assumptions::default().add(text), Err(wanted.to_owned()), "{text:?}");
        }
    }
}
