//! The files in jars that tell which modules of an SDK are there, and their versions.

/// The modules that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Module {
    V2Core,
    V2Auth,
    V2Sts,
    V1Core,
    V1Sts,
    Kotlin,
}

impl Module {
    pub(super) const ALL: [Module; 6] = [Module::V2Core, Module::V2Auth, Module::V2Sts, Module::V1Core, Module::V1Sts, Module::Kotlin];

    /// Its group and its name in Maven's repository.
    pub(super) const fn name(self) -> (&'static str, &'static str) {
        match self {
            Module::V2Core => ("software.amazon.awssdk", "sdk-core"),
            Module::V2Auth => ("software.amazon.awssdk", "auth"),
            Module::V2Sts => ("software.amazon.awssdk", "sts"),
            Module::V1Core => ("com.amazonaws", "aws-java-sdk-core"),
            Module::V1Sts => ("com.amazonaws", "aws-java-sdk-sts"),
            Module::Kotlin => ("aws.sdk.kotlin", "aws-config-jvm"),
        }
    }

    /// The module that web identity needs besides this core.
    pub(super) const fn sts(self) -> Option<Module> {
        match self {
            Module::V2Core => Some(Module::V2Sts),
            Module::V1Core => Some(Module::V1Sts),
            _ => None,
        }
    }

    /// The core of an SDK whose other module this is.
    pub(super) const fn core(self) -> Option<Module> {
        match self {
            Module::V2Sts | Module::V2Auth => Some(Module::V2Core),
            Module::V1Sts => Some(Module::V1Core),
            _ => None,
        }
    }

    /// The start of the name of a jar that holds it, without the version: its own name, or the one of the jar that holds all modules.
    fn file_names(self) -> &'static [&'static str] {
        match self {
            Module::V2Core => &["sdk-core-", "bundle-"],
            Module::V2Auth => &["auth-"],
            Module::V2Sts => &["sts-"],
            Module::V1Core => &["aws-java-sdk-core-", "aws-java-sdk-bundle-", "aws-java-sdk-"],
            Module::V1Sts => &["aws-java-sdk-sts-"],
            Module::Kotlin => &["aws-config-jvm-"],
        }
    }
}

/// What a file in a jar says of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The code is there.
    Code,
    /// The code is there, and a string of this class is the version.
    CodeAndVersion,
    /// The version is a property. Shading leaves Maven's file there, whatever it does to the code.
    Version,
}

/// A file that tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    /// The end of its path. Shading puts packages into others.
    pub(super) end: &'static str,
    pub(super) module: Module,
    pub(super) says: Says,
}

const fn sign(end: &'static str, module: Module, says: Says) -> Sign {
    Sign { end, module, says }
}

/// The files that tell. Of each module the one whose version counts comes first.
pub(super) const SIGNS: [Sign; 13] = [
    sign("META-INF/maven/software.amazon.awssdk/sdk-core/pom.properties", Module::V2Core, Says::Version),
    sign("software/amazon/awssdk/core/util/VersionInfo.class", Module::V2Core, Says::CodeAndVersion),
    // No compiled class refers to VersionInfo, so shading that leaves out what is not used leaves it out.
    sign("software/amazon/awssdk/core/SdkClient.class", Module::V2Core, Says::Code),
    sign("META-INF/maven/software.amazon.awssdk/auth/pom.properties", Module::V2Auth, Says::Version),
    sign("META-INF/maven/software.amazon.awssdk/sts/pom.properties", Module::V2Sts, Says::Version),
    sign("software/amazon/awssdk/services/sts/StsClient.class", Module::V2Sts, Says::Code),
    sign("META-INF/maven/com.amazonaws/aws-java-sdk-core/pom.properties", Module::V1Core, Says::Version),
    sign("com/amazonaws/sdk/versionInfo.properties", Module::V1Core, Says::Version),
    sign("com/amazonaws/auth/AWSCredentialsProvider.class", Module::V1Core, Says::Code),
    sign("META-INF/maven/com.amazonaws/aws-java-sdk-sts/pom.properties", Module::V1Sts, Says::Version),
    sign("com/amazonaws/services/securitytoken/AWSSecurityTokenService.class", Module::V1Sts, Says::Code),
    // Gradle builds the jars for Kotlin, without Maven's files.
    sign("aws/sdk/kotlin/runtime/auth/credentials/internal/sts/StsClientKt.class", Module::Kotlin, Says::CodeAndVersion),
    sign("META-INF/aws.sdk.kotlin_aws-config.kotlin_module", Module::Kotlin, Says::Code),
];

/// The sign that this path is, as its place in `SIGNS`, and where its end starts.
pub(super) fn sign_of(path: &[u8]) -> Option<(usize, usize)> {
    let slash = memchr::memrchr(b'/', path)?;
    // It is asked about every entry of every jar.
    let is_likely = matches!(
        &path[slash + 1..],
        b"pom.properties"
            | b"versionInfo.properties"
            | b"VersionInfo.class"
            | b"SdkClient.class"
            | b"StsClient.class"
            | b"AWSCredentialsProvider.class"
            | b"AWSSecurityTokenService.class"
            | b"StsClientKt.class"
            | b"aws.sdk.kotlin_aws-config.kotlin_module"
    );
    let is_sign = |sign: &Sign| path.strip_suffix(sign.end.as_bytes()).is_some_and(|start| start.is_empty() || start.ends_with(b"/"));
    let found = if is_likely { SIGNS.iter().position(is_sign)? } else { return None };
    Some((found, path.len() - SIGNS[found].end.len()))
}

/// The version that such a file tells.
pub(super) fn version_in(bytes: &[u8], says: Says) -> Option<String> {
    match says {
        Says::Code => None,
        Says::CodeAndVersion => strings_of_class(bytes).into_iter().flatten().find(|text| is_release(text)).map(str::to_owned),
        Says::Version => {
            let value = |line: &str| Some(line.split_once(['=', ':']).filter(|(key, _)| key.trim() == "version")?.1.trim().to_owned());
            std::str::from_utf8(bytes).ok()?.lines().find_map(value).filter(|version| is_version(version))
        }
    }
}

/// The version in the name of a jar that Maven or Gradle downloaded. Some build tools put the group before it: `software.amazon.awssdk.sts-2.20.0.jar`.
pub(super) fn version_of_file(name: &str, module: Module) -> Option<String> {
    let (stem, _) = name.rsplit_once('.')?;
    let group = module.name().0;
    let stem = stem.strip_prefix(group).and_then(|rest| rest.strip_prefix('.')).unwrap_or(stem);
    module.file_names().iter().find_map(|start| stem.strip_prefix(start)).filter(|version| is_version(version)).map(str::to_owned)
}

/// Whether a packed jar of this name is worth inflating.
pub(super) fn is_of_sdk(name: &str) -> bool {
    Module::ALL.into_iter().any(|module| module != Module::V2Auth && version_of_file(name, module).is_some())
}

/// Whether this is written as a version.
fn is_version(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
    text.len() <= 64 && text.starts_with(|first: char| first.is_ascii_digit()) && text.bytes().all(is_part)
}

/// Whether this is a version of three numbers, perhaps with a word after them.
fn is_release(text: &str) -> bool {
    let numbers = text.split_once('-').map_or(text, |(numbers, _)| numbers);
    let is_number = |part: &str| !part.is_empty() && part.len() <= 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    is_version(text) && numbers.split('.').count() == 3 && numbers.split('.').all(is_number)
}

/// How a class starts.
pub(super) const CLASS: [u8; 4] = [0xCA, 0xFE, 0xBA, 0xBE];

/// The strings in the constant pool of a class, up to the first that is damaged. `None` where this is no class.
fn strings_of_class(bytes: &[u8]) -> Option<Vec<&str>> {
    const HEAD: usize = 10;
    let two = |at: usize| bytes.get(at..at + 2).map(|two| usize::from(u16::from_be_bytes([two[0], two[1]])));
    if !bytes.starts_with(&CLASS) {
        return None;
    }
    let count = two(HEAD - 2)?;
    let (mut strings, mut at, mut index) = (Vec::new(), HEAD, 1);
    while index < count {
        let length = match bytes.get(at) {
            Some(1) => {
                let Some(length) = two(at + 1) else { break };
                let Some(text) = bytes.get(at + 3..at + 3 + length) else { break };
                strings.extend(std::str::from_utf8(text).ok());
                2 + length
            }
            Some(3 | 4 | 9 | 10 | 11 | 12 | 17 | 18) => 4,
            // Long and double take two places.
            Some(5 | 6) => {
                index += 1;
                8
            }
            Some(7 | 8 | 16 | 19 | 20) => 2,
            Some(15) => 3,
            _ => break,
        };
        at += 1 + length;
        index += 1;
    }
    Some(strings)
}
