//! The ways in which an identity reaches pods.

/// How the identity is to reach the pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityRoute {
    /// By the service account's annotation.
    Irsa,
    /// By a Pod Identity association. It wins over the annotation (amazon-eks-pod-identity-webhook, `buildPodPatchConfig`).
    PodIdentity,
    /// By neither, or it is not known.
    None,
}

impl IdentityRoute {
    /// Its name in the report.
    pub fn id(self) -> &'static str {
        match self {
            IdentityRoute::Irsa => "irsa",
            IdentityRoute::PodIdentity => "pod-identity",
            IdentityRoute::None => "none",
        }
    }
}
