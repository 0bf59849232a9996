//! The statement in the form of the tool that manages the role.

use super::{TrustPrincipal, TrustStatement, json};
use std::fmt::Write as _;

/// A form of one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementForm {
    /// One JSON object.
    Json,
    /// A `statement` block of the data source `aws_iam_policy_document` (Terraform Registry, hashicorp/aws).
    Terraform,
    /// One list item of `AssumeRolePolicyDocument.Statement` in YAML (CloudFormation template reference, `AWS::IAM::Role`).
    CloudFormation,
}

impl StatementForm {
    /// Each form with its name.
    pub const NAMED: [(&str, StatementForm); 3] =
        [("json", StatementForm::Json), ("terraform", StatementForm::Terraform), ("cloudformation", StatementForm::CloudFormation)];

    /// What the tool replaces in a text, with no way to write it so that it stays: the text, and what happens to it.
    ///
    /// Sources: Terraform Registry, `aws_iam_policy_document`, "Context Variable Interpolation"; CloudFormation user guide, "Get values stored
    /// in other services using dynamic references".
    fn replaced(self) -> Option<(&'static str, &'static str)> {
        match self {
            StatementForm::Json => None,
            StatementForm::Terraform => Some(("&{", "aws_iam_policy_document turns it into ${")),
            StatementForm::CloudFormation => Some(("{{resolve:", "CloudFormation replaces it with a stored value")),
        }
    }
}

impl TrustStatement {
    /// The statement in one form, with a line break at its end. The error is one clause for a person.
    pub fn form(&self, form: StatementForm) -> Result<String, String> {
        if let Some((text, why)) = form.replaced()
            && let Some(value) = self.texts().find(|value| value.contains(text))
        {
            return Err(format!("{value:?} holds {text}, and {why}; --format json prints the statement as it is"));
        }
        Ok(match form {
            StatementForm::Json => json(self) + "\n",
            StatementForm::Terraform => self.terraform(),
            StatementForm::CloudFormation => self.cloudformation(),
        })
    }

    /// Kind and name of the principal.
    fn principal(&self) -> (&'static str, &str) {
        match &self.principal {
            TrustPrincipal::Federated(provider) => ("Federated", provider),
            TrustPrincipal::Service(service) => ("Service", service),
        }
    }

    /// Keys and values under `StringEquals`.
    fn equals(&self) -> &[(String, String)] {
        self.condition.as_ref().map(|condition| condition.string_equals.as_slice()).unwrap_or_default()
    }

    /// What comes from the pod or a person.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let conditions = self.equals().iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
        std::iter::once(self.principal().1).chain(conditions)
    }

    /// As `terraform fmt` leaves it.
    fn terraform(&self) -> String {
        let actions: Vec<String> = self.action.iter().map(|action| hcl(action)).collect();
        let (kind, name) = self.principal();
        let mut text = format!(
            "statement {{\n  effect  = {}\n  actions = [{}]\n\n  principals {{\n    type        = {}\n    identifiers = [{}]\n  }}\n",
            hcl(self.effect),
            actions.join(", "),
            hcl(kind),
            hcl(name),
        );
        for (key, value) in self.equals() {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n  condition {{\n    test     = \"StringEquals\"\n    variable = {}\n    values   = [{}]\n  }}\n",
                hcl(key),
                hcl(value),
            );
        }
        text + "}\n"
    }

    fn cloudformation(&self) -> String {
        let (kind, name) = self.principal();
        let mut text = format!("- Effect: {}\n  Principal:\n    {kind}: {}\n  Action:", self.effect, quoted(name));
        match self.action {
            [one] => text.push_str(&format!(" {}\n", quoted(one))),
            many => {
                text.push('\n');
                text.extend(many.iter().map(|action| format!("    - {}\n", quoted(action))));
            }
        }
        if !self.equals().is_empty() {
            text.push_str("  Condition:\n    StringEquals:\n");
            text.extend(self.equals().iter().map(|(key, value)| format!("      {}: {}\n", quoted(key), quoted(value))));
        }
        text
    }
}

/// A text in double quotes, in ASCII. HCL and YAML read these escapes alike (HCL native syntax specification, "Quoted templates"; YAML 1.1,
/// "Escape sequences"). JSON's pairs of surrogates are none in either.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

fn escaped(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        c => code_point(c),
    }
}

fn code_point(c: char) -> String {
    let point = u32::from(c);
    if point <= 0xffff { format!("\\u{point:04x}") } else { format!("\\U{point:08x}") }
}

/// The same for HCL, where `${` and `%{` begin a template, and `$${` and `%%{` are these characters (HCL native syntax specification,
/// "Templates"). The number of a character never begins a template. It is written where python-hcl2 differs from HCL: before another sign, and
/// before a brace that nothing closes.
fn hcl(text: &str) -> String {
    let mut quoted = String::from("\"");
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        match c {
            '$' | '%' if rest.starts_with('{') && rest.contains('}') => quoted.extend([c, c]),
            '$' | '%' if rest.starts_with(['$', '%', '{']) => quoted.push_str(&code_point(c)),
            c => quoted.push_str(&escaped(c)),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout(audience: &str) -> TrustStatement {
        let path = "oidc.eks.us-west-2.amazonaws.com/id/A";
        let provider = super::super::provider_arn("aws", "111122223333", path);
        TrustStatement::irsa(&provider, path, "system:serviceaccount:shop:checkout", audience)
    }

    #[test]
    fn the_forms() {
        let terraform = checkout("sts.amazonaws.com").form(StatementForm::Terraform).unwrap();
        assert_eq!(
            terraform,
            r#"statement {
  effect  = "Allow"
  actions = ["sts:AssumeRoleWithWebIdentity"]

  principals {
    type        = "Federated"
    identifiers = ["arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A"]
  }

  condition {
    test     = "StringEquals"
    variable = "oidc.eks.us-west-2.amazonaws.com/id/A:aud"
    values   = ["sts.amazonaws.com"]
  }

  condition {
    test     = "StringEquals"
    variable = "oidc.eks.us-west-2.amazonaws.com/id/A:sub"
    values   = ["system:serviceaccount:shop:checkout"]
  }
}
"#
        );
        let pod_identity = TrustStatement::pod_identity();
        assert_eq!(
            pod_identity.form(StatementForm::CloudFormation).unwrap(),
            r#"- Effect: Allow
  Principal:
    Service: "pods.eks.amazonaws.com"
  Action:
    - "sts:AssumeRole"
    - "sts:TagSession"
"#
        );
        assert!(pod_identity.form(StatementForm::Json).unwrap().starts_with("{\n  \"Effect\": \"Allow\",\n  \"Principal\""));
    }

    #[test]
    fn what_would_not_stay_is_refused() {
        assert_eq!(hcl("a\"b\\c\u{1f600}\n%{if}$%%${x}${"), r#""a\"b\\c\U0001f600\u000a%%{if}\u0024\u0025\u0025$${x}\u0024{""#);
        for (audience, form) in [("a&{b}", StatementForm::Terraform), ("{{resolve:ssm:a}}", StatementForm::CloudFormation)] {
            assert!(checkout(audience).form(form).unwrap_err().contains("--format json"));
            assert!(checkout(audience).form(StatementForm::Json).is_ok());
            assert!(checkout("a{b}&").form(form).is_ok());
        }
    }
}
