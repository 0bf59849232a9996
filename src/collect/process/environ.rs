//! A process's environment.

use crate::core::pod::candidates::Variables;
use crate::core::pod::environment::Environment;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use zeroize::Zeroizing;

/// The environment with which a process was started. May hold secrets.
pub struct Environ(pub(super) Zeroizing<Vec<u8>>);

impl Environ {
    /// A variable's value. The first of several counts, as for getenv(3).
    pub fn get(&self, name: &str) -> Option<String> {
        let value = Zeroizing::new(self.raw(name)?.to_vec());
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    fn raw(&self, name: &str) -> Option<&[u8]> {
        self.0.split(|byte| *byte == 0).find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }

    /// What tells this environment from others without holding a value. The hash's keys are this run's own.
    pub(super) fn variables(&self, keys: &RandomState) -> Variables {
        let mut hash = keys.build_hasher();
        for name in Environment::NAMES {
            self.raw(name).hash(&mut hash);
        }
        Variables { has_aws: self.0.split(|byte| *byte == 0).any(|pair| pair.starts_with(b"AWS_")), mark: hash.finish() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let environ =
            Environ(Zeroizing::new(b"AWS_REGION_X=a\0AWS_REGION=us-west-2\0AWS_REGION=later\0EMPTY=\0lone\0BAD=\xff=x\0\0TAIL=1".to_vec()));
        assert_eq!(environ.get("AWS_REGION").as_deref(), Some("us-west-2"));
        assert_eq!(environ.get("EMPTY").as_deref(), Some(""));
        assert_eq!(environ.get("BAD").as_deref(), Some("\u{fffd}=x"));
        assert_eq!(environ.get("TAIL").as_deref(), Some("1"));
        for name in ["lone", "AWS_REG", "REGION", "NONE"] {
            assert_eq!(environ.get(name), None, "{name}");
        }
    }
}
