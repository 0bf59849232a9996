"""Installs packages as their ordinary clients leave them. Each function lays into the folder of one image."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import venv
import zipapp

ROOT = pathlib.Path(__file__).resolve().parents[3]
AGAIN = ROOT / ".ci/again"
GO_PROGRAMS = ROOT / "tests/live/lab/programs"
NPM = ("--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
BOOT, SHADE, WAR = "3.2.5", "3.5.2", "3.4.0"


def run(*command, cwd=None, **env):
    command = [str(part) for part in command]
    done = subprocess.run(command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def fetch(*command, **rest):
    return run(AGAIN, *command, **rest)


def folder(path):
    path.mkdir(parents=True, exist_ok=True)
    return path


# --- Python

def tools(work):
    """A pip that installs for the others."""
    venv.create(work / "pip", with_pip=True, symlinks=True)


def pip(where, *arguments):
    fetch(where.work / "pip/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)


def in_venv(where, *packages):
    """A virtual environment, with all that the packages depend on."""
    venv.create(where.image / "app/venv", with_pip=False, symlinks=True)
    pip(where, "--python", where.image / "app/venv/bin/python", "install", "--no-compile", *packages)


def target(where, *packages):
    pip(where, "install", "--no-compile", "--no-deps", "--target", where.image / "app/packages", *packages)


def user(where, *packages):
    """As `pip install --user` in a Dockerfile. In a virtual environment pip does not: so by a prefix, which makes the same folders."""
    pip(where, "install", "--no-compile", "--no-deps", "--prefix", where.image / "root/.local", *packages)


def zipped(where, *packages):
    pip(where, "install", "--no-compile", "--no-deps", "--target", where.scratch / "packages", *packages)
    zipapp.create_archive(where.scratch / "packages", folder(where.image / "app") / "app.pyz", main="botocore:session", compressed=True)


def debian(where, *packages):
    """Packages of this machine's release, unpacked as its package manager does."""
    fetch("apt-get", "-qq", "download", *packages, cwd=folder(where.scratch))
    for package in where.scratch.glob("*.deb"):
        run("dpkg", "-x", package, where.image)


def debian_version(package):
    """The version of the newest one that this machine's sources have, without Debian's own parts: `1.29.27` of `1.29.27+repack-1`."""
    said = run("apt-cache", "show", "--no-all-versions", package)
    (version,) = [line.split()[1] for line in said.split("\n") if line.startswith("Version:")]
    return version.split(":")[-1].rsplit("-", 1)[0].split("+")[0]


# --- JavaScript

def npm(where, *packages):
    app = folder(where.image / "app")
    (app / "package.json").write_text('{"private": true}\n')
    fetch("npm", "install", *NPM, *packages, cwd=app)


def nested(where, outer, inner):
    """Two versions of one package: npm hoists the application's own, and lays the other one below the package that wants it."""
    part = folder(where.scratch / "part")
    name, version = inner.rsplit("@", 1)
    (part / "package.json").write_text(f'{{"name": "part", "version": "1.0.0", "dependencies": {{"{name}": "{version}"}}}}\n')
    app = folder(where.image / "app")
    (app / "package.json").write_text('{"private": true}\n')
    fetch("npm", "install", *NPM, outer, cwd=app)
    fetch("npm", "install", *NPM, "--install-links", part, cwd=app)


def pnpm(where, *packages):
    app = folder(where.image / "app")
    (app / "package.json").write_text('{"private": true}\n')
    fetch("npx", "--yes", "pnpm@9.15.9", "--silent", "--store-dir", where.scratch / "store", "add", "--ignore-scripts", *packages, cwd=app)


def yarn(where, *packages):
    app = folder(where.image / "app")
    (app / "package.json").write_text('{"private": true}\n')
    command = ("npx", "--yes", "yarn@1.22.22", "--silent", "--no-lockfile", "--cache-folder", where.scratch / "cache", "add", "--ignore-scripts")
    fetch(*command, *packages, cwd=app)


def yarn_pnp(where, *packages):
    """Zip files, and no node_modules."""
    app = folder(where.image / "app")
    (app / "package.json").write_text('{"private": true}\n')
    (app / "yarn.lock").write_text("")
    (app / ".yarnrc.yml").write_text("enableGlobalCache: false\nenableTelemetry: false\nenableScripts: false\n")
    fetch("npx", "--yes", "--package", "@yarnpkg/cli-dist@4.5.3", "yarn", "add", *packages, cwd=app)


def bundle(where, *packages):
    """One file, as esbuild makes it."""
    npm(type(where)(where.work, where.scratch, where.scratch), *packages)
    app = where.scratch / "app"
    (app / "main.js").write_text("".join(f'console.log(require("{package.rsplit("@", 1)[0]}"))\n' for package in packages))
    fetch("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "esbuild@0.25.0", cwd=app)
    run(app / "node_modules/.bin/esbuild", "main.js", "--bundle", "--platform=node", "--log-level=error", f"--outfile={where.image}/app/main.js", cwd=app)


# --- Go

def go(where, program, *modules, flags=()):
    shutil.copy(GO_PROGRAMS / program / "main.go", folder(where.scratch))
    run("go", "mod", "init", "example.com/app", cwd=where.scratch)
    fetch("go", "get", *modules, cwd=where.scratch)
    fetch("go", "mod", "tidy", cwd=where.scratch)
    run("go", "build", *flags, "-o", folder(where.image / "app") / "server", ".", cwd=where.scratch, CGO_ENABLED="0")


def hello(where):
    """A program of Go without an SDK."""
    (folder(where.scratch) / "main.go").write_text('package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":0", nil) }\n')
    run("go", "mod", "init", "example.com/hello", cwd=where.scratch)
    run("go", "build", "-o", folder(where.image / "app") / "server", ".", cwd=where.scratch, CGO_ENABLED="0")


# --- Java

MAIN = 'package app;\n\npublic class Main {\n    public static void main(String[] words) throws Exception {\n        System.out.println("started");\n    }\n}\n'
HEAD = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
SETTINGS = "".join(f"<{name}>{value}</{name}>" for name, value in
                   (("maven.compiler.source", "11"), ("maven.compiler.target", "11"), ("project.build.sourceEncoding", "UTF-8")))


def plugin(group, name, version, goal, configuration="", phase="package"):
    which = f"<groupId>{group}</groupId><artifactId>{name}</artifactId>" + (f"<version>{version}</version>" if version else "")
    steps = f"<executions><execution><phase>{phase}</phase><goals><goal>{goal}</goal></goals></execution></executions>"
    return f"<plugin>{which}{steps if goal else ''}<configuration>{configuration}</configuration></plugin>"


MAVEN = "org.apache.maven.plugins"
SHADED = "<relocations><relocation><pattern>software.amazon.awssdk</pattern><shadedPattern>app.shaded.awssdk</shadedPattern></relocation></relocations>"
# Of each kind: how the module is packaged, what builds it, and what of it goes into the image.
KINDS = {
    "lib": ("pom", plugin(MAVEN, "maven-dependency-plugin", "3.6.1", "copy-dependencies",
                          "<includeScope>runtime</includeScope><outputDirectory>${project.build.directory}/lib</outputDirectory>"), "lib"),
    "boot": ("jar", plugin("org.springframework.boot", "spring-boot-maven-plugin", BOOT, "repackage", "<mainClass>app.Main</mainClass>"), "app.jar"),
    "shade": ("jar", plugin(MAVEN, "maven-shade-plugin", SHADE, "shade", "<createDependencyReducedPom>false</createDependencyReducedPom>"), "app.jar"),
    "relocate": ("jar", plugin(MAVEN, "maven-shade-plugin", SHADE, "shade",
                               f"<createDependencyReducedPom>false</createDependencyReducedPom>{SHADED}"), "app.jar"),
    "war": ("war", plugin(MAVEN, "maven-war-plugin", WAR, "", "<failOnMissingWebXml>false</failOnMissingWebXml>"), "app.war"),
}


def maven(work, rows):
    """One build for all of them: a start of Maven costs seconds. `rows` are name, folder of the image, kind and artifacts."""
    base = folder(work / "maven")
    for name, image, kind, artifacts in rows:
        packaging, build, _ = KINDS[kind]
        wanted = "".join("<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(*each.split(":"))
                         for each in artifacts)
        (folder(base / name / "src/main/java/app") / "Main.java").write_text(MAIN)
        parent = "<parent><groupId>app</groupId><artifactId>all</artifactId><version>1</version></parent>"
        (base / name / "pom.xml").write_text(
            f"{HEAD}{parent}<artifactId>{name}</artifactId><packaging>{packaging}</packaging><dependencies>{wanted}</dependencies>"
            f"<build><finalName>app</finalName><plugins>{build}</plugins></build></project>\n")
    modules = "".join(f"<module>{name}</module>" for name, *_ in rows)
    (base / "pom.xml").write_text(f"{HEAD}<groupId>app</groupId><artifactId>all</artifactId><version>1</version><packaging>pom</packaging>"
                                  f"<properties>{SETTINGS}</properties><modules>{modules}</modules></project>\n")
    fetch("mvn", "-q", "-B", "-U", "-DskipTests", "package", cwd=base)
    for name, image, kind, _ in rows:
        made = base / name / "target" / KINDS[kind][2]
        shutil.copytree(made, image / "app/lib") if made.is_dir() else shutil.copy(made, folder(image / "app"))


class Where:
    """The folders of one installation."""

    def __init__(self, work, image, scratch):
        self.work, self.image, self.scratch = work, image, scratch


def install(work, rows):
    """Installs all rows; the errors by the rows' names."""
    tools(work)
    failed = {}
    java = [(row.name, folder(work / "images" / row.name), *row.recipe[1:]) for row in rows if row.recipe[0] is maven]

    def one(row):
        client, *arguments = row.recipe
        options = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
        where = Where(work, folder(work / "images" / row.name), folder(work / "scratch" / row.name))
        client(where, *arguments, **options)
        shutil.rmtree(where.scratch, ignore_errors=True)

    # Most of the time is the network's and one thread's.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        tasks = {pool.submit(maven, work, java): [name for name, *_ in java]}
        tasks |= {pool.submit(one, row): [row.name] for row in rows if row.recipe[0] is not maven}
        for task, names in tasks.items():
            try:
                task.result()
            except Exception as error:
                failed |= dict.fromkeys(names[1:], f"not installed, as {names[0]}") | {names[0]: f"not installed: {error}"}
    return failed
