//! The classes of disagreement. Each recognises a structure in a policy, names AWS's page that decides it, and rewrites the policy so that the
//! peer, which does not know the rule, applies it.

use super::asked::{asked, plain, texts, variables};
use super::callers::{Caller, Fact, LISTS, World};
use super::refusals::RULES;
use super::rewrite::{self, Case, Change, Condition, like};
use irsa_probe::core::text::time::Timestamp;
use serde_json::{Value, json};

/// A class of disagreement.
pub struct Class {
    /// What is recognised.
    pub name: &'static str,
    /// AWS's page that decides it.
    pub page: &'static str,
    /// Who is right.
    pub right: Right,
    /// The policy rewritten by AWS's rule; several policies where the documentation leaves it open; `None` where nothing is recognised.
    pub rule: fn(&Case, &Caller) -> Option<Vec<Case>>,
}

/// Who is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The evaluator: the page says so.
    Ours,
    /// The page does not say it; the evaluator names the key as undecided.
    Open,
}

/// The place of the class of refusals.
pub const REFUSED: usize = 0;

/// All of them.
pub const CLASSES: &[Class] = &[
    // Each rule of `refusals` has its own page. A member that no policy has makes the peer refuse it, too.
    Class {
        name: "IAM refuses it, and the peer does not",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html",
        right: Right::Ours,
        rule: |case, _| {
            let (policy, world) = case;
            RULES.iter().any(|rule| (rule.breaks)(policy)).then(|| {
                let mut policy = policy.clone();
                policy["Refused"] = json!(true);
                vec![(policy, world.clone())]
            })
        },
    },
    // The evaluator takes each condition by itself: where two of them ask for one value that is not known, it says that the answer depends on the value.
    Class {
        name: "several conditions on one key that is not known",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html",
        right: Right::Open,
        rule: |case, caller| {
            let open = |key: &str| matches!(caller.fact(key), Fact::Sometimes | Fact::Always);
            let by_variable = |case: &Case| {
                rewrite::conditions(case, |condition| {
                    let any = condition.values.iter().flat_map(|value| variables(value)).any(|key| open(&key));
                    (any && condition.found.is_some()).then(|| vec![Change::Met, Change::NotMet])
                })
            };
            match rewrite::apart(case, |key| open(key).then(|| caller.samples(key, &asked(&case.0)))) {
                Some(cases) => Some(cases.into_iter().flat_map(|case| by_variable(&case).unwrap_or_else(|| vec![case])).collect()),
                None => by_variable(case),
            }
        },
    },
    // The page calls it all principals. Whether a caller with a token, or a service, is one of them is not documented.
    Class {
        name: "AWS: * in an Allow",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous",
        right: Right::Open,
        rule: |case, caller| {
            rewrite::principals(case, |statement| {
                let all = statement["Effect"] == "Allow" && texts(&statement["Principal"]["AWS"]).iter().any(|name| name == "*");
                all.then(|| {
                    let mut without = statement["Principal"].clone();
                    without["AWS"] = json!("arn:aws:iam::111122223333:user/another");
                    vec![json!({caller.kind: caller.principal}), without]
                })
            })
        },
    },
    // An account stands for its users, its roles and their sessions. A caller with a token is a federated principal, and becomes such a session
    // only by this very request. The peer takes the account in the provider's ARN for the caller's.
    Class {
        name: "an account in a Deny for a caller with a token",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-federated-web-identity",
        right: Right::Ours,
        rule: |case, caller| {
            rewrite::principals(case, |statement| {
                let names = texts(&statement["Principal"]["AWS"]);
                let account = |name: &String| name.ends_with(":root") || name.bytes().all(|byte| byte.is_ascii_digit());
                let fits = caller.kind == "Federated" && statement["Effect"] == "Deny" && names.iter().any(account);
                fits.then(|| {
                    let mut without = statement["Principal"].clone();
                    without["AWS"] = names.iter().filter(|name| !account(name)).cloned().collect();
                    vec![without]
                })
            })
        },
    },
    // "Variables were introduced in version 2012-10-17"; before it they are text.
    Class {
        name: "a variable in a document of 2008-10-17",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-intro",
        right: Right::Ours,
        rule: |case, _| {
            (case.0["Version"] != "2012-10-17").then_some(())?;
            rewrite::conditions(case, |condition| {
                let any = condition.values.iter().any(|value| value.contains("${"));
                any.then(|| {
                    // The peer takes ${$} for a dollar sign under operators with wildcards alone. None of them ignores capitals, and no value
                    // of a request is written like a variable but in other capitals.
                    let all = condition.values.iter().all(|value| value.contains("${"));
                    let exact = if all { condition.operator.replace("EqualsIgnoreCase", "Equals") } else { condition.operator.to_owned() };
                    let like = exact.replace("Equals", "Like").replace("LikeIgnoreCase", "EqualsIgnoreCase");
                    let wild = condition.operator.contains("Like");
                    let escaped = |value: &String| {
                        let value = value.replace("${", "\0{");
                        let value = if wild { value } else { value.replace('*', "${*}").replace('?', "${?}") };
                        value.replace('\0', "${$}")
                    };
                    vec![Change::Is(like, condition.values.iter().map(escaped).collect())]
                })
            })
        },
    },
    // "Multivalued context keys require a condition set operator", and such a key cannot be a variable. What IAM makes of one is not documented.
    Class {
        name: "a key of several values where one is expected",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html",
        right: Right::Open,
        rule: |case, _| {
            let list = |key: &str| LISTS.contains(&plain(key).as_str());
            rewrite::conditions(case, |condition| {
                let in_variable =
                    condition.found.is_some() && condition.values.iter().flat_map(|value| variables(value)).any(|key| list(&key));
                let fits = (list(condition.key) && condition.set.is_empty() && some_value_meets(condition)) || in_variable;
                (fits && condition.compare != "null").then(|| vec![Change::Met, Change::NotMet])
            })
        },
    },
    // Null and Bool take one truth value, and each operator is for values of one type. What IAM makes of two truth values, or of a value of
    // another type, is not documented.
    Class {
        name: "an operator beside values that it is not for",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
        right: Right::Open,
        rule: |case, _| {
            rewrite::conditions(case, |condition| {
                let two = matches!(condition.compare.as_str(), "null" | "bool") && condition.values.len() > 1;
                let fits = two || (condition.found.is_some() && is_of_another_type(condition));
                fits.then(|| vec![Change::Met, Change::NotMet])
            })
        },
    },
    // Dates may be written "in epoch (UNIX) time", which is in seconds. The peer compares them with the milliseconds of other dates.
    Class {
        name: "a date beside seconds since 1970",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date",
        right: Right::Ours,
        rule: |case, _| {
            rewrite::conditions(case, |condition| {
                let held = condition.held();
                let all = || held.iter().chain(&condition.values);
                let fits = condition.compare.starts_with("date") && !held.is_empty() && !is_of_another_type(condition);
                (fits && all().any(|text| text.parse::<u32>().is_ok()) && all().any(|text| text.contains('-'))).then(|| {
                    let values = condition.values.iter().map(|value| seconds(value)).collect();
                    vec![Change::Holds(condition.operator.to_owned(), values, seconds(&held[0]))]
                })
            })
        },
    },
    // A variable is replaced as a whole. The peer takes the colon within its name for one between two parts of the ARN.
    Class {
        name: "a variable in an ARN",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse",
        right: Right::Ours,
        rule: |case, _| {
            let (_, world) = case;
            rewrite::conditions(case, |condition| {
                let any = condition.compare.starts_with("arn") && condition.values.iter().any(|value| !variables(value).is_empty());
                (any && condition.found.is_some()).then(|| {
                    let values: Vec<String> = condition.values.iter().filter_map(|value| substituted(value, world)).collect();
                    vec![match (values.is_empty(), condition.negated()) {
                        (false, _) => Change::Is(condition.operator.to_owned(), values),
                        (true, true) => Change::Met,
                        (true, false) => Change::NotMet,
                    }]
                })
            })
        },
    },
    // The ARN operators compare ARNs. What they make of a text that is none but equal, and what their negations make of any, is not documented.
    Class {
        name: "an ARN operator beside a text that is no ARN",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN",
        right: Right::Open,
        rule: |case, _| {
            rewrite::conditions(case, |condition| {
                let arn = |text: &String| text.starts_with("arn:") && text.split(':').count() >= 6;
                let (held, asked) = (condition.held(), &condition.values);
                let same = || held.iter().any(|text| asked.iter().any(|pattern| like(pattern, text)));
                let fits = condition.compare.starts_with("arn") && !held.iter().chain(asked).all(arn) && !held.is_empty();
                (fits && (condition.negated() || same())).then(|| vec![Change::Met, Change::NotMet])
            })
        },
    },
    // Without the key IfExists is met and ForAnyValue is not. Which of the two counts is not documented.
    Class {
        name: "ForAnyValue with IfExists on a key that is absent",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IfExists",
        right: Right::Open,
        rule: |case, _| {
            rewrite::conditions(case, |condition| {
                let fits = condition.set == "foranyvalue" && condition.if_exists && condition.found.is_none();
                fits.then(|| vec![Change::Met, Change::NotMet])
            })
        },
    },
    // The page calls such a variable null, which equals and is like nothing. So a negated operator is met; the peer says that it is not.
    Class {
        name: "a variable without a value under a negated operator",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value",
        right: Right::Ours,
        rule: |case, _| {
            let (_, world) = case;
            let missing =
                |value: &&String| variables(value).iter().any(|key| !world.get(&key.to_ascii_lowercase()).is_some_and(Value::is_string));
            rewrite::conditions(case, |condition| {
                let fits = condition.negated() && condition.found.is_some() && condition.values.iter().any(|value| missing(&value));
                fits.then(|| {
                    let rest: Vec<String> = condition.values.iter().filter(|value| !missing(value)).cloned().collect();
                    vec![if rest.is_empty() { Change::Met } else { Change::Is(condition.operator.to_owned(), rest) }]
                })
            })
        },
    },
];

/// Whether an operator is for another type than a value that it compares.
fn is_of_another_type(condition: &Condition) -> bool {
    let all = |is: fn(&str) -> bool| condition.held().iter().chain(&condition.values).all(|text| is(text));
    match condition.compare.as_str() {
        "bool" => !all(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "false")),
        "ipaddress" | "notipaddress" => !all(|text| text.split('/').next().is_some_and(|start| start.parse::<std::net::IpAddr>().is_ok())),
        "binaryequals" => true,
        // Numbers of more digits are milliseconds beside `aws:EpochTime`, which the reference does not mention.
        name if name.starts_with("numeric") => !all(|text| text.parse::<f64>().is_ok() && text.len() <= 11),
        name if name.starts_with("date") => {
            !all(|text| text.as_bytes().get(4) == Some(&b'-') || (text.len() > 4 && text.parse::<u32>().is_ok()))
        }
        name if name.starts_with("string") || name.starts_with("arn") => {
            matches!(plain(condition.key).as_str(), "aws:currenttime" | "aws:epochtime")
        }
        _ => false,
    }
}

/// Whether one of the values that a text operator compares meets the condition, or the lack of any; of other operators that is not looked at.
fn some_value_meets(condition: &Condition) -> bool {
    let held = condition.held();
    if held.is_empty() {
        return condition.negated() || condition.if_exists;
    }
    let fold = |text: &str| if condition.compare.ends_with("ignorecase") { text.to_ascii_lowercase() } else { text.to_owned() };
    let equal = |value: &String, text: &String| match condition.compare.ends_with("like") {
        true => like(value, text),
        false => fold(value) == fold(text),
    };
    let text = condition.compare.starts_with("string") && condition.values.iter().all(|value| !value.contains("${"));
    !text || held.iter().any(|text| condition.values.iter().any(|value| equal(value, text)) != condition.negated())
}

/// A date as seconds since 1970.
fn seconds(date: &str) -> String {
    let whole = if date.contains('T') { date.to_owned() } else { format!("{date}T00:00:00Z") };
    Timestamp::parse(&whole).map_or_else(|| date.to_owned(), |time| time.0.to_string())
}

/// A value with its variables replaced by what the request has, or by their defaults; `None` where one has neither.
fn substituted(value: &str, world: &World) -> Option<String> {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, (name, tail))) = rest.split_once("${").and_then(|(before, after)| Some((before, after.split_once('}')?))) {
        let (key, default) = name.split_once(',').map_or((name, None), |(key, default)| (key, Some(default.trim().trim_matches('\''))));
        let found = world.get(&key.trim().to_ascii_lowercase()).and_then(Value::as_str).or(default);
        text += before;
        match name {
            "*" | "?" | "$" => text += &format!("${{{name}}}"),
            _ => text += found?,
        }
        rest = tail;
    }
    Some(text + rest)
}
