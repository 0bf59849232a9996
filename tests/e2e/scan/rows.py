"""One row for each installation, with what a scan of it must find. AWS's minimum is not the last word: a version that was run counts as it
behaved (docs/sdks.md)."""

import installs
from installs import in_venv, target, user, zipped, debian, npm, nested, pnpm, yarn, yarn_pnp, bundle, go, hello, maven

OK, OLD, MISSING, UNKNOWN = "ok", "too-old", "module-missing", "unknown"
STRIPPED = {"flags": ("-trimpath", "-ldflags=-s -w")}
ON_3_11 = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64", "--platform=manylinux_2_17_x86_64")
V2, V1 = "software.amazon.awssdk", "com.amazonaws"


class Row:
    def __init__(self, name, recipe, *expected):
        self.name, self.recipe, self.expected = name, recipe, expected


def found(sdk, version, path, by, irsa, pod_identity, regional, support, **more):
    """An entry of found[]. `path` is where it ends below the image, with the stars of a shell."""
    return {"sdk": sdk, "version": version, "path": path, "by": by, "irsa": irsa, "podIdentity": pod_identity,
            "regionalByDefault": regional, "support": support} | more


def python(version, irsa, pod_identity, regional, path="/app/packages", sdk="botocore", package="botocore", support="current", egg=False):
    return found(sdk, version, f"{path}/{package}-{version}.{'egg-info/PKG-INFO' if egg else 'dist-info/METADATA'}", "dist-info", irsa, pod_identity, regional, support)


def cli_v1(version, irsa, pod_identity, regional):
    return python(version, irsa, pod_identity, regional, sdk="cli-v1", package="awscli", support="maintenance")


def js_v2(version, irsa, pod_identity, path="/app/node_modules/aws-sdk/package.json", regional=False):
    return found("js-v2", version, path, "package-json", irsa, pod_identity, regional, "ended")


def js_v3(version, irsa, pod_identity, path="/app/node_modules/@aws-sdk/client-sqs/package.json", regional=True):
    return found("js-v3", version, path, "package-json", irsa, pod_identity, regional, "current")


def go_v1(version, irsa, pod_identity):
    return found("go-v1", version, "/app/server", "go-buildinfo", irsa, pod_identity, False, "ended")


def go_v2(version, irsa, pod_identity, core):
    return found("go-v2", version, "/app/server", "go-buildinfo", irsa, pod_identity, True, "current", coreVersion=core)


def java_v2(version, irsa, pod_identity, path=None, regional=True):
    missing = {"module": f"{V2}:sts"} if irsa == MISSING else {}
    return found("java-v2", version, path or f"/app/lib/sdk-core-{version}.jar", "pom", irsa, pod_identity, regional, "current", **missing)


def java_v1(version, irsa, pod_identity, regional=False):
    missing = {"module": f"{V1}:aws-java-sdk-sts"} if irsa == MISSING else {}
    return found("java-v1", version, f"/app/lib/aws-java-sdk-core-{version}.jar", "pom", irsa, pod_identity, regional, "ended", **missing)


def cpp(version, irsa, pod_identity, library):
    return found("cpp", version, f"/app/packages/pyarrow/{library}", "elf", irsa, pod_identity, True, "current")


def v2(version, *modules):
    return [f"{V2}:{module}:{version}" for module in modules]


SITE = "/app/venv/lib/python3.*/site-packages"
NESTED = "/app/node_modules/part/node_modules/aws-sdk/package.json"
RUBY = "/usr/share/rubygems-integration/all/specifications/aws-sdk-core-*.gemspec"


def rows():
    debian_cli, debian_botocore, debian_ruby = (installs.debian_version(name) for name in ("awscli", "python3-botocore", "ruby-aws-sdk-core"))
    return [
        # Python: IRSA from 1.12.200, EKS Pod Identity from 1.34.41, regional STS from 1.40.0.
        Row("pip-venv", (in_venv, "boto3==1.39.17"), python("1.39.17", OK, OK, False, SITE)),
        Row("pip-target-before-irsa", (target, "botocore==1.12.199", "boto3==1.9.199"), python("1.12.199", OLD, OLD, None)),
        Row("pip-target-first-irsa", (target, "botocore==1.12.200"), python("1.12.200", OK, OLD, False)),
        Row("pip-target-1.30", (target, "botocore==1.30.0"), python("1.30.0", OK, OLD, False)),
        Row("pip-target-before-pia", (target, "botocore==1.34.40"), python("1.34.40", OK, OLD, False)),
        Row("pip-user-first-pia", (user, "botocore==1.34.41"), python("1.34.41", OK, OK, False, "/root/.local/lib/python3.*/site-packages")),
        Row("pip-target-1.44", (target, "botocore==1.44.8", "boto3==1.44.8"), python("1.44.8", OK, OK, True)),
        Row("zipapp", (zipped, "botocore==1.30.0"), found("botocore", None, "/app/app.pyz", "dist-info", UNKNOWN, UNKNOWN, None, UNKNOWN)),
        Row("cli-1.16", (target, "awscli==1.16.231", "botocore==1.12.221"), cli_v1("1.16.231", OK, OLD, False), python("1.12.221", OK, OLD, False)),
        Row("cli-1.29", (target, "awscli==1.29.0"), cli_v1("1.29.0", OK, OLD, False)),
        Row("cli-1.46", (target, "awscli==1.46.3"), cli_v1("1.46.3", OK, OK, True)),
        # The SDK for C++ is in a library of pyarrow's.
        Row("pyarrow-12", (target, "pyarrow==12.0.1", *ON_3_11), cpp("1.10.55", OK, OLD, "libarrow.so.1200")),
        Row("pyarrow-26", (target, "pyarrow==26.0.1", *ON_3_11), cpp("1.11.900", OK, OK, "libarrow_s3.so.2600")),
        # Debian
        Row("debian-cli", (debian, "awscli"), python(debian_cli, OK, OLD, True, "/usr/lib/python3/dist-packages", "cli-v2", "awscli")),
        Row("debian-botocore", (debian, "python3-botocore"), python(debian_botocore, OK, OLD, False, "/usr/lib/python3/dist-packages", egg=True)),
        Row("debian-ruby", (debian, "ruby-aws-sdk-core"), found("ruby", debian_ruby, RUBY, "gemspec", OK, OLD, True, "current")),
        # JavaScript: v2 from 2.525.0 and 2.1550.0; v3 from 3.27.0 and 3.458.0.
        Row("npm-v2-2.400", (npm, "aws-sdk@2.400.0"), js_v2("2.400.0", OLD, OLD, regional=None)),
        Row("npm-v2-2.520", (npm, "aws-sdk@2.520.0"), js_v2("2.520.0", OK, OLD)),
        Row("npm-v2-2.1500", (npm, "aws-sdk@2.1500.0"), js_v2("2.1500.0", OK, OLD)),
        Row("npm-nested", (nested, "aws-sdk@2.1693.0", "aws-sdk@2.520.0"), js_v2("2.1693.0", OK, OK), js_v2("2.520.0", OK, OLD, NESTED)),
        Row("npm-v3-3.25", (npm, "@aws-sdk/client-sqs@3.25.0"), js_v3("3.25.0", OK, OLD)),
        Row("npm-v3-3.100", (npm, "@aws-sdk/client-sts@3.100.0"), js_v3("3.100.0", OK, OLD, "/app/node_modules/@aws-sdk/client-sso/package.json")),
        Row("npm-v3-3.1177", (npm, "@aws-sdk/client-sts@3.1177.0"), js_v3("3.1177.0", OK, OK, "/app/node_modules/@aws-sdk/client-sts/package.json")),
        Row("pnpm", (pnpm, "@aws-sdk/client-sqs@3.100.0", "aws-sdk@2.1693.0"),
            js_v3("3.100.0", OK, OLD, "/app/node_modules/.pnpm/@aws-sdk+client-sqs@3.100.0*/node_modules/@aws-sdk/client-sqs/package.json"),
            js_v2("2.1693.0", OK, OK, "/app/node_modules/.pnpm/aws-sdk@2.1693.0/node_modules/aws-sdk/package.json")),
        Row("yarn", (yarn, "@aws-sdk/client-sqs@3.458.0"), js_v3("3.458.0", OK, OK)),
        Row("yarn-pnp", (yarn_pnp, "aws-sdk@2.1500.0"), js_v2("2.1500.0", OK, OLD, "/app/.yarn/cache/aws-sdk-npm-2.1500.0-*.zip")),
        Row("esbuild", (bundle, "@aws-sdk/client-sqs@3.25.0"), js_v3("3.25.0", UNKNOWN, UNKNOWN, "/app/main.js", None)),
        # Go: v1 from 1.23.13 and 1.47.11; v2 (config) from 1.8.0 and 1.25.0 (the measured versions are 1.18.45 and 1.33.18).
        Row("go-v1-1.23", (go, "go_v1", "github.com/aws/aws-sdk-go@v1.23.12"), go_v1("1.23.12", OK, OLD)),
        Row("go-v1-1.55-stripped", (go, "go_v1", "github.com/aws/aws-sdk-go@v1.55.8", STRIPPED), go_v1("1.55.8", OK, OK)),
        Row("go-v2-1.18", (go, "go_v2", "github.com/aws/aws-sdk-go-v2/config@v1.18.45"), go_v2("1.18.45", OK, OLD, "1.21.2")),
        Row("go-v2-1.33-stripped", (go, "go_v2", "github.com/aws/aws-sdk-go-v2/config@v1.33.18", STRIPPED), go_v2("1.33.18", OK, OK, "1.48.0")),
        # Java: v1 from 1.11.704 and 1.12.746; v2 from 2.10.11 and 2.21.30. Both need a module of their own.
        Row("lib-v2-2.10", (maven, "lib", v2("2.10.8", "sts")), java_v2("2.10.8", OLD, OLD, regional=None)),
        Row("lib-v2-2.20", (maven, "lib", v2("2.20.0", "sqs", "sts")), java_v2("2.20.0", OK, OLD)),
        Row("lib-v2-2.20-no-sts", (maven, "lib", v2("2.20.0", "sqs")), java_v2("2.20.0", MISSING, OLD)),
        Row("lib-v2-2.57", (maven, "lib", v2("2.57.8", "sqs", "sts")), java_v2("2.57.8", OK, OK)),
        Row("lib-v1-1.11", (maven, "lib", [f"{V1}:aws-java-sdk-sts:1.11.700"]), java_v1("1.11.700", OK, OLD)),
        Row("lib-v1-1.12-no-sts", (maven, "lib", [f"{V1}:aws-java-sdk-core:1.12.797"]), java_v1("1.12.797", MISSING, OK)),
        Row("lib-kotlin", (maven, "lib", ["aws.sdk.kotlin:aws-config-jvm:1.8.12"]),
            found("kotlin", "1.8.12", "/app/lib/aws-config-jvm-1.8.12.jar", "pom", OK, OK, True, "current")),
        Row("boot", (maven, "boot", v2("2.20.0", "sqs", "sts")), java_v2("2.20.0", OK, OLD, "/app/app.jar!/BOOT-INF/lib/sdk-core-2.20.0.jar")),
        Row("boot-no-sts", (maven, "boot", v2("2.57.8", "sqs")), java_v2("2.57.8", MISSING, OK, "/app/app.jar!/BOOT-INF/lib/sdk-core-2.57.8.jar")),
        Row("war-no-sts", (maven, "war", v2("2.20.0", "sqs")), java_v2("2.20.0", MISSING, OLD, "/app/app.war!/WEB-INF/lib/sdk-core-2.20.0.jar")),
        Row("shade", (maven, "shade", v2("2.20.0", "sqs", "sts")), java_v2("2.20.0", OK, OLD, "/app/app.jar")),
        Row("shade-relocated", (maven, "relocate", v2("2.20.0", "sqs", "sts")), java_v2("2.20.0", OK, OLD, "/app/app.jar")),
        Row("shade-relocated-no-sts", (maven, "relocate", v2("2.57.8", "sqs")), java_v2("2.57.8", MISSING, OK, "/app/app.jar")),
        # None, though some name one.
        Row("none-python", (target, "six==1.17.0")),
        Row("none-npm", (npm, "left-pad@1.3.0")),
        Row("none-go", (hello,)),
        Row("none-java", (maven, "boot", ["org.slf4j:slf4j-nop:1.7.36"])),
    ]
