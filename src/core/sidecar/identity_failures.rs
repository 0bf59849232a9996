//! Which failures of a report are failures of the pod's identity. The sidecar's state and schedule depend only on these.

use crate::core::catalogue::{Severity, Step};
use crate::core::check::report::{Cause, Report};

impl Report {
    /// The failures of this pod's identity, the one that explains the others first. Where there is none, the report is a proof.
    ///
    /// A failure of step `application` says what an SDK does with an identity that was proven, so it is not among them. It counts only where it
    /// is the root cause and no credentials were given: then it is the reason why there is no identity.
    pub fn identity_failures(&self) -> Vec<&Cause> {
        let failures = || self.findings.iter().filter(|finding| finding.severity == Severity::Fail).map(|finding| &finding.cause);
        let outside: Vec<&Cause> = failures().filter(|cause| cause.step != Step::Application).collect();
        // Credentials whose identity could not be confirmed are given too: without the application's failure this report passes.
        let is_given = self.identity.is_some() || self.credentials.is_some();
        let is_reason = !is_given && failures().next().is_some_and(|root| root.step == Step::Application);
        if is_reason { failures().collect() } else { outside }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::Code;
    use crate::core::sidecar::readiness::tests::report;

    /// The codes of `failures` by this function, for a report with or without credentials.
    fn of(failures: &[Code], is_given: bool) -> Vec<Code> {
        report(failures, is_given.then_some(3600)).identity_failures().iter().map(|cause| cause.code).collect()
    }

    #[test]
    fn an_application_failure_counts_only_where_it_is_why_there_is_no_identity() {
        for &code in Code::ALL {
            let is_application = code.step() == Step::Application;
            assert_eq!(of(&[code], false), [code], "{code}");
            assert_eq!(of(&[code], true).is_empty(), is_application, "{code}");
            for given in [false, true] {
                for application in [Code::SdkDiffers, Code::SdkFallsThrough] {
                    let expected = if is_application { of(&[code, application], given) } else { vec![code] };
                    assert_eq!(of(&[code, application], given), expected, "{code}");
                    assert_eq!(of(&[code, application], given).is_empty(), is_application && given, "{code}");
                }
            }
        }
        assert_eq!(of(&[Code::ProfileMissing, Code::RegionMalformed], false), [Code::ProfileMissing, Code::RegionMalformed]);
        assert_eq!(of(&[], false), []);
        assert_eq!(of(&[], true), []);
        assert_eq!(of(&[Code::SdkFallsThrough, Code::SdkDiffers], false), [Code::SdkFallsThrough, Code::SdkDiffers]);
    }

    #[test]
    fn warnings_are_no_failures() {
        let mut warned = report(&[Code::NodeRoleReachable, Code::SdkDiffers], None);
        warned.findings.iter_mut().for_each(|finding| finding.severity = Severity::Warn);
        assert!(warned.identity_failures().is_empty());
    }
}
