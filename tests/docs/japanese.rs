//! README.ja.md has the blocks, the names and the links of README.md.

use super::read;

/// What is copied literally cannot drift: commands and YAML, and the transcript, which may be shortened.
#[test]
fn readme_ja_s_blocks_are_those_of_readme() {
    let (english, japanese) = (read("README.md"), read("README.ja.md"));
    let (english, japanese) = (blocks(&english), blocks(&japanese));
    for language in ["sh", "yaml"] {
        assert!(japanese.iter().any(|block| block.0 == language), "README.ja.md has no block of {language}");
    }
    for block in &japanese {
        let (language, lines) = block;
        match *language {
            "sh" | "yaml" => assert!(english.contains(block), "README.md lacks this block of README.ja.md: {lines:#?}"),
            "text" => {
                let whole = english.iter().find(|known| known.0 == "text" && known.1.first() == lines.first());
                let mut whole = whole.unwrap_or_else(|| panic!("README.md lacks a block that begins like this: {lines:#?}")).1.iter();
                for line in lines.iter().filter(|line| **line != "[...]") {
                    assert!(whole.any(|known| known == line), "README.md's block lacks, at this place: {line:?}");
                }
            }
            other => panic!("README.ja.md has a block of {other:?}, which nothing compares"),
        }
    }
}

/// What no language translates: code spans (flags, variables, metrics, alerts, paths) and where links lead.
#[test]
fn readme_ja_s_names_are_those_of_readme() {
    let (readme, japanese) = (read("README.md"), read("README.ja.md"));
    let english = format!("{readme}{}", read("k8s/monitoring/README.md"));
    let anchors: Vec<String> = readme
        .lines()
        .filter(|line| line.starts_with("##"))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .collect();
    let (mut spans, mut links) = (0, 0);
    // Even parts are prose, odd ones blocks.
    for prose in japanese.split("\n```").step_by(2) {
        for span in prose.split('`').skip(1).step_by(2) {
            assert!(english.contains(span), "README.ja.md says `{span}`, README.md and k8s/monitoring/README.md do not");
            spans += 1;
        }
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let known = match target.strip_prefix("README.md") {
                Some(anchor) => anchor.is_empty() || anchors.iter().any(|known| anchor.strip_prefix('#') == Some(known.as_str())),
                None => readme.contains(&format!("]({target})")),
            };
            assert!(known, "README.ja.md links to {target}, README.md does not");
            links += 1;
        }
    }
    assert!(spans > 0 && links > 0, "README.ja.md: {spans} code spans, {links} links");
}

/// The fenced blocks of a document, each with its language, without comments and blank lines.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body = lines.by_ref().take_while(|line| *line != "```").map(without_comment).filter(|line| !line.is_empty());
            blocks.push((language, body.collect()));
        }
    }
    blocks
}

/// In shell and YAML alike, a `#` that nothing or a space precedes begins a comment; no block of ours quotes one.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').map(|(at, _)| at).find(|&at| at == 0 || line[..at].ends_with(' '));
    line[..comment.unwrap_or(line.len())].trim_end()
}
