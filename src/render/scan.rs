//! The SDKs that a scan found, as text: each with what it can use and where it lies, and how far the scan came.

use super::page::{Page, Paint, Style};
use crate::core::sdk::scan::{FoundSdk, ScanSummary};

/// What was found below a folder.
pub fn found(found: &[FoundSdk], scan: &ScanSummary, style: Style) -> String {
    let mut page = Page::new(style);
    let root = &scan.root;
    let count = match found.len() {
        0 => format!("No AWS SDK was found below {root}."),
        1 => format!("One AWS SDK was found below {root}."),
        count => format!("{count} AWS SDKs were found below {root}."),
    };
    page.prose(0, 0, &[(Paint::Bold, &count)]);
    for sdk in found {
        page.gap();
        let (sign, paint) = if sdk.cannot_use() { ("‼ ", Paint::Yellow) } else { ("  ", Paint::Plain) };
        page.line(0, &[(paint, sign), (Paint::Bold, &sdk.title())]);
        page.prose(2, 2, &[(Paint::Dim, &sdk.path)]);
        for clause in sdk.describe() {
            page.prose(2, 2, &[(Paint::Plain, &clause)]);
        }
    }
    page.gap();
    let mib = scan.bytes.div_ceil(1 << 20);
    let seen = format!("Saw {} files and folders and read {mib} MiB in {} ms.", scan.entries, scan.ms);
    page.prose(0, 0, &[(Paint::Dim, &seen)]);
    if let Some(because) = &scan.because {
        page.prose(0, 0, &[(Paint::Yellow, &format!("The scan is not complete: {because}."))]);
    }
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::sdk::SdkFamily;
    use crate::core::sdk::scan::{Copy, FoundBy, judge};
    use crate::core::text::time::Timestamp;

    #[test]
    fn what_was_found_what_it_lacks_and_how_far_the_scan_came() {
        let copy = |family, version: &str, path: &str, by, missing: Option<&str>| Copy {
            family,
            version: Some(version.to_owned()),
            core_version: None,
            path: path.to_owned(),
            by,
            missing: missing.map(str::to_owned),
            partial: false,
            unseen: false,
            own: false,
        };
        let copies = [
            copy(SdkFamily::JavaV2, "2.20.0", "/app/lib/sdk-core-2.20.0.jar", FoundBy::Pom, Some("software.amazon.awssdk:sts")),
            copy(SdkFamily::GoV1, "1.44.0", "/app/server", FoundBy::GoBuildinfo, None),
        ];
        let judged: Vec<FoundSdk> = copies.iter().map(|copy| judge(copy, Timestamp::parse("2026-11-30T00:00:00Z").unwrap())).collect();
        let scan = ScanSummary {
            root: "/".to_owned(),
            entries: 1234,
            bytes: 5 << 20,
            ms: 42,
            complete: false,
            because: Some("it ended after 200000 files and folders".to_owned()),
        };
        assert_eq!(
            found(&judged, &scan, Style::default()),
            "2 AWS SDKs were found below /.\n\
             \n\
             ‼ java v2 2.20.0\n  /app/lib/sdk-core-2.20.0.jar\n  too old for EKS Pod Identity (needs 2.21.30 or newer)\n  \
             cannot use IRSA: the module software.amazon.awssdk:sts is missing\n\
             \n\
             ‼ go v1 1.44.0\n  /app/server\n  supports IRSA\n  too old for EKS Pod Identity (needs 1.47.11 or newer)\n  calls the global STS \
             endpoint unless AWS_STS_REGIONAL_ENDPOINTS is regional\n  AWS no longer supports it\n\
             \n\
             Saw 1234 files and folders and read 5 MiB in 42 ms.\n\
             The scan is not complete: it ended after 200000 files and folders.\n"
        );
        let nothing = ScanSummary { complete: true, because: None, ..scan };
        assert!(found(&[], &nothing, Style::default()).starts_with("No AWS SDK was found below /.\n"));
    }
}
