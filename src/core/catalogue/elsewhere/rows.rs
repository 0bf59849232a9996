//! The rows, and nothing but data. Of one code, the more particular situation stands first.

use super::{ANY, Caller, Elsewhere, IssuerKind, Key, Site, When, Wording};
use crate::core::catalogue::commands::*;
use crate::core::catalogue::{Code, RemedyDocument};

/// Everywhere but in a pod.
const NOT_A_POD: &[Site] = &[Site::Unknown, Site::Workstation, Site::Ci, Site::Instance];
/// Where the text shows that it is no pod.
const OUTSIDE: &[Site] = &[Site::Workstation, Site::Ci, Site::Instance];
const CI: &[Site] = &[Site::Ci];
const WORKSTATION: &[Site] = &[Site::Workstation];

const fn row(codes: &'static [Code], when: When, cause: &'static str, wording: Wording) -> Elsewhere {
    Elsewhere { codes, when, cause, wording, document: None }
}

/// All rows.
pub static ROWS: &[Elsewhere] = &[
    // Keys and sessions. docs/facts.md#caller-identity-errors.
    row(
        &[Code::SessionRejected],
        ANY.says("aws_session_token|session token|sessiontoken"),
        "An access key of a session (ASIA…) needs the token of the same session. A user's key (AKIA…) has no token. AWS refuses any other \
            combination. Most often a variable or a line of an earlier login is left.",
        Wording {
            title: "the access key and the session token do not belong together",
            fix: "Take AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN from one and the same login, or remove all three. For a key \
                that begins with AKIA, remove AWS_SESSION_TOKEN. They can be in the environment, in the credentials file, in a CI variable or in a \
                pod's Secret.",
            commands: &[WHO_CALLS],
        },
    ),
    row(
        &[Code::SessionRejected],
        ANY.with(&[Key::Static]),
        "The access key was deleted or deactivated, its user was deleted, or the key is mistyped. A key of another partition (China, GovCloud) is \
            not known either.",
        Wording {
            title: "AWS does not know this access key",
            fix: "Use an access key that IAM lists as Active for its user, or remove the static key so that a role is used. The key can be in the \
                environment, in the credentials file, in a CI variable or in a pod's Secret. In a pod, an injected role is used once the static \
                key is gone.",
            commands: &[LIST_KEYS],
        },
    ),
    row(
        &[Code::SessionRejected],
        ANY.at(CI),
        "The access key that the pipeline stores was deleted, deactivated or mistyped, or its three values are not of one session. A role that was \
            deleted during the job has the same effect.",
        Wording {
            title: "AWS does not accept the credentials of this job",
            fix: "Let the job log in with its own OIDC token, or replace the stored access key with one that IAM lists as Active. On GitHub, \
                aws-actions/configure-aws-credentials does that with role-to-assume and `id-token: write`. On GitLab, a job does it with id_tokens.",
            commands: &[WHO_CALLS],
        },
    ),
    row(
        &[Code::SessionRejected],
        ANY.at(WORKSTATION),
        "The profile's key was deleted or deactivated, the role of the login was recreated, or variables of an earlier login are left in the shell. \
            SDKs use those before the profile.",
        Wording {
            title: "AWS does not accept the credentials of this workstation",
            fix: "Unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in this shell, and log in again. If the profile has a \
                static key, replace it with one that IAM lists as Active.",
            commands: &[WHO_CALLS, SSO_LOGIN],
        },
    ),
    row(
        &[Code::SessionRejected],
        ANY.at(&[Site::Pod]).with(&[Key::Unknown]),
        "A pod with static keys from a Secret has a key that was deleted, deactivated or mistyped. A pod with an injected role has a session whose \
            role was deleted or recreated, or a token of the global STS endpoint in an opt-in region.",
        Wording {
            title: "AWS does not know the credentials that the pod uses",
            fix: "Check whether the pod has static keys; if so, replace them, or remove them so that an injected role is used. If its role is \
                injected, check that role {roleName} still exists, and use the regional STS endpoint.",
            commands: &[GET_POD, GET_ROLE],
        },
    ),
    row(
        &[Code::SessionRejected],
        ANY.at(NOT_A_POD),
        "The access key was deleted or deactivated, the session token is missing or of another session, or the role was deleted or recreated. In an \
            opt-in region the token may also be of the global STS endpoint (version 1 tokens).",
        Wording {
            title: "AWS does not know these credentials",
            fix: "Check which credentials the program uses, and replace them: static keys, a login, or a role. All three values have to be of the \
                same session. In a pod, `irsa-probe check` shows where they come from. In an opt-in region, use the regional STS endpoint.",
            commands: &[WHO_CALLS],
        },
    ),
    row(
        &[Code::SessionExpired, Code::NoCredentialsFound, Code::ProfileBroken],
        ANY.says("aws sso login|sso session|sso token|ssotoken|token from sso|ssoproviderinvalidtoken"),
        "The profile gets its credentials from IAM Identity Center (SSO). Its login on this machine has ended, or there was none.",
        Wording {
            title: "the login at IAM Identity Center (SSO) has expired",
            fix: "Log in again with the profile that the program uses, and repeat the command. If that changes nothing, unset AWS_ACCESS_KEY_ID, \
                AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in this shell: SDKs use them before the profile. A pod cannot log in like this and \
                needs a role of its own.",
            commands: &[WHO_CALLS, SSO_LOGIN],
        },
    ),
    row(
        &[Code::SessionExpired],
        ANY.at(CI),
        "The job got its credentials once, and nothing renews them. The session ended before the job did.",
        Wording {
            title: "the job runs longer than its AWS session",
            fix: "Get the credentials again right before the step that failed, or request a longer session. On GitHub that is \
                role-duration-seconds of aws-actions/configure-aws-credentials. The role's MaxSessionDuration is the most that it can be.",
            commands: &[MAX_SESSION],
        },
    ),
    row(
        &[Code::SessionExpired],
        ANY.at(WORKSTATION),
        "The login of this workstation has ended, or variables of an earlier one are left in the shell.",
        Wording {
            title: "the session of this workstation has expired",
            fix: "Unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in this shell, and log in or assume the role again. If the \
                new session has expired too, correct the clock of this machine.",
            commands: &[WHO_CALLS, SSO_LOGIN],
        },
    ),
    row(
        &[Code::SessionExpired],
        ANY.at(NOT_A_POD),
        "Credentials of a session were copied into variables, a file or a Secret, where nothing renews them. Or the program keeps a session past \
            its end, or a clock is wrong by hours.",
        Wording {
            title: "the session's credentials have ended, and nothing renewed them",
            fix: "Let the SDK get the credentials itself (from a role, a profile or a web identity), so that it renews them. Do not copy a \
                session's keys into variables or files. If the SDK gets them already, check this machine's clock and restart the program.",
            commands: &[WHO_CALLS],
        },
    ),
    row(
        &[Code::SignatureRejected],
        ANY.says("missingauthenticationtoken|missing authentication token|incompletesignature"),
        "The request came without a signature, or with something else in the header Authorization: a bearer token, or a token of Kubernetes. A \
            proxy that removes the header has the same effect.",
        Wording {
            title: "the request came without a usable signature",
            fix: "Let an AWS SDK make the call, so that it is signed with Signature Version 4. If an SDK made it, look for a proxy or mesh filter \
                that removes the header Authorization. A service account's token is for AssumeRoleWithWebIdentity alone.",
            commands: &[],
        },
    ),
    row(
        &[Code::SignatureRejected],
        ANY.at(&[Site::Pod]).with(&[Key::Unknown, Key::Static]).says("request signature we calculated does not match"),
        "The secret access key that the pod uses is wrong, often by a line break at its end, or it is of another access key. If the pod has no \
            static keys, something on the way changes the request.",
        Wording {
            title: "the secret access key of the pod is wrong, or its requests are changed",
            fix: "Correct the secret access key in the Secret that the pod gets it from, or remove the static keys and use an injected role. `echo` \
                without -n puts a line break at the end of the value. If the pod has no static keys, look for a proxy or mesh filter that changes \
                its requests.",
            commands: &[GET_POD],
        },
    ),
    row(
        &[Code::SignatureRejected],
        ANY.at(NOT_A_POD).says("request signature we calculated does not match"),
        "The secret access key does not belong to the access key id: it is of another key, or was not copied as a whole. If it is right, something \
            on the way changes the request.",
        Wording {
            title: "the secret access key is wrong, or the request was changed on its way",
            fix: "Copy the access key id and the secret access key again, without a blank or line break at the end. They can be in the environment, \
                in the credentials file, in a CI variable or in a pod's Secret. If they are right, look for a proxy that changes requests.",
            commands: &[WHO_CALLS],
        },
    ),
    // IAM user guide, "Roles terms and concepts", role chaining.
    row(
        &[Code::SessionTooLong],
        ANY.says("1 hour session limit"),
        "A role that another role assumes (role chaining) gets a session of one hour at most, even if its MaxSessionDuration is longer.",
        Wording {
            title: "a role that another role assumes gets one hour at most",
            fix: "Set the requested duration to 3600 seconds or less, or do not set it. The role's MaxSessionDuration does not matter here. For \
                longer work, let the program assume the role again before the hour ends, or get the role directly, without another one in between.",
            commands: &[],
        },
    ),
    row(
        &[Code::SessionTooLong],
        ANY.at(CI),
        "The job requests a longer session than the role's MaxSessionDuration, which is one hour unless someone raised it.",
        Wording {
            title: "the job requests a longer session than the role allows",
            fix: "Lower the duration that the job requests to the role's MaxSessionDuration. On GitHub that is role-duration-seconds of \
                aws-actions/configure-aws-credentials. Raising the role's value affects everyone who assumes it.",
            commands: &[MAX_SESSION],
        },
    ),
    // Trust policies and providers of CI systems. GitHub documentation, "Configuring OpenID Connect in Amazon Web Services"; GitLab documentation,
    // "OpenID Connect (OIDC) Authentication Using ID Tokens".
    Elsewhere {
        document: Some(RemedyDocument::TrustStatement),
        ..row(
            &[Code::TrustPolicyDenied],
            ANY.of(&[IssuerKind::GitHub]),
            "STS accepts GitHub's token, but nothing in the role's trust policy allows this workflow. sub is repo:ORG/REPO with the branch, tag, \
                environment or pull_request. Most often it differs, or a * stands under StringEquals. STS gives the same answer for a role that \
                does not exist.",
            Wording {
                title: "the role does not trust this GitHub workflow",
                fix: "Add a statement for the sub of this workflow to the trust policy of role {roleName}, and keep its other statements. \
                    Check first that the role exists, and that role-to-assume names it. An environment or a pull request changes sub. A * in sub \
                    works only under StringLike. If code manages the role, change the code.",
                commands: &[GET_TRUST_POLICY],
            },
        )
    },
    Elsewhere {
        document: Some(RemedyDocument::TrustStatement),
        ..row(
            &[Code::TrustPolicyDenied],
            ANY.of(&[IssuerKind::GitLab]),
            "STS accepts GitLab's token, but nothing in the role's trust policy allows this job. sub is project_path:GROUP/PROJECT with ref_type \
                and ref. Most often it differs, or aud is not the one of id_tokens. STS gives the same answer for a role that does not exist.",
            Wording {
                title: "the role does not trust this GitLab job",
                fix: "Add a statement for the sub and aud of this job to the trust policy of role {roleName}, and keep its other \
                    statements. Check first that the role exists. aud is what id_tokens in .gitlab-ci.yml names. A * in sub works only under \
                    StringLike. If code manages the role, change the code.",
                commands: &[GET_TRUST_POLICY],
            },
        )
    },
    row(
        &[Code::TrustPolicyDenied],
        ANY.at(CI),
        "STS accepts the job's token, but nothing in the role's trust policy allows its sub and aud. STS gives the same answer for a role that \
            does not exist. A CI job has no service account.",
        Wording {
            title: "the role does not trust this CI job",
            fix: "Name the sub and aud of the job's token in the trust policy of role {roleName}, and keep its other statements. Check first that \
                the role exists. GitHub's sub begins with repo:ORG/REPO, and GitLab's with project_path:GROUP/PROJECT. If code manages the \
                role, change the code.",
            commands: &[GET_TRUST_POLICY],
        },
    ),
    row(
        &[Code::OidcProviderMissing, Code::TokenNotValidated],
        ANY.at(CI),
        "STS looks for the token's issuer among the IAM OIDC providers of the role's account. It was never created there, is spelt differently, or \
            the role is in another account than expected.",
        Wording {
            title: "the role's account has no fitting IAM OIDC provider for this CI system",
            fix: "Create the IAM OIDC provider for {issuer} in account {account}, or correct the role's ARN in the pipeline. Use credentials of \
                the role's account. If the provider is there, its client IDs have to hold the aud of the job's token.",
            commands: &[
                read("aws iam list-open-id-connect-providers"),
                CREATE_PROVIDER
                    .touching("account {account}: its roles that trust this provider then admit the jobs that their trust policies name"),
            ],
        },
    ),
    row(
        &[Code::AudienceNotRegistered],
        ANY.at(CI),
        "The OIDC provider exists, but its client ID list lacks the aud of the job's token.",
        Wording {
            title: "the audience of the job's token is not registered with the provider",
            fix: "Request the token with an audience that is registered: on GitHub the input audience, on GitLab aud of id_tokens. GitHub's action \
                requests sts.amazonaws.com. To register another one, add it to the provider's client IDs in account {account}.",
            commands: &[GET_PROVIDER],
        },
    ),
    row(
        &[Code::TokenExpiredAtSts],
        ANY.at(CI),
        "The token of a CI job is short-lived. The job fetched it long before the exchange, or kept one of an earlier job.",
        Wording {
            title: "the job's OIDC token has expired",
            fix: "Fetch the token right before the exchange, in the same job, and do not store it. On GitHub, run \
                aws-actions/configure-aws-credentials as the step before the one that needs AWS.",
            commands: &[],
        },
    ),
    row(
        &[Code::TokenRejected],
        ANY.at(CI),
        "STS takes an OIDC ID token. The job sent something else: an access token of the CI system, an empty variable, or a part of the token.",
        Wording {
            title: "the job sent STS something else than its OIDC token",
            fix: "Send the job's ID token unchanged: on GitHub that of the action with `id-token: write`, on GitLab that of id_tokens. GITHUB_TOKEN and \
                CI_JOB_TOKEN are access tokens, which STS refuses.",
            commands: &[],
        },
    ),
    row(
        &[Code::RoleArnRejected, Code::RoleArnMalformed],
        ANY.at(CI),
        "The value of role-to-assume, or the variable that it comes from, is empty or is not the ARN of a role of this partition.",
        Wording {
            title: "the pipeline's role ARN is not the ARN of a role",
            fix: "Correct role-to-assume, or the pipeline's variable for the role: arn:{partition}:iam::ACCOUNT:role/NAME. A secret is empty in a \
                workflow of a fork. For a role of China or GovCloud, set a region of that partition, too.",
            commands: &[],
        },
    ),
    row(
        &[Code::NoCredentialsFound],
        ANY.at(CI),
        "A job has no AWS credentials unless a step gets them. On GitHub the permission for the OIDC token is missing, or the step with the login is. \
            A workflow of a fork gets neither token nor secrets.",
        Wording {
            title: "the CI job has no AWS credentials",
            fix: "Give the job `id-token: write` under permissions, and run aws-actions/configure-aws-credentials with role-to-assume before this \
                step. On GitLab, declare id_tokens and exchange the token. `permissions` of a job replaces that of the workflow, so it has to \
                name contents: read, too.",
            commands: &[],
        },
    ),
    row(
        &[Code::NoCredentialsFound],
        ANY.at(WORKSTATION),
        "No profile, no variables and no login give credentials on this machine. A profile that is not named default is used only if AWS_PROFILE \
            or --profile names it.",
        Wording {
            title: "there are no AWS credentials on this workstation",
            fix: "Log in, or select the profile that has credentials with AWS_PROFILE. Programs that run as another user (sudo, a container) do \
                not see the files of this one.",
            commands: &[SSO_LOGIN],
        },
    ),
    row(
        &[Code::NoCredentialsFound],
        ANY.at(&[Site::Instance]),
        "The instance has no instance profile, IMDS is switched off, or the program runs in a container that the hop limit of 1 keeps from IMDS.",
        Wording {
            title: "the program on this EC2 instance found no credentials",
            fix: "Check that the instance has an instance profile and that IMDS answers. If the program is to use another role, give it a profile \
                that names the role.",
            commands: &[METADATA_OPTIONS],
        },
    ),
    row(
        &[Code::NodeRoleFallback],
        ANY.at(&[Site::Instance]),
        "The caller's session is named after an instance. A program on the instance itself has this identity rightly; a pod has it because nothing \
            was injected.",
        Wording {
            title: "the caller is an EC2 instance, or a pod without an identity of its own",
            fix: "Check whether a pod or the instance itself made the call. A pod needs an identity of its own: `irsa-probe check` in the pod says \
                why there is none. What a program on the instance needs, the owner of the instance decides.",
            commands: &[METADATA_OPTIONS],
        },
    ),
    row(
        &[Code::NodeRoleFallback],
        ANY.at(&[Site::Unknown]),
        "The caller's session is named after an EC2 instance. In a pod this means that the pod has no identity of its own, and that its SDK took the \
            node's role.",
        Wording {
            title: "the caller has the role of its node",
            fix: "Give the pod an identity of its own: irsa-probe check in the pod says why it has none. Leave the node's role as it is: what it may \
                do, every pod on the node may do. If no pod made the call but a program on an instance outside of any cluster, \
                the owner of that instance decides.",
            commands: &[],
        },
    ),
    row(
        &[Code::ServiceAccountMissing],
        ANY,
        "The cluster creates no pod for a service account that does not exist. Most often the name or the namespace is misspelt.",
        Wording {
            title: "the pods' service account does not exist",
            fix: "Create service account {serviceAccount} in namespace {namespace}, or correct the name in the pod's template. If its pods need an \
                AWS role, annotate it, or create an association.",
            commands: &[
                read("kubectl -n {namespace} get serviceaccounts"),
                shared(
                    "kubectl -n {namespace} create serviceaccount {serviceAccount}",
                    "namespace {namespace}: pods that name the service account can be created then",
                ),
            ],
        },
    ),
    row(
        &[Code::ProfileMissing],
        ANY.at(OUTSIDE),
        "Neither of the two shared configuration files has a profile of this name. The name is misspelt, AWS_CONFIG_FILE names another file, or the \
            section in the configuration file lacks the word profile.",
        Wording {
            title: "the selected profile is in no file of this machine",
            fix: "Correct AWS_PROFILE or --profile, or add the profile to ~/.aws/config as [profile NAME]. A CI job that gets its credentials from \
                a login step needs no profile: unset AWS_PROFILE there.",
            commands: &[],
        },
    ),
    row(
        &[Code::RegionMissing],
        ANY.at(OUTSIDE),
        "Neither AWS_REGION nor AWS_DEFAULT_REGION is set, and the selected profile names no region.",
        Wording {
            title: "no AWS region is set on this machine",
            fix: "Set AWS_REGION, or write region into the profile. On GitHub, aws-actions/configure-aws-credentials sets it from aws-region.",
            commands: &[],
        },
    ),
    row(
        &[Code::ClockSkew],
        ANY.at(OUTSIDE),
        "AWS refuses signatures whose time is more than 15 minutes off its own. The clock of this machine or virtual machine is wrong, often after \
            sleep.",
        Wording {
            title: "the clock of this machine is wrong",
            fix: "Correct the clock of this machine (NTP or chrony), and repeat the call. A container uses the clock of its host or virtual machine.",
            commands: &[],
        },
    ),
    row(
        &[Code::DnsFailed, Code::DnsNotFound, Code::ConnectTimeout, Code::NetworkUnreachable],
        ANY.at(OUTSIDE),
        "This machine cannot look up or reach the host. A VPN, a proxy or a firewall is in between, the region is misspelt, or an endpoint \
            override names another host.",
        Wording {
            title: "this machine does not reach STS",
            fix: "Check the network, VPN and proxy (HTTPS_PROXY, NO_PROXY) of this machine, and that {host} is the host of the intended region. A \
                private address is that of a VPC endpoint, which only its networks reach.",
            commands: &[],
        },
    ),
    // Clients that send a token wrongly. docs/facts.md#agent-errors.
    row(
        &[Code::TokenMalformed],
        ANY.says("contains invalid newline sequence|auth token value is not a legal header value"),
        "The token goes into a header, which cannot hold a line break. The kubelet writes none, so the value was copied or typed, or the file is \
            another one.",
        Wording {
            title: "the client cannot send the token, because a line break is in it",
            fix: "Leave AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE as the webhook sets it, and unset AWS_CONTAINER_AUTHORIZATION_TOKEN; then recreate \
                the pod. If a token has to be written by hand, write it without a line break at its end.",
            commands: &[GET_POD],
        },
    ),
    row(
        &[Code::AgentTokenRejected],
        ANY.says("service account token cannot be empty"),
        "The request had no header Authorization. AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is unset in this container, its file is empty, or the client \
            does not read it. The token itself is not the fault.",
        Wording {
            title: "the client called the agent without a token",
            fix: "Use an SDK that supports EKS Pod Identity, and leave AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE as the webhook sets it. `irsa-probe \
                sdks` names the first versions. A client of your own sends the content of that file in the header Authorization.",
            commands: &[GET_POD, read("irsa-probe sdks")],
        },
    ),
    row(
        &[Code::AgentTokenRejected],
        ANY.says("service account token cannot be parsed"),
        "The header Authorization holds something else than the token: the word Bearer before it, the path of the file, or a part of the token.",
        Wording {
            title: "the client sent the agent something else than the token",
            fix: "Send the content of the file in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE unchanged in the header Authorization, without Bearer. An \
                SDK does that by itself, if the variable is as the webhook sets it.",
            commands: &[GET_POD],
        },
    ),
    // docs/facts.md#elsewhere.
    row(
        &[Code::SdkTooOld, Code::AgentUriNotAllowed],
        ANY.says("[fd00:ec2::23]/v1/credentials) contained within environment variable"),
        "On an IPv6 cluster the agent's address is [fd00:ec2::23]. Java 2 takes it only if AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is IPv6. Versions \
            before 2.21.30 take no agent's address.",
        Wording {
            title: "Java 2 does not take the agent's IPv6 address without a setting",
            fix: "Set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6 in the container's env, and recreate the pod. The SDK then calls IMDS by IPv6, too. \
                Use version 2.21.30 or newer.",
            commands: &[GET_POD],
        },
    ),
    row(
        &[Code::WebhookMissing],
        ANY.says("x509:|tls: failed to verify|certificate signed by unknown authority"),
        "The webhook is there and answers. The API server does not accept its certificate: it has expired, is for another name, or caBundle in the \
            webhook's configuration is of another CA. Pods then start without an identity, because its failure policy is Ignore.",
        Wording {
            title: "the API server does not accept the certificate of the identity webhook",
            fix: "Renew the webhook's certificate, and put the CA that signed it into caBundle of the MutatingWebhookConfiguration; then recreate \
                the pods. If cert-manager makes the certificate, correct its Certificate and the annotation cert-manager.io/inject-ca-from.",
            commands: &[read("kubectl get mutatingwebhookconfigurations -o yaml")],
        },
    ),
    row(
        &[Code::WebhookMissing],
        ANY.says("failed calling webhook|failed to call webhook"),
        "The configuration of the webhook is there, but the webhook does not answer the API server: its pods do not run, or the network between \
            them is blocked. Pods then start without an identity, because its failure policy is Ignore.",
        Wording {
            title: "the webhook that injects identities does not answer",
            fix: "Bring the webhook's pods back, and let the API server reach them; then recreate the pods that were created meanwhile. On EKS the \
                webhook runs in the control plane: if its failures last, ask AWS support.",
            commands: &[read("kubectl get mutatingwebhookconfigurations -o yaml")],
        },
    ),
    // EKS user guide, "Create access entries": the types of nodes.
    row(
        &[Code::KubernetesAccessMissing],
        ANY.by(&[Caller::Node]),
        "The caller acts as a node (session i-…). A workload that calls like this has no identity of its own. A node itself is known by an access \
            entry of a node's type, which EKS makes for managed node groups, or by its mapping in aws-auth.",
        Wording {
            title: "a node's identity is not known to Kubernetes, or not for this",
            fix: "If a workload made the call, let it use its service account for the Kubernetes API, or an AWS identity of its own. If a node \
                cannot join, check that its role has an access entry of type EC2_LINUX or EC2_WINDOWS, or the mapping for nodes in aws-auth.",
            commands: &[ACCESS_ENTRIES, GET_AWS_AUTH],
        },
    ),
    // docs/facts.md#elsewhere.
    row(
        &[Code::KubernetesAccessMissing],
        ANY.says("\" cannot "),
        "The login works: the API server knows the caller by name. RBAC or an access policy does not allow the action. IAM policies do not \
            matter here, and another access entry changes nothing.",
        Wording {
            title: "Kubernetes knows this caller, and does not allow the action",
            fix: "Associate an access policy with the access entry of {roleArn}, or bind a Role to its user name or group. Choose the least policy \
                and the namespaces that are needed. Where aws-auth maps the caller, a RoleBinding has to name the user or group of that mapping.",
            commands: &[ACCESS_POLICIES, read("kubectl auth can-i --list"), ASSOCIATE_ACCESS],
        },
    ),
    row(
        &[Code::KubernetesAccessMissing],
        ANY.detail("kubectl does not say why"),
        "kubectl logs in with the AWS credentials that it finds. They have expired, are of another profile or account, or no access entry names \
            the caller. The kubeconfig can also be of another cluster.",
        Wording {
            title: "the cluster does not accept the login of this caller",
            fix: "Check who is calling; if that is not the intended identity, log in again or select the right profile and context. If it is, the \
                cluster lacks an access entry or a mapping for it. An administrator of the cluster creates it, with an access policy or a group \
                that RBAC knows: an entry alone allows nothing.",
            commands: &[WHO_CALLS, read("kubectl config get-contexts"), ACCESS_ENTRIES],
        },
    ),
    // EKS user guide, "Amazon EKS node IAM role".
    row(
        &[Code::PermissionMissing, Code::PassRoleMissing, Code::RoleChainDenied],
        ANY.by(&[Caller::Node]),
        "The caller is a node: its kubelet, its network plugin or another program that runs as the node. A node needs the policies that AWS lists \
            for nodes. A workload that calls like this has no identity of its own.",
        Wording {
            title: "a node made this call, and its policies do not cover it",
            fix: "Compare the node's policies with those that the EKS user guide lists under \"Amazon EKS node IAM role\", and have missing ones \
                restored. If a workload made the call, give it an identity of its own through its service account: what it needs does not belong \
                to the node.",
            commands: &[ATTACHED_POLICIES],
        },
    ),
    row(
        &[Code::PermissionMissing, Code::PassRoleMissing],
        ANY.by(&[Caller::Person]),
        "The caller logged in at IAM Identity Center. Its role belongs to a permission set, and IAM refuses changes of such a role.",
        Wording {
            title: "the permission set of this login does not allow this action",
            fix: "Ask the administrator of IAM Identity Center to allow {action} on {resource} in the permission set, or log in with another one. \
                The permission set's role cannot be changed in IAM. A change affects everyone who has the permission set.",
            commands: &[WHO_CALLS],
        },
    ),
    row(
        &[Code::PermissionMissing],
        ANY.says("with an explicit deny in an identity-based policy|with an explicit deny in a resource-based policy"),
        "A Deny statement of the caller's own policies, or of the resource's policy, matches this call. A Deny outweighs every Allow.",
        Wording {
            title: "a Deny statement matches this call",
            fix: "Find the Deny statement that matches {action} on {resource}, and ask its owner to exempt this caller. Another Allow changes \
                nothing. The Deny may protect something on purpose, so keep it for the others.",
            commands: &[
                ATTACHED_POLICIES,
                read("aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names {action} --resource-arns {resource}"),
            ],
        },
    ),
    // docs/facts.md#elsewhere.
    row(
        &[Code::PermissionMissing],
        ANY.operation("headobject"),
        "HeadObject needs s3:GetObject on the object. If the object does not exist, S3 answers 403 in place of 404 unless the caller has \
            s3:ListBucket on the bucket. The answer to HEAD has no text.",
        Wording {
            title: "S3 refuses HeadObject: a permission or the object is missing",
            fix: "Allow s3:GetObject on the object and s3:ListBucket on its bucket in a policy of role {roleName}, and nothing more. Check the \
                object's key first: without s3:ListBucket, an object that does not exist gives the same answer. If the object is encrypted with a \
                KMS key, kms:Decrypt is needed, too.",
            commands: &[ATTACHED_POLICIES],
        },
    ),
    // docs/facts.md#elsewhere.
    row(
        &[Code::PermissionMissing],
        ANY.action("kms:"),
        "KMS asks the key's own policy first. IAM policies count only if the key policy leaves it to the account. For a key of another account both \
            are needed, and an AWS managed key (aws/…) cannot be used from there. Often another service makes the call for the caller.",
        Wording {
            title: "the key's policy and the caller's do not allow this use of the KMS key",
            fix: "Allow {action} on {resource} in a policy of role {roleName}, and check that the key policy lets its account's IAM policies decide \
                or names {roleArn}. `aws kms get-key-policy` shows it. `aws kms put-key-policy` replaces the whole policy, so keep its other \
                statements: without them no one may be able to use or change the key.",
            commands: &[read(
                "aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names {action} --resource-arns {resource}",
            )],
        },
    ),
    row(
        &[Code::PermissionMissing],
        ANY.detail("are in different accounts"),
        "Across accounts, both sides have to allow a call: a policy of the caller, and the policy of the resource in its own account.",
        Wording {
            title: "the resource is in another account, and one side does not allow the call",
            fix: "Allow {action} on {resource} in a policy of role {roleName}, and ask the resource's owner to add {roleArn} to the resource's own \
                policy. Both are needed. The owner adds a statement and keeps the others.",
            commands: &[ATTACHED_POLICIES],
        },
    ),
    row(
        &[Code::PermissionMissing],
        ANY.by(&[Caller::User]),
        "The caller is an IAM user, whose access key signed the call. No policy of the user or of its groups allows the action on this resource, or a \
            policy denies it.",
        Wording {
            title: "this IAM user is not allowed to do this",
            fix: "In a pod, a user's static key stands before the injected role: remove it, if the role is meant to call. Else allow {action} on \
                {resource} in a policy of user {userName}, and nothing more.",
            commands: &[
                read("aws iam list-attached-user-policies --user-name {userName}"),
                read("aws iam list-groups-for-user --user-name {userName}"),
            ],
        },
    ),
    row(
        &[Code::PermissionMissing],
        ANY.detail("does not say who was denied"),
        "The service does not say who called, or what was missing. The program may use another profile, key or role than intended.",
        Wording {
            title: "this caller is not allowed to do this, and the text does not name it",
            fix: "Check first who is calling, with the same profile and environment; in a pod, irsa-probe check shows it. If it is the intended identity, allow {action} on the resource \
                in its policy, and nothing more. Else select the right profile or role.",
            commands: &[WHO_CALLS],
        },
    ),
    // docs/facts.md#elsewhere.
    row(
        &[Code::RoleChainDenied],
        ANY.by(&[Caller::PodIdentity]),
        "EKS Pod Identity adds session tags, which go with the session into every further role. So both sides have to allow sts:TagSession beside \
            sts:AssumeRole. STS gives the same answer for a role that does not exist.",
        Wording {
            title: "the pod's role may not assume the other role with its session tags",
            fix: "Allow sts:AssumeRole and sts:TagSession on {resource} in a policy of role {roleName}, and both for {roleArn} in the trust policy of \
                {resource}. Add statements and keep the others. Or switch the tags off in the Pod Identity association (disableSessionTags), if no \
                policy uses them.",
            commands: &[TRUST_OF_RESOURCE, LIST_ASSOCIATIONS],
        },
    ),
    row(
        &[Code::RoleChainDenied],
        ANY.action("sts:tagsession"),
        "The caller passes session tags, or has tags that go with its session. Then both sides have to allow sts:TagSession: a policy of the caller \
            and the trust policy of the other role.",
        Wording {
            title: "the caller may not pass session tags to the other role",
            fix: "Allow sts:TagSession on {resource} in a policy of role {roleName}, and for {roleArn} in the trust policy of {resource}. Add a \
                statement and keep the others. Or let the caller pass no tags; for EKS Pod Identity that is disableSessionTags of the association.",
            commands: &[TRUST_OF_RESOURCE],
        },
    ),
    // Policies above the role, by their kind.
    row(
        &[Code::ExplicitlyDenied],
        ANY.by(&[Caller::Node]),
        "A service control policy, a resource control policy, a boundary or an endpoint's policy denies what a node called. A workload that calls \
            like this has no identity of its own.",
        Wording {
            title: "a policy above the node denies this call",
            fix: "Ask the owner of the denying policy whether nodes are meant to make this call. AWS's text says which kind of policy denies. If a \
                workload made the call, give it an identity of its own through its service account.",
            commands: &[],
        },
    ),
    row(
        &[Code::ExplicitlyDenied],
        ANY.detail("service control policy"),
        "A service control policy (SCP) of the organization denies the call in this account. No policy of the role or of an endpoint can change that.",
        Wording {
            title: "a service control policy of the organization denies this call",
            fix: "Ask the organization's administrator to exempt {roleArn} from the service control policy that denies this call. It applies to \
                other accounts, too, so its owner decides.",
            commands: &[],
        },
    ),
    row(
        &[Code::ExplicitlyDenied],
        ANY.detail("resource control policy"),
        "A resource control policy (RCP) of the organization that owns the resource denies the call. No policy of the role can change that.",
        Wording {
            title: "a resource control policy of the organization denies this call",
            fix: "Ask the administrator of the resource's organization to exempt {roleArn} from the resource control policy that denies this call. It \
                applies to other resources, too, so its owner decides.",
            commands: &[],
        },
    ),
    row(
        &[Code::ExplicitlyDenied],
        ANY.detail("vpc endpoint policy"),
        "The request goes through a VPC endpoint of the service, and the endpoint's policy does not allow it. The role's policies do not matter.",
        Wording {
            title: "the policy of the VPC endpoint does not allow this call",
            fix: "Ask the owner of the VPC endpoint to allow this call for {roleArn} in the endpoint's policy. All traffic of its subnets goes \
                through the endpoint, so the other statements have to stay.",
            commands: &[read(
                "aws ec2 describe-vpc-endpoints --region {region} --query 'VpcEndpoints[].[VpcEndpointId,ServiceName,PolicyDocument]'",
            )],
        },
    ),
    row(
        &[Code::ExplicitlyDenied],
        ANY.detail("permissions boundary"),
        "A permissions boundary is the most that a role may do. It gives nothing by itself, and what it lacks is denied whatever other policies \
            allow.",
        Wording {
            title: "the role's permissions boundary does not allow this action",
            fix: "Ask the owner of the permissions boundary of role {roleName} to include {action}. The role's own policy has to allow it, too. A \
                boundary is often that of many roles, so its owner decides.",
            commands: &[read("aws iam get-role --role-name {roleName} --query Role.PermissionsBoundary")],
        },
    ),
    // docs/facts.md#elsewhere.
    row(
        &[Code::ExplicitlyDenied],
        ANY.by(&[Caller::PodIdentity]).detail("session policy"),
        "The Pod Identity association has a session policy. The pod gets what both this policy and the role's own policies allow.",
        Wording {
            title: "the session policy of the Pod Identity association does not allow this",
            fix: "Add {action} to the policy of the Pod Identity association, and keep its other statements. The role's own policy has to \
                allow it, too. Every pod of the association's service account gets the change.",
            commands: &[LIST_ASSOCIATIONS, GET_ASSOCIATION],
        },
    ),
    row(
        &[Code::ExplicitlyDenied],
        ANY.detail("session policy"),
        "Whoever made the session passed a session policy with it (Policy or PolicyArns of AssumeRole). The session gets what both this policy and \
            the role's own policies allow.",
        Wording {
            title: "the session policy does not allow this action",
            fix: "Add {action} to the session policy where the session is made, and keep the rest of it. That is a broker, a CI step, or a \
                program that calls AssumeRole. The policies of the role itself may allow it already.",
            commands: &[],
        },
    ),
];
