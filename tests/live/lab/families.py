"""The programs: which versions of which family, where they are installed, how each is asked, and which text says that its chain ran through."""

import dataclasses
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
TOOLS = HERE.parents[2] / "target" / "tools" / "live"
PYTHON_BUNDLE = "lib/**/botocore/**/cacert.pem"
LIST = ["s3api", "list-buckets"]
NODE_ENV = {"NODE_EXTRA_CA_CERTS": str(TOOLS / "certificates" / "ca.pem")}
TRUST = {"path": TOOLS / "ca.p12", "password": "changeit"}
# Short runs: no second compiler, no threads for garbage, no file that other rooms share.
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Duser.home=/home/app"]
JAVA += [f"-Djavax.net.ssl.trustStore={TRUST['path']}", f"-Djavax.net.ssl.trustStorePassword={TRUST['password']}"]


@dataclasses.dataclass
class Family:
    """`name` is the column of the documents, `title` the column in the document of versions."""

    name: str
    title: str
    folder: str
    # How it is installed: the client's name, then what it is given (see install.py).
    recipe: tuple
    # What is started. `FOLDER` is the folder of the installation.
    command: list
    # The text of a chain that ran through without credentials; None if there is none.
    none: str | None
    # The lists of trusted CAs that it brings along.
    bundles: str = ""
    # What the program needs and no SDK reads.
    env: dict = dataclasses.field(default_factory=dict)
    # It tells its key id only by the signature of a request.
    signed: bool = False

    @property
    def path(self):
        return TOOLS / self.folder

    def started(self):
        found = []
        for part in self.command:
            # A star in an argument stands for all folders that match, each an argument: Ruby takes them so.
            text = str(part).replace("FOLDER", str(self.path)).replace("CLASSPATH", classpath(self.path))
            if text.startswith("-I") and "*" in text:
                found += [f"-I{path}" for path in sorted(self.path.glob(text.split(str(self.path) + "/", 1)[1]))]
            else:
                found.append(text)
        return found

    def trusted(self):
        return [str(path) for path in sorted(self.path.glob(self.bundles))] if self.bundles else []


def botocore(version):
    command = ["FOLDER/bin/python", PROGRAMS / "ask_botocore.py"]
    title, packages = f"botocore {version}", [f"botocore=={version}"]
    if version.startswith("1.12."):
        packages.insert(0, "OLD")
    return Family("botocore", title, f"botocore-{version}", ("pip", *packages), command, r"^none$", PYTHON_BUNDLE)


def cli_1(version, botocore=""):
    title = f"CLI {version}" + (f" (botocore {botocore})" if botocore else "")
    command = ["FOLDER/bin/python", "-m", "awscli", *LIST]
    packages = [f"awscli=={version}"]
    if version == "1.29.0":
        # It wants a PyYAML that no longer builds. A newer one does for it.
        others = "s3transfer==0.6.2 docutils==0.16 colorama==0.4.4 rsa==4.7.2 pyasn1 PyYAML jmespath urllib3<2 python-dateutil six"
        packages = ["--no-deps", *packages, f"botocore=={botocore}", *others.split()]
    elif botocore:
        packages = ["OLD", *packages, f"botocore=={botocore}"]
    return Family("CLI 1", title, f"cli-{version}", ("pip", *packages), command, "Unable to locate credentials", PYTHON_BUNDLE, signed=True)


def cli_2(version, asset):
    """AWS publishes CLI 2 in no registry. The CDK's package for Lambda layers holds a build of it."""
    bundle = "awscli/v2/*/dist/awscli/botocore/cacert.pem"
    command = [f"FOLDER/awscli/v2/{version}/dist/aws", *LIST]
    return Family("CLI 2", f"CLI {version}", f"cli-{version}", ("layer", asset), command, "Unable to locate credentials", bundle, signed=True)


def go_2(version):
    module = f"github.com/aws/aws-sdk-go-v2/config@v{version}"
    return Family("Go 2", f"Go v2 config {version}", f"go-v2-{version}", ("go", "go_v2", module), ["FOLDER/main"], None)


def go_1(version):
    module = f"github.com/aws/aws-sdk-go@v{version}"
    return Family("Go 1", f"Go v1 {version}", f"go-v1-{version}", ("go", "go_v1", module), ["FOLDER/main"], "NoCredentialProviders")


def js(name, title, folder, package, program):
    command = ["node", PROGRAMS / program]
    env = NODE_ENV | {"NODE_PATH": str(TOOLS / folder / "node_modules")}
    return Family(name, title, folder, ("npm", package), command, "Could not load credentials from any providers", env=env)


def js_3(version, title="JS v3"):
    return js("JS 3", f"{title} {version}", f"js-v3-{version}", f"@aws-sdk/client-sts@{version}", "ask_js_v3.js")


def js_2(version):
    return js("JS 2", f"JS v2 {version}", f"js-v2-{version}", f"aws-sdk@{version}", "ask_js_v2.js")


def java(name, title, folder, artifact, program, none):
    command = [*JAVA, "-XX:SharedArchiveFile=FOLDER/classes.jsa", "-cp", "CLASSPATH", program]
    return Family(name, title, folder, ("maven", program, artifact), command, none)


def classpath(folder):
    """One order of all jars: an archive of classes holds for that only."""
    return ":".join(str(path) for path in [*sorted((folder / "jars").glob("*.jar")), folder / "program.jar"])


def java_2(version):
    none = "Unable to load credentials from any of the providers in the chain"
    return java("Java 2", f"Java v2 {version} + sts", f"java-v2-{version}", f"software.amazon.awssdk:sts:{version}", "JavaV2", none)


def java_1(version):
    none = "Unable to load AWS credentials from any provider in the chain"
    return java("Java 1", f"Java v1 {version} + sts", f"java-v1-{version}", f"com.amazonaws:aws-java-sdk-sts:{version}", "JavaV1", none)


def kotlin(version):
    none = "could be (loaded|resolved) from the chain"
    return java("Kotlin", f"Kotlin aws-config {version}", f"kotlin-{version}", f"aws.sdk.kotlin:aws-config-jvm:{version}", "KotlinChain", none)


def rust(version):
    title, program = f"Rust aws-config {version}", "FOLDER/target/release/live"
    return Family("Rust", title, f"rust-{version}", ("cargo", version), [program], "^CredentialsNotLoaded")


def ruby(version, release):
    """Debian's packages: of the machine's own release, or of another one, laid into a folder."""
    folders = ["-IFOLDER/all/gems/*/lib", "-IFOLDER/ruby/vendor_ruby"] if release else []
    title, command = f"Ruby aws-sdk-core {version}", ["ruby", *folders, PROGRAMS / "ask_ruby.rb"]
    return Family("Ruby", title, f"ruby-{version}", ("debian", release), command, r"^none$")


def cpp(version, arrow):
    title = f"C++ {version} (in pyarrow {arrow})"
    # Older ones cannot be imported without NumPy.
    packages = ["--no-deps", f"pyarrow=={arrow}"] + (["numpy<2"] if arrow.startswith("12.") else [])
    command = ["FOLDER/bin/python", PROGRAMS / "ask_arrow.py"]
    return Family("C++", title, f"cpp-{version}", ("pip", *packages), command, None, signed=True)


CURRENT = [
    botocore("1.44.8"),
    cli_1("1.46.3"),
    cli_2("2.36.12", "2.0.186"),
    go_2("1.33.18"),
    go_1("1.55.8"),
    js_3("3.1177.0", "JS v3 client-sts"),
    js_2("2.1693.0"),
    java_2("2.57.8"),
    java_1("1.12.797"),
    kotlin("1.8.12"),
    rust("1.13.0"),
    ruby("3.212.0", "trixie"),
    cpp("1.11.900", "26.0.1"),
]
# The version of Debian's own release stands beside those that are measured elsewhere.
OLDER = [
    botocore("1.39.17"),
    botocore("1.30.0"),
    botocore("1.12.199"),
    cli_1("1.29.0", "1.31.0"),
    cli_1("1.16.231", "1.12.221"),
    go_2("1.18.45"),
    go_1("1.44.0"),
    go_1("1.23.12"),
    js_3("3.100.0"),
    js_3("3.25.0"),
    js_2("2.1500.0"),
    js_2("2.520.0"),
    java_2("2.20.0"),
    java_2("2.10.8"),
    java_1("1.12.700"),
    java_1("1.11.700"),
    ruby("3.168.1", ""),
    cpp("1.10.55", "12.0.1"),
]
BY_NAME = {family.name: family for family in CURRENT}
BY_TITLE = {family.title: family for family in CURRENT + OLDER}
