//! Names of errors where no error is: in programs, patterns, tests, metrics and prose. The names are those that the recorded texts have.

use super::samples::Sample;
use regex::Regex;
use std::collections::BTreeSet;

/// What the place is, and the text, with `{n}` for the name and `{s}` for its last part.
const PLACES: &[(&str, &str)] = &[
    ("import", "import {\n    {s},\n    STSClient,\n} from \"@aws-sdk/client-sts\";"),
    ("import", "from botocore.exceptions import ClientError, {s}"),
    ("import", "import software.amazon.awssdk.services.sts.model.{s};"),
    ("import", "use aws_sdk_sts::error::{s};"),
    ("except", "    except {n}:\n        return None"),
    ("except", "    except ({s}, ValueError) as error:\n        log.debug(\"retry\")"),
    ("except", "  rescue Aws::STS::Errors::{s} => e\n    retry"),
    ("catch", "} catch ({n} e) {\n    retry();\n}"),
    ("catch", "} catch ({s} | IOException e) {"),
    ("catch", "  if (error instanceof {s}) {"),
    ("raise", "        raise {n}(error_response, operation_name)"),
    ("raise", "    throw new {s}({ message: \"x\", $metadata: {} });"),
    ("raise", "  @Retryable({s}.class)"),
    ("class", "class {s}(ClientError):\n    pass"),
    ("class", "public class {s} extends StsException {"),
    ("class", "type {s} struct {\n\tMessage *string\n}"),
    ("compare", "if code == \"{s}\":"),
    ("compare", "if e.response['Error']['Code'] == '{s}':"),
    ("compare", "if e.response[\"Error\"][\"Code\"] in (\"{s}\", \"RequestLimitExceeded\"):"),
    ("compare", "    case \"{s}\":"),
    ("compare", "if aerr.Code() == \"{s}\" {"),
    ("compare", "if (err.name === '{s}') return;"),
    ("compare", "if errors.Is(err, {s}) {"),
    ("compare", "var e *types.{s}\nif errors.As(err, &e) {"),
    ("compare", "Assert.assertEquals(\"{s}\", error.getErrorCode());"),
    ("compare", "expect(error.code).toBe('{s}')"),
    ("regex", "pattern: /{s}/"),
    ("regex", "grep -E 'ERROR|{s}' app.log"),
    ("regex", "  match: '^(Throttl|{s}).*'"),
    ("regex", "re.compile(r\"An error occurred \\({s}\\) when calling the (\\w+) operation\")"),
    ("list", "RETRYABLE = [\"{s}\", \"RequestTimeout\"]"),
    ("list", "  retryableErrors:\n    - {s}\n    - RequestTimeout"),
    ("list", "{\"shape\":\"{s}\"}"),
    ("list", "\"errors\":[{\"shape\":\"{s}\"},{\"shape\":\"RequestTimeout\"}]"),
    ("list", "const ErrCode{s} = \"{s}\""),
    ("prose", "The call fails with {s} when the role's policy has changed."),
    ("prose", "Fixes the handling of `{s}` in the retry logic (#1234)."),
    ("prose", "* Returns Error Type: {s}, see the API reference"),
    ("prose", "# a {s} is raised on the second attempt"),
    ("prose", "// {s} is returned by every region"),
    ("markdown", "| `{s}` | description |"),
    ("markdown", "- `{s}`"),
    ("markdown", "* [`{s}`](https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html)"),
    ("markdown", "### {s}\n\nWhat to do about it."),
    ("markdown", "<dt>{s}</dt>"),
    ("test", "--- PASS: TestRetry/{s} (0.00s)"),
    ("test", "test retries::{s}_is_retried ... ok"),
    ("test", "tests/test_sts.py::TestSts::test_{s} PASSED [ 42%]"),
    ("metric", "aws_sdk_errors_total{code=\"{s}\"} 0"),
    ("metric", "sdk_retries{service=\"sts\",operation=\"AssumeRoleWithWebIdentity\",error=\"{s}\"} 3"),
    ("log", "level=debug msg=\"retry policy loaded\" retryable={s},RequestTimeout"),
    ("log", "INFO  c.e.c.Retry - retrying on [{s}, RequestTimeout]"),
];

/// Everything in the texts that is the name of an error.
fn names(samples: &[Sample]) -> BTreeSet<String> {
    let class = Regex::new(
        r"\b(?:[a-z][\w-]*\.)*[A-Z]\w*(?:Exception|Error|Errors|Err|Failure|Denied|Unavailable|Token|TokenId|Throttling|DoesNotMatch|Operation|Claim|Skewed)\b",
    )
    .unwrap();
    let in_parentheses = Regex::new(r"An error occurred \(([A-Z]\w+)\)").unwrap();
    let mut names = BTreeSet::new();
    for sample in samples {
        names.extend(class.find_iter(&sample.text).map(|one| one.as_str().to_owned()));
        names.extend(in_parentheses.captures_iter(&sample.text).map(|one| one[1].to_owned()));
    }
    // Classes of a program's own, that are long, and of which few are enough.
    names.retain(|name| name.len() <= 90);
    names
}

/// A near miss for each name in each place.
pub fn all(samples: &[Sample]) -> Vec<Sample> {
    let names = names(samples);
    let of = |(place, text): &(&str, &str), name: &str| Sample {
        family: (*place).to_owned(),
        name: name.to_owned(),
        text: text.replace("{s}", name.rsplit('.').next().unwrap()).replace("{n}", name),
        means: Vec::new(),
        has_others: false,
        is_log: false,
    };
    PLACES.iter().flat_map(|place| names.iter().map(move |name| of(place, name))).collect()
}
