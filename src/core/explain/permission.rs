//! The permission that an operation needs, where a denial names only the operation.

/// Operations of S3 whose permission has another name, or the same one (S3 user guide, "Required permissions for Amazon S3 API operations").
const S3: &[(&str, &str)] = &[
    ("ListObjects", "s3:ListBucket"),
    ("ListObjectsV2", "s3:ListBucket"),
    ("HeadBucket", "s3:ListBucket"),
    ("HeadObject", "s3:GetObject"),
    ("ListBuckets", "s3:ListAllMyBuckets"),
    ("ListObjectVersions", "s3:ListBucketVersions"),
    ("CreateMultipartUpload", "s3:PutObject"),
    ("UploadPart", "s3:PutObject"),
    ("CompleteMultipartUpload", "s3:PutObject"),
    ("AbortMultipartUpload", "s3:AbortMultipartUpload"),
    ("ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    ("ListParts", "s3:ListMultipartUploadParts"),
    ("DeleteObjects", "s3:DeleteObject"),
    ("GetObject", "s3:GetObject"),
    ("PutObject", "s3:PutObject"),
    ("DeleteObject", "s3:DeleteObject"),
    ("GetObjectTagging", "s3:GetObjectTagging"),
    ("PutObjectTagging", "s3:PutObjectTagging"),
    ("GetBucketLocation", "s3:GetBucketLocation"),
    ("GetBucketPolicy", "s3:GetBucketPolicy"),
    ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
];

/// Services as Go 2 writes them, whose permissions have the names of their operations, and the prefix of those (service authorization reference).
const SERVICES: &[(&str, &str)] = &[
    ("SQS", "sqs"),
    ("SNS", "sns"),
    ("KMS", "kms"),
    ("EC2", "ec2"),
    ("ECR", "ecr"),
    ("EKS", "eks"),
    ("IAM", "iam"),
    ("SSM", "ssm"),
    ("DynamoDB", "dynamodb"),
    ("Secrets Manager", "secretsmanager"),
    ("Route 53", "route53"),
    ("CloudWatch Logs", "logs"),
    ("Auto Scaling", "autoscaling"),
    ("Elastic Load Balancing v2", "elasticloadbalancing"),
];

/// Operations that no other service has, for SDKs that do not name the service.
const ALONE: &[(&str, &str)] = &[
    ("GetSecretValue", "secretsmanager"),
    ("SendMessage", "sqs"),
    ("ReceiveMessage", "sqs"),
    ("GetParametersByPath", "ssm"),
    ("BatchWriteItem", "dynamodb"),
    ("PutItem", "dynamodb"),
    ("UpdateItem", "dynamodb"),
    ("ChangeResourceRecordSets", "route53"),
    ("PutLogEvents", "logs"),
    ("DescribeInstances", "ec2"),
];

/// `s3:ListBucket` for `ListObjectsV2`. `None` where it is not certain.
pub(super) fn of(service: Option<&str>, operation: &str) -> Option<String> {
    let named = |rows: &[(&str, &'static str)], name: &str| rows.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let of_s3 = || named(S3, operation).map(str::to_owned);
    match service {
        Some("S3") => of_s3(),
        Some(service) => named(SERVICES, service).map(|prefix| format!("{prefix}:{operation}")),
        None => of_s3().or_else(|| named(ALONE, operation).map(|prefix| format!("{prefix}:{operation}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_permission_is_derived_where_it_is_certain() {
        for (service, operation, action) in [
            (None, "ListObjectsV2", Some("s3:ListBucket")),
            (Some("S3"), "UploadPart", Some("s3:PutObject")),
            (Some("S3"), "CopyObject", None),
            (Some("SQS"), "GetQueueUrl", Some("sqs:GetQueueUrl")),
            (Some("Glue"), "GetObject", None),
            (None, "GetSecretValue", Some("secretsmanager:GetSecretValue")),
            (None, "DescribeTable", None),
        ] {
            assert_eq!(of(service, operation).as_deref(), action, "{operation}");
        }
    }
}
