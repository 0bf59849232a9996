//! irsa-probe proves which AWS identity an EKS pod really has.

pub mod collect;
pub mod core;
pub mod render;
