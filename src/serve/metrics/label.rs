//! A label's value, which foreign text cannot become.

use crate::core::aws::arn::{Account, RoleArn};
use crate::core::aws::partition::Region;
use std::borrow::Cow;

/// Made only from the program's own words (the names of codes, states and the like are `'static`) and from types that were parsed.
/// So a label cannot carry what STS, a token or the environment said, and its values stay few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label(Cow<'static, str>);

impl From<&'static str> for Label {
    fn from(name: &'static str) -> Label {
        Label(Cow::Borrowed(name))
    }
}

impl From<Region> for Label {
    fn from(region: Region) -> Label {
        Label(Cow::Owned(region.into()))
    }
}

impl From<Account> for Label {
    fn from(account: Account) -> Label {
        Label(Cow::Owned(account.into()))
    }
}

/// The role's name.
impl From<RoleArn> for Label {
    fn from(role: RoleArn) -> Label {
        Label(Cow::Owned(role.name))
    }
}

impl From<Label> for String {
    fn from(label: Label) -> String {
        label.0.into_owned()
    }
}

impl AsRef<str> for Label {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
