//! Remedies that carry this pod's own values, ready to paste.

use super::commands::{CommandEffect, FixCommand};
use super::{CodeRow, RemedyDocument};
use crate::core::aws::trust_policy;
use crate::core::pod::token::IRSA_TOKEN_PATH;
use crate::core::text::printable::{printable, shell_word};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A fix: what to do, the commands, and a document where one is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remedy {
    /// One line.
    pub text: String,
    /// Commands, those that only read first.
    pub commands: Vec<RemedyCommand>,
    /// A policy or manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
}

/// A shell command of a fix, and what it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemedyCommand {
    /// The command; values are quoted where they need it.
    pub command: String,
    /// What it changes.
    pub effect: CommandEffect,
    /// Whom a shared command affects besides this pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touches: Option<String>,
}

/// The values that templates name. An unknown value stays a word in capitals, as in a manual.
#[derive(Debug, Clone, Default)]
pub struct Values {
    known: Vec<(&'static str, String)>,
    subject: Option<String>,
}

/// Every name that a template may use, with its stand-in.
const NAMES: [(&str, &str); 22] = [
    ("namespace", "NAMESPACE"),
    ("serviceAccount", "SERVICE_ACCOUNT"),
    ("pod", "POD"),
    ("node", "NODE"),
    ("issuer", "ISSUER_URL"),
    ("issuerPath", "ISSUER"),
    ("audience", "sts.amazonaws.com"),
    ("roleArn", "ROLE_ARN"),
    ("roleName", "ROLE_NAME"),
    ("userName", "USER_NAME"),
    ("account", "ACCOUNT"),
    ("partition", "aws"),
    ("region", "REGION"),
    // That of the cluster's objects and nodes. A container's variables can name another one.
    ("clusterRegion", "REGION"),
    ("cluster", "CLUSTER"),
    ("association", "ASSOCIATION_ID"),
    ("host", "the STS host"),
    ("instanceId", "INSTANCE_ID"),
    ("action", "ACTION"),
    ("resource", "RESOURCE_ARN"),
    ("resourceName", "RESOURCE_NAME"),
    ("tokenPath", IRSA_TOKEN_PATH),
];

impl Values {
    /// No values: the catalogue as a manual.
    pub fn unknown() -> Values {
        Values::default()
    }

    /// These values. Names are those of the templates; a missing value keeps its stand-in.
    pub fn from(known: Vec<(&'static str, String)>) -> Values {
        Values { known, subject: None }
    }

    /// The same for the token of this subject (`sub`), which trust policies name.
    #[must_use]
    pub fn with_subject(self, subject: Option<String>) -> Values {
        Values { subject, ..self }
    }

    fn get(&self, name: &str) -> &str {
        let stand_in = || NAMES.iter().find(|(n, _)| *n == name).map_or("", |(_, stand_in)| stand_in);
        self.known.iter().find(|(n, _)| *n == name).map_or_else(stand_in, |(_, value)| value)
    }

    /// Fills `{name}` in a template; `quote` makes a value safe for where it goes.
    fn fill(&self, template: &str, quote: impl Fn(&str) -> String) -> String {
        let mut filled = String::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            match after.split_once('}') {
                Some((name, tail)) => {
                    filled.push_str(&quote(self.get(name)));
                    rest = tail;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// A shell command: a word that holds a value is quoted as a whole if the value needs it. A flag in brackets, `[--audience {audience}]`, is
    /// left out where its value is the usual one, which the program takes by itself.
    fn fill_command(&self, template: &str) -> String {
        let mut words: Vec<Cow<'_, str>> = Vec::new();
        for word in template.split(' ') {
            if let Some(value) = word.strip_suffix(']') {
                let is_usual = self.fill(value, str::to_owned) == Values::unknown().fill(value, str::to_owned);
                let flag = words.pop().filter(|_| !is_usual);
                words.extend(flag.map(|flag| Cow::from(flag.trim_start_matches('[').to_owned())));
                words.extend((!is_usual).then(|| self.fill_word(value)));
            } else {
                words.push(self.fill_word(word));
            }
        }
        words.join(" ")
    }

    fn fill_word<'a>(&self, word: &'a str) -> Cow<'a, str> {
        match word.contains('{') {
            true => shell_word(&self.fill(word, str::to_owned)).into_owned().into(),
            false => word.into(),
        }
    }

    /// The row's fix for this pod.
    pub fn remedy(&self, row: &CodeRow) -> Remedy {
        Remedy { snippet: row.document.map(|document| self.document(document)), ..self.fix(row.fix, row.commands) }
    }

    /// A fix of templates, as those of the catalogue are.
    pub fn fix(&self, text: &str, commands: &[FixCommand]) -> Remedy {
        Remedy { text: self.fill_prose(text), commands: commands.iter().map(|command| self.command(command)).collect(), snippet: None }
    }

    /// A command of templates.
    pub fn command(&self, command: &FixCommand) -> RemedyCommand {
        RemedyCommand {
            command: self.fill_command(command.template),
            effect: command.effect,
            touches: command.touches.map(|touches| self.fill_prose(touches)),
        }
    }

    fn fill_prose(&self, template: &str) -> String {
        self.fill(template, |value| printable(value).into_owned())
    }

    /// A document for these values.
    pub fn document(&self, document: RemedyDocument) -> String {
        let irsa = |write: fn(&str, &str, &str, &str, &str) -> String| {
            let named = || format!("system:serviceaccount:{}:{}", self.get("namespace"), self.get("serviceAccount"));
            let subject = self.subject.clone().unwrap_or_else(named);
            write(self.get("partition"), self.get("account"), self.get("issuerPath"), &subject, self.get("audience"))
        };
        match document {
            RemedyDocument::TrustPolicy => irsa(trust_policy::irsa_policy),
            RemedyDocument::TrustStatement => irsa(trust_policy::irsa_statement),
            RemedyDocument::PodIdentityTrustStatement => trust_policy::pod_identity_statement(),
            RemedyDocument::ServiceAccount => format!(
                "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {}\n  namespace: {}\n  annotations:\n    eks.amazonaws.com/role-arn: {}",
                yaml(self.get("serviceAccount")),
                yaml(self.get("namespace")),
                yaml(self.get("roleArn"))
            ),
            RemedyDocument::Annotation => {
                format!("metadata:\n  annotations:\n    eks.amazonaws.com/role-arn: {}", yaml(self.get("roleArn")))
            }
            RemedyDocument::FsGroup => "spec:\n  securityContext:\n    fsGroup: 65534".to_owned(),
        }
    }
}

/// A YAML scalar: plain when it is a name or an ARN, else in double quotes (JSON strings are YAML).
fn yaml(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+=@".contains(c);
    let safe = value.starts_with(|c: char| c.is_ascii_alphabetic()) && value.chars().all(plain) && !value.ends_with(':');
    if safe { value.to_owned() } else { serde_json::Value::from(value).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::{self, Code};

    fn values(pairs: &[(&'static str, &str)]) -> Values {
        Values { known: pairs.iter().map(|(n, v)| (*n, (*v).to_owned())).collect(), subject: None }
    }

    #[test]
    fn every_placeholder_of_the_catalogue_is_known() {
        for row in catalogue::rows() {
            let commands = row.commands.iter().flat_map(|command| [Some(command.template), command.touches]).flatten();
            for template in commands.chain([row.fix]) {
                for name in template.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name) {
                    assert!(NAMES.iter().any(|(n, _)| *n == name), "{}: {{{name}}}", row.code);
                }
            }
        }
    }

    #[test]
    fn commands_carry_values_and_cannot_be_made_to_run_others() {
        let hostile = values(&[("namespace", "a;reboot"), ("serviceAccount", "$(id)"), ("roleArn", "arn:aws:iam::111122223333:role/r")]);
        let remedy = hostile.remedy(Code::NotInjected.row());
        assert_eq!(
            remedy.commands[2].command,
            "kubectl -n 'a;reboot' annotate serviceaccount '$(id)' eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/r"
        );
        let account = hostile.remedy(Code::ServiceAccountMissing.row());
        assert!(account.snippet.unwrap().contains("name: \"$(id)\""));
    }

    #[test]
    fn a_flag_in_brackets_is_for_another_value_than_the_usual_one() {
        let command = |pairs: &[(&'static str, &str)]| values(pairs).fill_command("check [--audience {audience}] -n {namespace}");
        assert_eq!(command(&[]), "check -n NAMESPACE");
        assert_eq!(command(&[("audience", "sts.amazonaws.com"), ("namespace", "shop")]), "check -n shop");
        assert_eq!(command(&[("audience", "a b")]), "check --audience 'a b' -n NAMESPACE");
        assert_eq!(
            values(&[]).fill_command("--query 'Reservations[].Instances[].MetadataOptions'"),
            "--query 'Reservations[].Instances[].MetadataOptions'"
        );
    }

    #[test]
    fn the_statement_is_the_one_that_would_match() {
        let mut values =
            values(&[("partition", "aws-cn"), ("account", "111122223333"), ("issuerPath", "oidc.eks.cn-north-1.amazonaws.com.cn/id/A")]);
        values.subject = Some("system:serviceaccount:shop:checkout".into());
        let document = |code: Code| -> serde_json::Value { serde_json::from_str(&values.remedy(code.row()).snippet.unwrap()).unwrap() };
        let statement = document(Code::TrustPolicyDenied);
        assert_eq!(document(Code::RoleMissing)["Statement"], serde_json::json!([statement]), "a new role has the same one");
        assert_eq!(
            statement["Principal"]["Federated"],
            "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/A"
        );
        let condition = &statement["Condition"]["StringEquals"];
        assert_eq!(condition["oidc.eks.cn-north-1.amazonaws.com.cn/id/A:sub"], "system:serviceaccount:shop:checkout");
        assert_eq!(condition["oidc.eks.cn-north-1.amazonaws.com.cn/id/A:aud"], "sts.amazonaws.com");
    }
}
