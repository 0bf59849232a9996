//! The texts that `doctor` has beside the catalogue's: for a code that it meets in another place than a pod does, and for what keeps it from
//! examining a cluster or an account.

use crate::core::catalogue::commands::{
    EDIT_AWS_AUTH, EVERY_POD, FixCommand, GET_ACCOUNT, GET_AWS_AUTH, OVERWRITE_ROLE, PODS_OF_ACCOUNT, SSO_LOGIN, WHO_CALLS, read, shared,
};
use crate::core::catalogue::wording::Wording;

/// Each wording by its name, and all of them in [`ALL`].
macro_rules! wordings {
    ($($(#[$doc:meta])* $name:ident { title: $title:expr, fix: $fix:expr, commands: $commands:expr, })*) => {
        $($(#[$doc])* pub static $name: Wording = Wording { title: $title, fix: $fix, commands: $commands };)*

        /// Every wording.
        pub static ALL: &[&Wording] = &[$(&$name),*];
    };
}

const OTHER_ARN: &str = "the role has another ARN in IAM";

/// kubectl's contexts. It reads a file of the workstation.
const GET_CONTEXTS: FixCommand = read("kubectl config get-contexts");
/// Asks the API server for something that every login may read (Kubernetes, "Default roles": `system:discovery`).
const GET_VERSION: FixCommand = read("kubectl get --raw /version");
/// Writes the cluster's context.
const WRITE_CONTEXT: FixCommand =
    shared("aws eks update-kubeconfig --region {clusterRegion} --name {cluster}", "kubectl's configuration on this workstation");

wordings! {
    /// `partition-mismatch`: the annotation's role is of another partition than the cluster.
    OTHER_PARTITION {
        title: "role and cluster belong to different partitions",
        fix: "Write the ARN of a role of partition {partition} into the annotation of service account {namespace}/{serviceAccount}, and \
            recreate its pods. Where only the partition was mistyped, that is {roleArn}.",
        commands: &[GET_ACCOUNT, OVERWRITE_ROLE],
    }

    /// `role-arn-malformed`: the malformed ARN stands in aws-auth.
    IN_AWS_AUTH {
        title: "a rolearn in the aws-auth ConfigMap is not the ARN of a role",
        fix: "Write the role's own ARN, without its path, as rolearn in ConfigMap kube-system/aws-auth: arn:{partition}:iam::ACCOUNT:role/NAME.",
        commands: &[GET_AWS_AUTH, EDIT_AWS_AUTH],
    }

    /// `role-missing`: the annotation's ARN has another path than the role.
    ARN_BY_ANNOTATION {
        title: OTHER_ARN,
        fix: "Write {roleArn} into the annotation of service account {namespace}/{serviceAccount}, and recreate its pods.",
        commands: &[GET_ACCOUNT, OVERWRITE_ROLE],
    }

    /// The same of an association.
    ARN_BY_ASSOCIATION {
        title: OTHER_ARN,
        fix: "Give the association the role's own ARN, {roleArn}.",
        commands: &[shared(
            "aws eks update-pod-identity-association --region {clusterRegion} --cluster-name {cluster} --association-id {association} \
                --role-arn {roleArn}",
            EVERY_POD,
        )],
    }

    /// `pod-not-injected`: the pod runs on Fargate, where no agent of EKS Pod Identity is.
    ON_FARGATE {
        title: "EKS Pod Identity is not supported on Fargate",
        fix: "Run the pod on EC2 nodes, or give it a service account of its own with the annotation eks.amazonaws.com/role-arn (IRSA). \
            irsa-probe trust-policy prints what the role has to trust. Do not delete the association for it: pods of \
            {namespace}/{serviceAccount} on EC2 nodes would lose their role.",
        commands: &[PODS_OF_ACCOUNT],
    }

    /// kubectl is not there.
    NO_KUBECTL {
        title: "kubectl is not on the PATH",
        fix: "Install kubectl (https://kubernetes.io/docs/tasks/tools/), or add its folder to PATH.",
        commands: &[],
    }

    /// aws is not there.
    NO_AWS_CLI {
        title: "aws is not on the PATH",
        fix: "Install the AWS CLI (https://aws.amazon.com/cli/), or add its folder to PATH.",
        commands: &[],
    }

    /// kubectl's context logs in with a program that is not there.
    NO_LOGIN_PROGRAM {
        title: "the program with which kubectl logs in is not installed",
        fix: "Install the program that kubectl names, or add its folder to PATH.",
        commands: &[],
    }

    /// kubectl has no context, or its current one is not in its configuration.
    NO_CONTEXT {
        title: "kubectl has no usable context",
        fix: "Choose a context with kubectl config use-context NAME, or let the AWS CLI write one.",
        commands: &[GET_CONTEXTS, WRITE_CONTEXT],
    }

    /// The profile of `AWS_PROFILE` or of kubectl's context does not exist.
    NO_PROFILE {
        title: "the AWS profile does not exist",
        fix: "Choose a profile of ~/.aws/config or ~/.aws/credentials: export AWS_PROFILE=NAME.",
        commands: &[],
    }

    /// IAM Identity Center wants a login.
    NO_SSO_LOGIN {
        title: "the login of IAM Identity Center (SSO) is missing or has expired",
        fix: "Log in again.",
        commands: &[SSO_LOGIN],
    }

    /// kubectl's login program failed for another reason.
    NO_CLUSTER_LOGIN {
        title: "kubectl has no working login",
        fix: "Log in to AWS as the context's user, or write the context again with a profile that may use the cluster.",
        commands: &[WHO_CALLS, WRITE_CONTEXT],
    }

    /// aws has no credentials, or wrong or expired ones.
    NO_CREDENTIALS {
        title: "aws has no working credentials",
        fix: "Choose a profile that works (export AWS_PROFILE=NAME), or log in. For IAM Identity Center (SSO) that is the command below. To see \
            which credentials aws finds: aws configure list",
        commands: &[SSO_LOGIN],
    }

    /// The API server answered 401. EKS does that for an identity that has no access entry, too (EKS User Guide, "Troubleshoot problems with
    /// Amazon EKS clusters and nodes", "Unauthorized or access denied (kubectl)").
    NOT_ADMITTED {
        title: "the API server does not accept kubectl's login",
        fix: "Log in again, or write the context with the profile that may use the cluster. If that is the right profile, the cluster has no \
            access entry for its identity: ask the cluster's owner for one.",
        commands: &[WHO_CALLS, WRITE_CONTEXT],
    }

    /// No answer from the API server.
    NO_API_SERVER {
        title: "the API server does not answer kubectl",
        fix: "Connect to the API server's network (VPN). If the context is of another or a deleted cluster, choose another context or write \
            it again.",
        commands: &[GET_CONTEXTS, WRITE_CONTEXT],
    }

    /// No answer from AWS.
    NO_ENDPOINT {
        title: "no endpoint of AWS answers aws",
        fix: "Check the network and the proxy (HTTPS_PROXY) of this workstation, and the region.",
        commands: &[WHO_CALLS],
    }

    /// kubectl was ended.
    KUBECTL_TOO_LATE {
        title: "kubectl does not answer in time",
        fix: "Check the network to the API server (VPN), or wait longer: --timeout 2m.",
        commands: &[GET_VERSION],
    }

    /// aws was ended.
    AWS_TOO_LATE {
        title: "aws does not answer in time",
        fix: "Check the network and the proxy (HTTPS_PROXY) of this workstation, or wait longer: --timeout 2m.",
        commands: &[WHO_CALLS],
    }

    /// kubectl fails for a reason that no other text is about.
    KUBECTL_FAILS {
        title: "kubectl fails",
        fix: "Make this command work first.",
        commands: &[GET_VERSION],
    }

    /// aws fails for a reason that no other text is about.
    AWS_FAILS {
        title: "aws fails",
        fix: "Make this command work first.",
        commands: &[WHO_CALLS],
    }

    /// The name of `--cluster` is in no cluster that aws sees.
    NO_SUCH_CLUSTER {
        title: "EKS has no cluster of this name",
        fix: "Correct --cluster, or choose the profile (AWS_PROFILE) and the region of the cluster.",
        commands: &[read("aws eks list-clusters --region {clusterRegion}")],
    }

    /// The name of `--cluster` is another cluster than kubectl's.
    TWO_CLUSTERS {
        title: "kubectl and --cluster mean two clusters",
        fix: "Choose the context of the cluster that is meant, or correct --cluster.",
        commands: &[GET_CONTEXTS, WRITE_CONTEXT],
    }

    /// IAM shows no other account's roles.
    OTHER_ACCOUNT {
        title: "aws acts in another account than the role's",
        fix: "Choose a profile of account {account}: export AWS_PROFILE=NAME.",
        commands: &[WHO_CALLS],
    }
}
