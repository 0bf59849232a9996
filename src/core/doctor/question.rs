//! The questions, one row each: what the answer is known by, when the question is asked, and with which command.
//!
//! Commands read and change nothing; a test of `commands` walks every one.

/// A program of the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Kubernetes' command line.
    Kubectl,
    /// AWS's.
    Aws,
}

impl Tool {
    /// Its name on the PATH.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Kubectl => "kubectl",
            Tool::Aws => "aws",
        }
    }
}

/// When a question is asked. `commands` decides it, and says why where it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// In each run.
    Always,
    /// Where the argument may name a service account.
    AccountMayBeNamed,
    /// Where the argument names a pod, or may name one because no service account of that name was shown.
    PodMayBeNamed,
    /// Where the argument names a pod.
    PodFound,
    /// Where it did not.
    NoPodFound,
    /// Where the service account does not exist.
    AccountMissing,
    /// Where the service account's name is known.
    AccountKnown,
    /// Where an event says that a controller could not create pods, and the controller is of this question's kind.
    CreationFailed,
    /// Where the service account has a Pod Identity association.
    AssociationKnown,
    /// Where the role is known and in the account that aws acts in: IAM shows no other account's.
    RoleInReach,
    /// The same, where the role is reached by IRSA, which alone needs an OIDC provider.
    RoleByIrsa,
    /// Where the issuer's own OIDC provider was not shown.
    ProviderNotShown,
    /// With `--aws-auth`.
    AwsAuthWanted,
}

/// The command that answers a question. `{name}` in it stands for a value, which `commands` fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolRequest {
    /// `kubectl` with these words.
    Kubectl(&'static [&'static str]),
    /// `kubectl get --raw PATH`: an object or list of the API server as it is. It needs no discovery of resources, and holds the managed fields
    /// whatever kubectl's version. Lists ask for one page of 500; what lies beyond is said to lie beyond.
    Get(&'static str),
    /// `aws` with these words.
    Aws(&'static [&'static str]),
    /// `aws` with these words, in the cluster's region.
    AwsInRegion(&'static [&'static str]),
}

impl ToolRequest {
    /// The program that it runs.
    pub fn tool(self) -> Tool {
        match self {
            ToolRequest::Kubectl(_) | ToolRequest::Get(_) => Tool::Kubectl,
            ToolRequest::Aws(_) | ToolRequest::AwsInRegion(_) => Tool::Aws,
        }
    }
}

/// What there is to know of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuestionRow {
    /// What every answer has, as a JSON pointer.
    pub sign: &'static str,
    /// When it is asked.
    pub asked: Condition,
    /// What answers it.
    pub request: ToolRequest,
}

/// Makes [`Question`] and its rows. The variant is the row's index.
macro_rules! questions {
    ($($(#[$doc:meta])* $question:ident { sign: $sign:literal, asked: $asked:ident, request: $request:expr })+) => {
        /// What is asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Question {
            $($(#[$doc])* $question,)+
        }

        const ROWS: &[QuestionRow] = &[$(QuestionRow { sign: $sign, asked: Condition::$asked, request: $request }),+];

        impl Question {
            /// Every question, in the order in which those that are due together are asked.
            pub const ALL: &[Question] = &[$(Question::$question),+];

            /// Its row.
            pub fn row(self) -> &'static QuestionRow {
                &ROWS[self as usize]
            }

            /// The program that answers it.
            pub fn tool(self) -> Tool {
                self.row().request.tool()
            }
        }
    };
}

use ToolRequest::{Aws, AwsInRegion, Get, Kubectl};

questions! {
    /// kubectl's current context.
    Context {
        sign: "/contexts",
        asked: Always,
        request: Kubectl(&["config", "view", "--minify", "-o", "json"])
    }
    /// Whom aws acts as. It is the first question to aws, and alone in its round: a profile with MFA asks for the code once, and the others find
    /// the cached session.
    Caller {
        sign: "/Account",
        asked: Always,
        request: Aws(&["sts", "get-caller-identity"])
    }
    /// The API server's own OIDC discovery document.
    Discovery {
        sign: "/issuer",
        asked: Always,
        request: Get("/.well-known/openid-configuration")
    }
    /// The cluster as EKS has it.
    Cluster {
        sign: "/cluster",
        asked: Always,
        request: AwsInRegion(&["eks", "describe-cluster", "--name", "{cluster}"])
    }
    /// The mutating webhooks.
    Webhooks {
        sign: "/items",
        asked: Always,
        request: Get("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations")
    }
    /// The service account of the given name.
    ServiceAccount {
        sign: "/metadata",
        asked: AccountMayBeNamed,
        request: Get("/api/v1/namespaces/{namespace}/serviceaccounts/{name}")
    }
    /// The pod of the given name.
    Pod {
        sign: "/spec",
        asked: PodMayBeNamed,
        request: Get("/api/v1/namespaces/{namespace}/pods/{name}")
    }
    /// That pod's service account.
    PodAccount {
        sign: "/metadata",
        asked: PodFound,
        request: Get("/api/v1/namespaces/{namespace}/serviceaccounts/{serviceAccount}")
    }
    /// The namespace's service accounts, when the named one is missing.
    Others {
        sign: "/items",
        asked: AccountMissing,
        request: Get("/api/v1/namespaces/{namespace}/serviceaccounts?limit=500")
    }
    /// The pods of the service account.
    Pods {
        sign: "/items",
        asked: NoPodFound,
        request: Get("/api/v1/namespaces/{namespace}/pods?fieldSelector=spec.serviceAccountName%3D{serviceAccount}&limit=500")
    }
    /// Warnings of the namespace.
    Events {
        sign: "/items",
        asked: Always,
        request: Get("/api/v1/namespaces/{namespace}/events?fieldSelector=type%3DWarning&limit=500")
    }
    /// Controllers of one kind: an event names the controller alone, and the service account stands in its template.
    ReplicaSets {
        sign: "/items",
        asked: CreationFailed,
        request: Get("/apis/apps/v1/namespaces/{namespace}/replicasets?limit=500")
    }
    /// The same, of another kind.
    DaemonSets {
        sign: "/items",
        asked: CreationFailed,
        request: Get("/apis/apps/v1/namespaces/{namespace}/daemonsets?limit=500")
    }
    /// The same, of another kind.
    StatefulSets {
        sign: "/items",
        asked: CreationFailed,
        request: Get("/apis/apps/v1/namespaces/{namespace}/statefulsets?limit=500")
    }
    /// The same, of another kind.
    Jobs {
        sign: "/items",
        asked: CreationFailed,
        request: Get("/apis/batch/v1/namespaces/{namespace}/jobs?limit=500")
    }
    /// Pod Identity associations of the service account.
    Associations {
        sign: "/associations",
        asked: AccountKnown,
        request: AwsInRegion(&[
            "eks", "list-pod-identity-associations", "--cluster-name", "{cluster}", "--namespace", "{namespace}",
            "--service-account", "{serviceAccount}",
        ])
    }
    /// The association in full: the list does not hold its role.
    Association {
        sign: "/association",
        asked: AssociationKnown,
        request: AwsInRegion(&["eks", "describe-pod-identity-association", "--cluster-name", "{cluster}", "--association-id", "{association}"])
    }
    /// The role, with its trust policy.
    Role {
        sign: "/Role/Arn",
        asked: RoleInReach,
        request: Aws(&["iam", "get-role", "--role-name", "{roleName}"])
    }
    /// The role's managed policies.
    Attached {
        sign: "/AttachedPolicies",
        asked: RoleInReach,
        request: Aws(&["iam", "list-attached-role-policies", "--role-name", "{roleName}"])
    }
    /// The role's inline policies.
    Inline {
        sign: "/PolicyNames",
        asked: RoleInReach,
        request: Aws(&["iam", "list-role-policies", "--role-name", "{roleName}"])
    }
    /// The IAM OIDC provider of the issuer.
    Provider {
        sign: "/ClientIDList",
        asked: RoleByIrsa,
        request: Aws(&["iam", "get-open-id-connect-provider", "--open-id-connect-provider-arn", "{provider}"])
    }
    /// All providers of the account, when that one was not shown.
    Providers {
        sign: "/OpenIDConnectProviderList",
        asked: ProviderNotShown,
        request: Aws(&["iam", "list-open-id-connect-providers"])
    }
    /// The ConfigMap aws-auth.
    AwsAuth {
        sign: "/metadata",
        asked: AwsAuthWanted,
        request: Get("/api/v1/namespaces/kube-system/configmaps/aws-auth")
    }
}
