//! Gems.

use super::found::{FoundBy, Package};
use super::source::{ReadAt, ReadError, read_part};
use super::{Cataloger, FileCandidate};

pub(super) const CATALOGER: Cataloger = Cataloger { name: "ruby", wants, read };

const GEM: &str = "aws-sdk-core";

/// The most of a specification that is read. Name and version are its first lines.
const CAP: usize = 64 * 1024;

fn wants(file: &FileCandidate<'_>) -> bool {
    version_by_name(file).is_some() || is_version_file(file)
}

fn read(file: &FileCandidate<'_>, reader: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    let bytes = read_part(reader, 0, CAP)?;
    let text = String::from_utf8_lossy(&bytes);
    let version = if is_version_file(file) {
        Some(text.trim()).filter(|version| is_version(version))
    } else {
        specification(&text).and_then(|version| version.or_else(|| version_by_name(file)))
    };
    let package = version.map(|version| Package {
        by: FoundBy::Gemspec,
        name: GEM.to_owned(),
        version: Some(version.to_owned()),
        place: file.folder.to_owned(),
        path: file.path.to_owned(),
        partial: false,
    });
    Ok(package.into_iter().collect())
}

/// The version in the name of an installed gem's specification: `specifications/aws-sdk-core-3.58.0.gemspec`. A specification in a source tree is none.
fn version_by_name<'a>(file: &FileCandidate<'a>) -> Option<&'a str> {
    let version = file.name.strip_suffix(".gemspec")?.strip_prefix(GEM)?.strip_prefix('-')?;
    (file.folder.ends_with("/specifications") && version.starts_with(|first: char| first.is_ascii_digit())).then_some(version)
}

/// The file that the specification of a checked-out gem reads: `bundler/gems/aws-sdk-ruby-0123456789ab/gems/aws-sdk-core/VERSION`.
fn is_version_file(file: &FileCandidate<'_>) -> bool {
    file.name == "VERSION" && file.folder.ends_with("/gems/aws-sdk-core") && file.folder.contains("/bundler/gems/")
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        && text.len() < 64
}

/// The version in a specification of this gem. `None` if it is another file, `Some(None)` if its version is not written in a known form.
fn specification(text: &str) -> Option<Option<&str>> {
    let (mut is_specification, mut name, mut version) = (false, None, None);
    for line in text.lines() {
        is_specification |= line.contains("Gem::Specification.new");
        let Some((left, right)) = line.split_once('=') else { continue };
        match left.trim().split_once('.') {
            Some((_, "name")) if name.is_none() => name = quoted(right),
            Some((_, "version")) if version.is_none() => version = quoted(right).filter(|version| is_version(version)),
            _ => {}
        }
    }
    (is_specification && name.is_none_or(|name| name == GEM)).then_some(version)
}

/// The text in the first quotes: `"aws-sdk-core".freeze`, `Gem::Version.new("3.58.0")`, `%q<aws-sdk-core>`.
fn quoted(text: &str) -> Option<&str> {
    let start = text.find(['"', '\'', '<'])?;
    let (quote, rest) = (text.as_bytes()[start], &text[start + 1..]);
    rest.split_once(if quote == b'<' { '>' } else { char::from(quote) }).map(|(inner, _)| inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTALLED: &str = include_str!("../../../../tests/scan/fixtures/ruby/aws-sdk-core-3.168.1.gemspec");

    fn found(path: &str, text: &str) -> Option<(String, String)> {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let file = FileCandidate { path, folder, name, size: text.len() as u64, executable: false };
        if !wants(&file) {
            return None;
        }
        let package = read(&file, &mut text.as_bytes()).unwrap().pop()?;
        assert_eq!((package.name.as_str(), package.path.as_str(), package.partial), ("aws-sdk-core", path, false));
        Some((package.version.unwrap(), package.place))
    }

    fn version(path: &str, text: &str) -> Option<String> {
        found(path, text).map(|(version, _)| version)
    }

    #[test]
    fn an_installed_gem_has_a_specification() {
        let folder = "/usr/share/rubygems-integration/all/specifications";
        assert_eq!(found(&format!("{folder}/aws-sdk-core-3.168.1.gemspec"), INSTALLED), Some(("3.168.1".into(), folder.into())));
        // What is written in the file counts, in each of its forms.
        let path = "/usr/local/bundle/specifications/aws-sdk-core-3.58.0.gemspec";
        for (line, wanted) in [
            ("  s.version = \"3.57.0\"", "3.57.0"),
            ("  spec.version = Gem::Version.new('2.11.632')", "2.11.632"),
            ("  s.version = %q<3.1.0>.freeze", "3.1.0"),
            ("  s.version = VERSION", "3.58.0"),
        ] {
            let text =
                format!("Gem::Specification.new do |s|\n  s.name = %q{{aws-sdk-core}}\n{line}\n  s.rubygems_version = \"9.9.9\"\nend\n");
            assert_eq!(version(path, &text).as_deref(), Some(wanted), "{line}");
        }
    }

    #[test]
    fn a_gem_from_git_has_a_file_with_its_version() {
        let path = "/usr/local/bundle/ruby/3.3.0/bundler/gems/aws-sdk-ruby-0123456789ab/gems/aws-sdk-core/VERSION";
        assert_eq!(version(path, "3.211.0\n").as_deref(), Some("3.211.0"));
        assert_eq!(version(path, "see the changelog\n"), None);
        assert_eq!(version("/usr/local/bundle/gems/aws-sdk-core/VERSION", "3.211.0\n"), None);
    }

    #[test]
    fn other_files_tell_nothing() {
        let path = "/usr/local/bundle/specifications/aws-sdk-core-3.168.1.gemspec";
        for text in ["", "aws-sdk-core 3.168.1", &INSTALLED.replace("s.name = \"aws-sdk-core\"", "s.name = \"aws-sdk-s3\"")] {
            assert_eq!(version(path, text), None);
        }
        for path in [
            "/src/aws-sdk-core.gemspec",
            "/src/aws-sdk-core-3.168.1.gemspec",
            "/usr/local/bundle/specifications/aws-sdk-core-resources-1.0.gemspec",
            "/usr/local/bundle/specifications/aws-sdk-s3-1.0.0.gemspec",
            "/usr/local/bundle/specifications/my-aws-sdk-core-3.0.0.gemspec",
        ] {
            assert_eq!(version(path, INSTALLED), None, "{path}");
        }
        for end in 0..INSTALLED.len() {
            if INSTALLED.is_char_boundary(end) {
                let _ = version(path, &INSTALLED[..end]);
            }
        }
    }
}
