//! Which program manages a role, from the tags that this program gives it. The program would undo a change by hand.
//!
//! The tags are in the answer of `aws iam get-role` (IAM API reference, Role), and so need no further permission.

use super::document::{list, text};
use crate::core::text::printable::{printable, shorten};
use serde_json::Value;

/// Tags that CloudFormation gives each resource (CloudFormation template reference, "CloudFormation resource tagging"). No user can set them.
const STACK_NAME: &str = "aws:cloudformation:stack-name";
const STACK_ID: &str = "aws:cloudformation:stack-id";
/// Tags that eksctl gives its stacks, and so their roles (eksctl, `pkg/apis/eksctl.io/v1alpha5/types.go`).
const EKSCTL_ACCOUNT: &str = "alpha.eksctl.io/iamserviceaccount-name";
const EKSCTL_CLUSTER: [&str; 2] = ["alpha.eksctl.io/cluster-name", "eksctl.cluster.k8s.io/v1alpha1/cluster-name"];
/// Tags of AWS Controllers for Kubernetes: version and namespace; first those of EKS's own controllers (EKS user guide, "ACK considerations").
const ACK: [(&str, &str); 2] =
    [("eks:controller-version", "eks:kubernetes-namespace"), ("services.k8s.aws/controller-version", "services.k8s.aws/namespace")];

/// What to change in place of the role, in sentences; `None` where no tag tells. `role` is the answer of get-role.
pub fn describe_manager(role: &Value) -> Option<String> {
    let tags = list(role, "/Role/Tags");
    let tag = |key: &str| {
        let found = tags.iter().find(|tag| text(tag, "/Key") == Some(key)).and_then(|tag| text(tag, "/Value"));
        found.filter(|value| !value.is_empty()).map(shown)
    };
    let cluster = EKSCTL_CLUSTER.iter().find_map(|key| tag(key));
    let eksctl = Eksctl { cluster, account: tag(EKSCTL_ACCOUNT) };
    if let Some(stack) = tag(STACK_NAME) {
        let region = tag(STACK_ID).and_then(|id| id.split(':').nth(3).filter(|region| !region.is_empty()).map(|r| format!(" in {r}")));
        let source = match eksctl.made_for() {
            Some(made_for) => format!("eksctl made the stack{made_for}. Change the policy with eksctl, or in the stack's template"),
            None => "Change the policy in the stack's template, or in the code that the template is made from".to_owned(),
        };
        return Some(format!(
            "The role belongs to CloudFormation stack {stack}{}. {source}: the stack's next update of the role undoes what aws iam changes.",
            region.unwrap_or_default()
        ));
    }
    if let Some(made_for) = eksctl.made_for() {
        let stack = eksctl.stack().map(|stack| format!(", {stack}")).unwrap_or_default();
        return Some(format!(
            "The role has the tags that eksctl gives its roles{made_for}. Change the policy where the role is defined: with eksctl, whose roles \
             belong to a CloudFormation stack{stack}, or in the code that copied the tags. That undoes what aws iam changes, when it is next applied."
        ));
    }
    let (_, namespace) = ACK.iter().find(|(version, _)| tag(version).is_some())?;
    let place = tag(namespace).map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
    Some(format!(
        "The role belongs to a Role object of AWS Controllers for Kubernetes{place}. Change the policy in this object: its controller undoes \
         what aws iam changes."
    ))
}

/// What eksctl's tags say.
struct Eksctl {
    cluster: Option<String>,
    /// `NAMESPACE/NAME`
    account: Option<String>,
}

impl Eksctl {
    /// `for service account shop/checkout of cluster production`, with a space before it; `None` without its tags.
    fn made_for(&self) -> Option<String> {
        let account = self.account.as_ref().map(|account| format!(" for service account {account}"));
        let cluster = self.cluster.as_ref().map(|cluster| format!(" {} cluster {cluster}", if account.is_some() { "of" } else { "for" }));
        (account.is_some() || cluster.is_some()).then(|| account.unwrap_or_default() + &cluster.unwrap_or_default())
    }

    /// The stack of the service account's role (eksctl, `makeIAMServiceAccountStackName`).
    fn stack(&self) -> Option<String> {
        let (namespace, name) = self.account.as_ref()?.split_once('/')?;
        Some(format!("eksctl-{}-addon-iamserviceaccount-{namespace}-{name}", self.cluster.as_ref()?))
    }
}

/// A tag's value in a sentence. It has 256 characters at most (IAM user guide, "Tags for IAM resources").
fn shown(value: &str) -> String {
    shorten(&printable(value), 256).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn described(tags: &[(&str, &str)]) -> Option<String> {
        let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        describe_manager(&json!({"Role": {"Tags": tags}}))
    }

    #[test]
    fn who_manages_a_role() {
        const EKSCTL: [(&str, &str); 2] = [(EKSCTL_CLUSTER[1], "production"), (EKSCTL_ACCOUNT, "shop/checkout")];
        let id = "arn:aws:cloudformation:eu-central-1:111122223333:stack/shop-roles/1a2b";
        let stack = [(STACK_NAME, "shop-roles"), (STACK_ID, id)];
        let all = |text: Option<String>, words: &[&str]| {
            let text = text.unwrap();
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
        };
        all(described(&stack), &["stack shop-roles in eu-central-1. Change the policy in the stack's template"]);
        all(described(&stack[..1]), &["stack shop-roles. Change"]);
        let both = [stack, EKSCTL].concat();
        all(described(&both), &["stack shop-roles in", "eksctl made the stack for service account shop/checkout of cluster production."]);
        all(described(&EKSCTL), &["eksctl-production-addon-iamserviceaccount-shop-checkout", "the code that copied the tags"]);
        all(described(&EKSCTL[..1]), &["its roles for cluster production."]);
        all(described(&[(ACK[1].0, "iam-v1.3.0"), (ACK[1].1, "infra")]), &["Kubernetes in namespace infra."]);
        all(described(&[(ACK[0].0, "v1")]), &["AWS Controllers for Kubernetes. Change"]);
        all(described(&[(STACK_NAME, "a\u{1b}[31m")]), &["stack a\\u{1b}[31m."]);
        // Tags that people set, and answers without any.
        for tags in [&[("team", "shop"), ("Terraform", "true"), ("aws:cloudformation:logical-id", "Role")][..], &[(STACK_NAME, "")], &[]] {
            assert_eq!(described(tags), None);
        }
        for odd in
            [json!({}), json!({"Role": {"Tags": null}}), json!({"Role": {"Tags": [null, {"Key": STACK_NAME}, {"Key": 1, "Value": 2}]}})]
        {
            assert_eq!(describe_manager(&odd), None);
        }
    }
}
