#!/usr/bin/env python3
"""What a scan for SDKs costs: entries, CPU, time and memory over a tree of the size that is its bound. Prints figures, judges nothing.

    tests/e2e/scan.py BINARY [ENTRIES] [worst]        with "worst" also over trees that no image has, which take the most memory

The tree lies in a temporary folder: Python's and Ruby's packages, node_modules, jars, .NET applications, and executables and libraries
that are links to this machine's own, so that they take no room. Each tree is scanned once before it is measured: its cache is warm.
"""
import fcntl
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

RUNS = 5
LARGE = 1024  # bytes: smaller executables are not looked into


class Tree:
    """Files below a folder, counted with their folders until there are enough."""

    def __init__(self, root, most):
        self.root, self.most, self.count, self.folders = root, most, 0, {root}

    def room(self):
        return self.count < self.most

    def folder(self, path):
        if path not in self.folders:
            self.folder(path.parent)
            path.mkdir()
            self.folders.add(path)
            self.count += 1

    def add(self, path, content=b"", executable=False):
        path = self.root / path
        self.folder(path.parent)
        if self.room():
            path.write_bytes(content)
            path.chmod(0o755 if executable else 0o644)
            self.count += 1

    def link(self, path, target):
        """The same file under one more name: a hard link, or a copy on another file system."""
        path = self.root / path
        self.folder(path.parent)
        if self.room():
            try:
                os.link(target, path)
            except OSError:
                path.write_bytes(target.read_bytes())
                path.chmod(0o755)
            self.count += 1


def jar(path, classes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        for number in range(classes):
            archive.writestr(f"com/shop/part{number % 20}/Class{number}.class", b"\xca\xfe\xba\xbe" + bytes(200))


def programs():
    """Executables and shared libraries of this machine, the real ones of each name once."""
    found = {}
    for folder in ["/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]:
        for path in sorted(Path(folder).glob("*")):
            if path.is_file() and not path.is_symlink() and path.stat().st_size >= LARGE and (os.access(path, os.X_OK) or ".so" in path.name):
                found.setdefault(path.stat().st_ino, path)
    return list(found.values())


def image(tree, jars):
    """What an image with an application in each language holds, for a tenth of the tree; the rest is more of the same packages."""
    for path in programs():
        tree.link(Path("usr/lib/programs") / path.name, path)
    part = 0
    while tree.room():
        site = Path(f"opt/app{part}/lib/python3.11/site-packages")
        for package in range(60):
            tree.add(site / f"package{package}-1.{part}.dist-info/METADATA", b"Metadata-Version: 2.1\nName: x\nVersion: 1\n")
            for name in ["RECORD", "WHEEL", "top_level.txt"]:
                tree.add(site / f"package{package}-1.{part}.dist-info" / name)
            for number in range(15):
                tree.add(site / f"package{package}/module{number}.py")
                tree.add(site / f"package{package}/__pycache__/module{number}.cpython-311.pyc")
        for name in ["boto3", "botocore"]:
            tree.add(site / f"{name}-1.34.{part}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.34.{part}\n".encode())
        modules = Path(f"opt/app{part}/node_modules")
        for package in range(120):
            tree.add(modules / f"package{package}/package.json", b'{"name":"x","version":"1.0.0"}')
            for number in range(12):
                tree.add(modules / f"package{package}/dist/file{number}.js")
        for name in [f"client-{number}" for number in range(20)] + ["credential-provider-node", "middleware-sdk-s3"]:
            tree.add(modules / f"@aws-sdk/{name}/package.json", json.dumps({"name": f"@aws-sdk/{name}", "version": f"3.540.{part}"}).encode())
            for number in range(20):
                tree.add(modules / f"@aws-sdk/{name}/dist-cjs/commands{number}.js")
        for number in range(10):
            tree.add(f"opt/app{part}/dist/chunk{number}.js", b"function f(){return 1};" * 4000)
        for number in range(40):
            tree.link(f"opt/app{part}/lib/library{number}.jar", jars[number % len(jars)])
        tree.add(f"opt/app{part}/app.deps.json", json.dumps({"libraries": {"AWSSDK.Core/3.7.100": {}}}).encode())
        for number in range(300):
            tree.add(f"usr/share/doc/package{part}-{number}/copyright")
        part += 1


def measure(binary, root):
    """One scan: its document, seconds of CPU, those of its own code, and KiB of memory."""
    reading, writing = os.pipe()
    # The document does not fit into the pipe, so that the process is still there when it is looked at. What the kernel says of it after
    # its end counts this program's memory, too.
    fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen([binary, "sdks", "--scan", root, "--output", "json"], stdout=writing, env={})
    os.close(writing)
    with open(reading, "rb", buffering=0) as output:
        first = output.read(1)
        status = Path(f"/proc/{process.pid}/status").read_text()
        rest = b"".join(iter(lambda: output.read(65536), b""))
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    assert process.returncode == 0, process.returncode
    memory = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    return json.loads(first + rest), usage.ru_utime + usage.ru_stime, usage.ru_utime, memory


def report(binary, name, root):
    measure(binary, root)
    runs = [measure(binary, root) for _ in range(RUNS)]
    document = runs[0][0]
    scan = document["scan"]
    cpu = [run[1] * 1000 for run in runs]
    user = statistics.median(run[2] * 1000 for run in runs)
    print(
        f"{name:<34} {scan['entries']:>8} {len(document['found']):>6} {scan['bytes'] / 2**20:>9.1f} {min(cpu):>6.0f} / {statistics.median(cpu):>4.0f} "
        f"{user:>8.0f} {statistics.median(run[0]['scan']['ms'] for run in runs):>8.0f} {max(run[3] for run in runs) / 1024:>8.1f}"
        f"  {scan.get('because', 'complete')}"
    )


def main():
    binary, most = os.path.realpath(sys.argv[1]), next((int(word) for word in sys.argv[2:] if word.isdigit()), 200_000)
    print(f"{'tree':<34} {'entries':>8} {'found':>6} {'read MiB':>9} {'CPU ms min/med':>13} {'user ms':>8} {'wall ms':>8} {'RSS MiB':>8}")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as work:
        work = Path(work)
        jars = []
        for number in range(20):
            jars.append(work / f"library{number}.jar")
            jar(jars[-1], 50 + 60 * number)
        root = work / "image"
        root.mkdir()
        image(Tree(root, most), jars)
        report(binary, "like an image", root)
        if "worst" not in sys.argv:
            return
        # Every entry costs the most memory: folders of one folder are remembered, and so are packages.
        root = work / "folders"
        root.mkdir()
        tree = Tree(root, most)
        while tree.room():
            tree.folder(root / f"a-folder-with-a-long-name-{tree.count}")
        report(binary, "one folder full of folders", root)
        root = work / "sdks"
        root.mkdir()
        tree = Tree(root, most)
        while tree.room():
            version = f"1.34.{tree.count}"
            content = f"Metadata-Version: 2.1\nName: botocore\nVersion: {version}\n".encode()
            tree.add(f"site-packages/botocore-{version}.dist-info/METADATA", content)
        report(binary, "one copy of botocore in each folder", root)


if __name__ == "__main__":
    main()
