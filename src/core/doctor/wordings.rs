//! Words in place of the catalogue's, where `doctor` meets a code in another place than a pod does.

use crate::core::catalogue::commands::{EDIT_AWS_AUTH, EVERY_POD, GET_ACCOUNT, GET_AWS_AUTH, OVERWRITE_ROLE, PODS_OF_ACCOUNT, shared};
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
}
