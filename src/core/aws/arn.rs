//! Role ARNs and assumed-role ARNs.
//!
//! A role has two kinds of ARN: `arn:P:iam::A:role/path/Name` in the service account's annotation, and
//! `arn:P:sts::A:assumed-role/Name/session` in the answer of GetCallerIdentity. The second has no path. So roles are
//! compared by partition, account and last path segment (IAM user guide, "IAM identifiers").

use super::partition::Partition;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An AWS account id: twelve digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Account(String);

impl Account {
    /// Parses an account id.
    pub fn parse(text: &str) -> Option<Account> {
        (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())).then(|| Account(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An IAM role's ARN, as an annotation or `AWS_ROLE_ARN` carries it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleArn {
    /// Partition.
    pub partition: Partition,
    /// The role's account.
    pub account: Account,
    /// `/` or `/…/`.
    pub path: String,
    /// The last path segment.
    pub name: String,
}

/// An assumed role's ARN, as STS answers it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AssumedRoleArn {
    /// Partition.
    pub partition: Partition,
    /// The role's account.
    pub account: Account,
    /// The role's name; its path is lost.
    pub role: String,
    /// The session's name.
    pub session: String,
}

/// Why a text is no role ARN. Each text says what to repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleArnError {
    /// It is empty.
    Empty,
    /// White space, line breaks or quotes around or inside it.
    Untidy,
    /// A bare role name.
    NameOnly,
    /// An ARN of another resource, which the text names.
    OtherResource(String),
    /// The partition does not exist.
    UnknownPartition(String),
    /// It has a region. IAM's ARNs have none.
    HasRegion(String),
    /// The account id is not twelve digits.
    BadAccount(String),
    /// The role's path or name has characters or a length that IAM does not allow.
    BadName,
    /// Not an ARN at all.
    NotAnArn,
}

impl fmt::Display for RoleArnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoleArnError::Empty => f.write_str("it is empty"),
            RoleArnError::Untidy => f.write_str("it has white space, a line break or quotes in it"),
            RoleArnError::NameOnly => f.write_str("it is a bare role name; the whole ARN is needed"),
            RoleArnError::OtherResource(what) => write!(f, "it is the ARN of {what}, not of a role"),
            RoleArnError::UnknownPartition(p) => write!(f, "there is no partition {p:?}"),
            RoleArnError::HasRegion(r) => write!(f, "IAM's ARNs have no region, but {r:?} is between the third and the fourth colon"),
            RoleArnError::BadAccount(a) => write!(f, "the account id {a:?} is not twelve digits"),
            RoleArnError::BadName => f.write_str("the role's path or name has characters or a length that IAM does not allow"),
            RoleArnError::NotAnArn => f.write_str("it is not an ARN"),
        }
    }
}

impl RoleArn {
    /// Parses `arn:partition:iam::account:role/path/name`.
    pub fn parse(text: &str) -> Result<RoleArn, RoleArnError> {
        if text.is_empty() {
            return Err(RoleArnError::Empty);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(RoleArnError::Untidy);
        }
        // IAM allows quotes in a path. Elsewhere, a shell or YAML has left them there.
        RoleArn::parse_tidy(text).map_err(|error| if text.contains(['"', '\'']) { RoleArnError::Untidy } else { error })
    }

    fn parse_tidy(text: &str) -> Result<RoleArn, RoleArnError> {
        use RoleArnError::*;
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [prefix, partition, service, region, account, resource] = parts[..] else {
            return Err(if is_name(text) { NameOnly } else { NotAnArn });
        };
        if prefix != "arn" {
            return Err(NotAnArn);
        }
        let partition = Partition::from_id(partition).ok_or_else(|| UnknownPartition(partition.to_owned()))?;
        let Some(role) = resource.strip_prefix("role/").filter(|_| service == "iam") else {
            return Err(OtherResource(describe_resource(service, resource)));
        };
        if !region.is_empty() {
            return Err(HasRegion(region.to_owned()));
        }
        let account = Account::parse(account).ok_or_else(|| BadAccount(account.to_owned()))?;
        let (path, name) = match role.rsplit_once('/') {
            Some((path, name)) => (format!("/{path}/"), name),
            None => ("/".to_owned(), role),
        };
        // IAM API reference, CreateRole: path 1–512 of \u0021–\u007e, name 1–64 of [\w+=,.@-].
        if !is_name(name) || path.len() > 512 || !path.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
            return Err(BadName);
        }
        Ok(RoleArn { partition, account, path, name: name.to_owned() })
    }

    /// Whether an assumed-role ARN is a session of this role. Capitals do not count, because a person may write the role's name in other capitals.
    pub fn is_role_of(&self, session: &AssumedRoleArn) -> bool {
        compare((self.partition, &self.account, &self.name), (session.partition, &session.account, &session.role)) != RoleMatch::Different
    }

    /// Whether two ARNs name the same role. Neither path nor capitals count, because a person may write them differently.
    pub fn same_role(&self, other: &RoleArn) -> bool {
        compare((self.partition, &self.account, &self.name), (other.partition, &other.account, &other.name)) != RoleMatch::Different
    }
}

/// How the roles of two ARNs compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleMatch {
    /// Partition, account and name are equal.
    Equal,
    /// The names differ only in capitals. IAM keeps the names of roles unique without regard to case (CreateRole, "RoleName"), and STS answers
    /// a name as it was created. So an expected role with other capitals is the same role. Two answers of STS with different capitals are
    /// different roles.
    CapitalsDiffer,
    /// They are different roles.
    Different,
}

/// Compares two roles by partition, account and name.
fn compare(one: (Partition, &Account, &str), other: (Partition, &Account, &str)) -> RoleMatch {
    if one == other {
        RoleMatch::Equal
    } else if (one.0, one.1) == (other.0, other.1) && one.2.eq_ignore_ascii_case(other.2) {
        RoleMatch::CapitalsDiffer
    } else {
        RoleMatch::Different
    }
}

/// Compares the roles of two identities as GetCallerIdentity answers them. The sessions do not count. An identity that is no role session
/// equals only itself.
pub fn compare_identities(one: &str, other: &str) -> RoleMatch {
    match (AssumedRoleArn::parse(one), AssumedRoleArn::parse(other)) {
        (Some(one), Some(other)) => compare((one.partition, &one.account, &one.role), (other.partition, &other.account, &other.role)),
        _ if one == other => RoleMatch::Equal,
        _ => RoleMatch::Different,
    }
}

impl AssumedRoleArn {
    /// Parses `arn:partition:sts::account:assumed-role/name/session`.
    pub fn parse(text: &str) -> Option<AssumedRoleArn> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "sts", "", account, resource] = parts[..] else { return None };
        let (role, session) = resource.strip_prefix("assumed-role/")?.split_once('/')?;
        if role.is_empty() || session.is_empty() || session.contains('/') {
            return None;
        }
        Some(AssumedRoleArn {
            partition: Partition::from_id(partition)?,
            account: Account::parse(account)?,
            role: role.to_owned(),
            session: session.to_owned(),
        })
    }

    /// Whether the session is named after an EC2 instance. GetCallerIdentity answers such a session for the credentials of IMDS.
    pub fn is_instance_session(&self) -> bool {
        is_instance_id(&self.session)
    }
}

/// Whether a text is the id of an EC2 instance: `i-` and 8 or 17 hexadecimal digits (EC2 user guide, "Resource IDs").
pub fn is_instance_id(text: &str) -> bool {
    text.strip_prefix("i-")
        .is_some_and(|hex| matches!(hex.len(), 8 | 17) && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

fn describe_resource(service: &str, resource: &str) -> String {
    let kind = resource.split(['/', ':']).next().unwrap_or_default();
    match (service, kind) {
        ("sts", "assumed-role") => "a role session (use the role's own ARN)".to_owned(),
        ("iam", "oidc-provider") => "the OIDC provider".to_owned(),
        ("iam", "instance-profile") => "an instance profile".to_owned(),
        ("iam", "user") => "a user".to_owned(),
        ("iam", "policy") => "a policy".to_owned(),
        ("iam", "role") => "a role without a name".to_owned(),
        (service, kind) => format!("{service} {kind}").trim().to_owned(),
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:iam::{}:role{}{}", self.partition, self.account.0, self.path, self.name)
    }
}

impl fmt::Display for AssumedRoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:sts::{}:assumed-role/{}/{}", self.partition, self.account.0, self.role, self.session)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Account {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Account::parse(&text).ok_or_else(|| format!("{text}: not twelve digits"))
    }
}

impl From<Account> for String {
    fn from(account: Account) -> String {
        account.0
    }
}

impl TryFrom<String> for RoleArn {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        RoleArn::parse(&text).map_err(|e| format!("{text}: {e}"))
    }
}

impl From<RoleArn> for String {
    fn from(arn: RoleArn) -> String {
        arn.to_string()
    }
}

impl TryFrom<String> for AssumedRoleArn {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        AssumedRoleArn::parse(&text).ok_or_else(|| format!("{text}: not an assumed-role ARN"))
    }
}

impl From<AssumedRoleArn> for String {
    fn from(arn: AssumedRoleArn) -> String {
        arn.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_compare_without_their_path() {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/apps/checkout").unwrap();
        assert_eq!((role.path.as_str(), role.name.as_str()), ("/apps/", "checkout"));
        let session = |text| AssumedRoleArn::parse(text).unwrap();
        assert!(role.is_role_of(&session("arn:aws:sts::111122223333:assumed-role/checkout/s")));
        assert!(!role.is_role_of(&session("arn:aws:sts::999999999999:assumed-role/checkout/s")));
        assert!(!role.is_role_of(&session("arn:aws-cn:sts::111122223333:assumed-role/checkout/s")));
        assert!(!role.is_role_of(&session("arn:aws:sts::111122223333:assumed-role/apps/s")));
    }

    #[test]
    fn capitals_tell_identities_apart_and_expectations_not() {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/apps/checkout").unwrap();
        let capitals = RoleArn::parse("arn:aws:iam::111122223333:role/Checkout").unwrap();
        let session = |name: &str| format!("arn:aws:sts::111122223333:assumed-role/{name}/s");
        assert!(role.same_role(&capitals) && capitals.is_role_of(&AssumedRoleArn::parse(&session("checkout")).unwrap()));
        let user = "arn:aws:iam::111122223333:user/checkout";
        for (one, other, found) in [
            (session("checkout"), session("checkout").replace("/s", "/S"), RoleMatch::Equal),
            (session("checkout"), session("Checkout"), RoleMatch::CapitalsDiffer),
            (session("checkout"), session("Checkout").replace("3333:", "4444:"), RoleMatch::Different),
            (session("checkout"), session("checkouts"), RoleMatch::Different),
            (user.to_owned(), user.to_owned(), RoleMatch::Equal),
            (user.to_owned(), user.replace("checkout", "Checkout"), RoleMatch::Different),
            (user.to_owned(), session("checkout"), RoleMatch::Different),
        ] {
            assert_eq!(compare_identities(&one, &other), found, "{one} and {other}");
        }
    }

    #[test]
    fn a_path_may_hold_any_visible_character() {
        let path = format!("/{}/", (0x21..=0x7eu8).map(char::from).collect::<String>());
        let text = format!("arn:aws:iam::111122223333:role{path}checkout");
        let role = RoleArn::parse(&text).unwrap();
        assert_eq!((role.path.as_str(), role.name.as_str(), role.to_string()), (path.as_str(), "checkout", text));
    }

    #[test]
    fn what_is_no_role_arn_says_what_it_is() {
        use RoleArnError::*;
        for (text, error) in [
            ("", Empty),
            ("checkout", NameOnly),
            (" arn:aws:iam::111122223333:role/a", Untidy),
            ("\"arn:aws:iam::111122223333:role/a\"", Untidy),
            ("arn:aws:iam::111122223333:role/a'", Untidy),
            ("'arn:aws:iam::111122223333:role/apps/a", Untidy),
            ("arn:aws:iam::111122223333:role/", BadName),
            ("arn:aws:iam::111122223333:role", OtherResource("a role without a name".into())),
            ("arn:aws:iam::11112222333:role/a", BadAccount("11112222333".into())),
            ("arn:aws:iam:us-east-1:111122223333:role/a", HasRegion("us-east-1".into())),
            ("arn:awscn:iam::111122223333:role/a", UnknownPartition("awscn".into())),
            ("arn:aws:iam::111122223333:instance-profile/a", OtherResource("an instance profile".into())),
            ("arn:aws:sts::111122223333:assumed-role/a/s", OtherResource("a role session (use the role's own ARN)".into())),
            ("arn:aws:iam::111122223333:oidc-provider/x", OtherResource("the OIDC provider".into())),
            ("arn:aws:s3:::bucket", OtherResource("s3 bucket".into())),
            ("https://example.com/role", NotAnArn),
        ] {
            assert_eq!(RoleArn::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn instance_sessions_are_recognised() {
        for (session, yes) in
            [("i-0abc1234567890def", true), ("i-0abc1234", true), ("i-0ABC1234", false), ("i-web", false), ("mi-0abc1234567890def", false)]
        {
            assert_eq!(is_instance_id(session), yes, "{session}");
        }
    }
}
