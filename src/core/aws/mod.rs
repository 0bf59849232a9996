//! The formats of AWS: ARNs, partitions and regions, the answers of STS and of the Pod Identity agent, and trust policies for the user to apply.

pub mod agent_body;
pub mod answer;
pub mod arn;
pub mod imds;
pub mod partition;
pub mod sts_body;
pub mod trust_policy;
pub mod url;
